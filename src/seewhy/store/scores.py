"""Reading scores: their means over samples, and the explanations scored lowest and highest."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.store.bootstrap import Array, Mean, mean_intervals
from seewhy.store.score_records import ScoredSample, ScoreSummary

# Scores of labels, and scores of samples whatever the label, in one form.
_VALUES = (
    "SELECT sample_id, label_id, value FROM score WHERE metric_id = ?1 AND explainer_id = ?2 "
    "UNION ALL SELECT sample_id, -1, value FROM sample_score "
    "WHERE metric_id = ?1 AND explainer_id = ?2"
)
_ROW = np.dtype([("sample", np.int64), ("label", np.int64), ("value", np.float64)])
_OF = (
    "(?1 IS NULL OR metric_id = (SELECT id FROM metric WHERE name = ?1)) AND "
    "(?2 IS NULL OR explainer_id = (SELECT id FROM explainer WHERE name = ?2))"
)
_BY_LABEL = (
    "SELECT explainer.name, metric.name, label_id, {what} FROM score "
    "JOIN explainer ON explainer.id = explainer_id JOIN metric ON metric.id = metric_id "
    f"WHERE {_OF} AND {{where}} {{rest}}"
)
# The few are found first, and only then what belongs to them.
_EXTREMES = (
    "WITH few AS (SELECT sample_id, label_id, value FROM score "
    "WHERE metric_id = ?1 AND explainer_id = ?2 AND {where} "
    "ORDER BY value {direction}, sample_id, label_id LIMIT ?3) "
    "SELECT sample_id, sample.name, label_id, value, prob, kind FROM few "
    "JOIN sample ON sample.id = sample_id LEFT JOIN inference USING (sample_id, label_id) "
    "ORDER BY value {direction}, sample_id, label_id"
)
_SAMPLE_EXTREMES = (
    "WITH few AS (SELECT sample_id, value, (SELECT label_id FROM inference "
    "WHERE inference.sample_id = sample_score.sample_id ORDER BY prob DESC, label_id LIMIT 1) "
    "AS label_id FROM sample_score WHERE metric_id = ?1 AND explainer_id = ?2 "
    "ORDER BY value {direction}, sample_id LIMIT ?3) "
    "SELECT sample_id, sample.name, label_id, value, prob, kind FROM few "
    "JOIN sample ON sample.id = sample_id LEFT JOIN inference USING (sample_id, label_id) "
    "ORDER BY value {direction}, sample_id"
)


class Values(NamedTuple):
    """Scores of an explainer under a metric; label -1: of the sample, whatever the label."""

    samples: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    values: Array

    def by_sample(self) -> tuple[Array, Array]:
        """Sum and number of the scores of each sample."""
        _, place = np.unique(self.samples, return_inverse=True)
        sums = np.bincount(place, self.values).astype(np.float64)
        return sums, np.bincount(place).astype(np.float64)

    def minus(self, other: Values) -> Values:
        """Differences where both have a score."""
        keys: list[Any] = []
        for one in (self, other):
            keys.append(np.empty(len(one.samples), [("sample", np.int64), ("label", np.int64)]))
            keys[-1]["sample"], keys[-1]["label"] = one.samples, one.labels
        _, ours, theirs = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
        values = self.values[ours] - other.values[theirs]
        return Values(self.samples[ours], self.labels[ours], values)


def read_values(connection: sqlite3.Connection, metric: int, explainer: int) -> Values:
    """Read all scores of an explainer under a metric, both by id."""
    rows = np.fromiter(connection.execute(_VALUES, (metric, explainer)), _ROW)
    return Values(rows["sample"], rows["label"], rows["value"])


def ids(connection: sqlite3.Connection, table: str) -> dict[str, int]:
    """Ids by name of the table "metric" or "explainer", in order."""
    return dict(connection.execute(f"SELECT name, id FROM {table} ORDER BY id").fetchall())


def overall(connection: sqlite3.Connection) -> list[ScoreSummary]:
    """Mean score of each explainer under each metric, over all samples and labels."""
    names, groups = [], []
    for metric, metric_id in ids(connection, "metric").items():
        for explainer, explainer_id in ids(connection, "explainer").items():
            values = read_values(connection, metric_id, explainer_id)
            if len(values.values):
                names.append((explainer, metric, None))
                groups.append(values.by_sample())
    return [_summary(*of) for of in zip(names, groups, mean_intervals(groups), strict=True)]


def by_label(
    connection: sqlite3.Connection,
    metric: str | None = None,
    explainer: str | None = None,
    labels: Sequence[int] | None = None,
) -> list[ScoreSummary]:
    """Mean scores of single labels with intervals; None: of all metrics, explainers, labels."""
    where = "1" if labels is None else f"label_id IN ({','.join(map(str, map(int, labels)))})"
    order = "ORDER BY metric_id, explainer_id, label_id, sample_id"
    sql = _BY_LABEL.format(what="value", where=where, rest=order)
    grouped: dict[tuple[str, str, int], list[float]] = {}
    for *of, value in connection.execute(sql, (metric, explainer)):
        grouped.setdefault((of[0], of[1], of[2]), []).append(value)
    groups = [(np.array(values), np.ones(len(values))) for values in grouped.values()]
    return [_summary(*of) for of in zip(grouped, groups, mean_intervals(groups), strict=True)]


def label_means(
    connection: sqlite3.Connection, metric: str | None, explainer: str | None
) -> list[ScoreSummary]:
    """Mean scores of single labels without intervals, which takes a fraction of the time."""
    sql = _BY_LABEL.format(
        what="avg(value), count(*)", where="1", rest="GROUP BY metric_id, explainer_id, label_id"
    )
    rows = connection.execute(sql, (metric, explainer))
    return [ScoreSummary(e, m, label, mean, n, np.nan, np.nan) for e, m, label, mean, n in rows]


def extremes(
    connection: sqlite3.Connection,
    metric: str,
    explainer: str,
    label: int | None,
    highest: bool,
    limit: int,
) -> tuple[ScoredSample, ...]:
    """Explanations with the lowest or highest scores."""
    of = (ids(connection, "metric").get(metric), ids(connection, "explainer").get(explainer))
    form = {"direction": "DESC" if highest else "ASC"}
    where = "1" if label is None else f"label_id = {int(label)}"
    sql = _EXTREMES.format(where=where, **form)
    rows = connection.execute(sql, (*of, limit)).fetchall()
    if not rows and label is None:
        rows = connection.execute(_SAMPLE_EXTREMES.format(**form), (*of, limit)).fetchall()
    return tuple(ScoredSample(*row) for row in rows)


def _summary(
    names: tuple[str, str, int | None], group: tuple[Array, Array], mean: Mean
) -> ScoreSummary:
    return ScoreSummary(*names, mean.mean, int(group[1].sum()), mean.low, mean.high)
