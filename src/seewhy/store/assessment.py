"""What the scores of a job say: means with intervals, and comparisons with the baselines."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from seewhy.store.bootstrap import Mean, mean_interval
from seewhy.store.records import MetricInfo, ScoreSummary

# Scores of labels and scores of samples whatever the label, in one form.
_ALL = (
    "SELECT metric_id, explainer_id, label_id, sample_id, value FROM score UNION ALL "
    "SELECT metric_id, explainer_id, NULL, sample_id, value FROM sample_score"
)
_OVERALL = (
    "SELECT explainer.name, metric.name, NULL, sum(value), count(*) "
    f"FROM ({_ALL}) JOIN explainer ON explainer.id = explainer_id "
    "JOIN metric ON metric.id = metric_id GROUP BY metric_id, explainer_id, sample_id"
)
_BY_LABEL = (
    "SELECT explainer.name, metric.name, label_id, value, 1 "
    "FROM score JOIN explainer ON explainer.id = explainer_id "
    "JOIN metric ON metric.id = metric_id ORDER BY metric_id, explainer_id, label_id"
)
_DIFFERENCES = (
    f"WITH one AS ({_ALL}) SELECT sum(a.value - b.value), count(*) FROM one AS a JOIN one AS b "
    "ON b.metric_id = a.metric_id AND b.sample_id = a.sample_id AND b.label_id IS a.label_id "
    "WHERE a.metric_id = (SELECT id FROM metric WHERE name = ?) "
    "AND a.explainer_id = (SELECT id FROM explainer WHERE name = ?) "
    "AND b.explainer_id = (SELECT id FROM explainer WHERE name = ?) GROUP BY a.sample_id"
)


class Comparison(NamedTuple):
    """An explainer beside a baseline, on the same explanations.

    Attributes
    ----------
    baseline : str
        Name.
    difference : Mean
        Score of the explainer minus that of the baseline.
    verdict : {"better", "worse", "not distinguishable", "too few samples"}
        By whether the 95 % interval of the difference leaves out 0, and the metric's direction.
    """

    baseline: str
    difference: Mean
    verdict: str


class Standing(NamedTuple):
    """An explainer or baseline under a metric; `comparisons` is empty for a baseline."""

    explainer: str
    baseline: bool
    score: Mean
    comparisons: tuple[Comparison, ...]


class Ranking(NamedTuple):
    """All explainers and baselines under one metric, the best mean first."""

    metric: MetricInfo
    standings: tuple[Standing, ...]


def summaries(connection: sqlite3.Connection, by_label: bool) -> tuple[ScoreSummary, ...]:
    """Mean scores: of each explainer under each metric, for all labels and for each."""
    made = _summaries(connection.execute(_OVERALL))
    return (*made, *_summaries(connection.execute(_BY_LABEL))) if by_label else tuple(made)


def rankings(connection: sqlite3.Connection, metrics: Sequence[MetricInfo]) -> tuple[Ranking, ...]:
    """Rank explainers and baselines under each metric that has scores."""
    rows = connection.execute("SELECT name, baseline FROM explainer ORDER BY id").fetchall()
    baselines = {name: bool(baseline) for name, baseline in rows}
    means = _means(connection.execute(_OVERALL))
    made = []
    for metric in metrics:
        standings = [
            Standing(name, baselines[name], mean, _compare(connection, metric, name, baselines))
            for (name, measured, _), mean in means.items()
            if measured == metric.name
        ]
        sign = -1 if metric.higher_is_better else 1
        standings.sort(key=lambda standing: sign * standing.score.mean)
        if standings:
            made.append(Ranking(metric, tuple(standings)))
    return tuple(made)


def in_words(ranking: Ranking) -> list[str]:
    """Say of each explainer what it is worth beside the baselines, a sentence each."""
    said = []
    for standing in ranking.standings:
        if standing.baseline or not standing.comparisons:
            continue
        failed = [c for c in standing.comparisons if c.verdict != "better"]
        if not failed:
            names = " and ".join(c.baseline for c in standing.comparisons)
            said.append(f"{standing.explainer} is better than {names}.")
        said += [f"{standing.explainer} {_beside(comparison)}" for comparison in failed]
    return said


def _beside(comparison: Comparison) -> str:
    baseline, difference, verdict = comparison
    if verdict == "too few samples":
        return f"cannot be compared with {baseline}: there is only one sample."
    words = {"worse": "is worse than", "not distinguishable": "is not distinguishable from"}
    return (
        f"{words[verdict]} {baseline}: the difference is {difference.mean:+.3f}, its 95 % interval "
        f"{difference.low:+.3f} to {difference.high:+.3f}, over {difference.n} samples."
    )


def _compare(
    connection: sqlite3.Connection, metric: MetricInfo, explainer: str, baselines: dict[str, bool]
) -> tuple[Comparison, ...]:
    made = []
    for baseline in (name for name, is_one in baselines.items() if is_one):
        rows = connection.execute(_DIFFERENCES, (metric.name, explainer, baseline)).fetchall()
        if rows and not baselines[explainer]:
            difference = _mean(rows)
            made.append(Comparison(baseline, difference, _verdict(difference, metric)))
    return tuple(made)


def _verdict(difference: Mean, metric: MetricInfo) -> str:
    if np.isnan(difference.low):
        return "too few samples"
    if difference.low <= 0 <= difference.high:
        return "not distinguishable"
    return "better" if (difference.mean > 0) == metric.higher_is_better else "worse"


def _summaries(rows: Iterable[Any]) -> list[ScoreSummary]:
    grouped = _grouped(rows)
    return [
        ScoreSummary(
            *names, mean=made.mean, n=int(sum(n for _, n in pairs)), low=made.low, high=made.high
        )
        for names, pairs in grouped.items()
        for made in [_mean(pairs)]
    ]


def _means(rows: Iterable[Any]) -> dict[tuple[str, str, int | None], Mean]:
    return {names: _mean(pairs) for names, pairs in _grouped(rows).items()}


def _grouped(rows: Iterable[Any]) -> dict[tuple[str, str, int | None], list[tuple[float, int]]]:
    """Sums and counts of samples, by explainer, metric and label."""
    grouped: dict[tuple[str, str, int | None], list[tuple[float, int]]] = defaultdict(list)
    for explainer, metric, label, total, count in rows:
        grouped[explainer, metric, label].append((total, count))
    return grouped


def _mean(pairs: Sequence[tuple[float, int]]) -> Mean:
    sums, counts = np.array(pairs, np.float64).T
    return mean_interval(sums, counts)
