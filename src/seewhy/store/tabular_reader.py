"""Reading a tabular job, also while it is being written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from seewhy.store.reader import JobReader
from seewhy.store.records import Kind, SampleRecord, Score
from seewhy.store.sample_query import Sort
from seewhy.store.tabular_records import (
    Attribution,
    Attributions,
    Coefficients,
    FeatureInfo,
    Floats,
    Rule,
    TabularRow,
)
from seewhy.store.tabular_rows import read_categories


class TabularReader(JobReader):
    """Read-only view of the store of a tabular job; use it as a context manager.

    A row is a sample: `info`, `count`, `page`, `samples` and the like of `JobReader` work, with
    width and height 0 and without pictures.

    Raises
    ------
    FileNotFoundError, ValueError
        As `JobReader`; ValueError also if the job is not a tabular one.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        with self._query() as connection:
            row = connection.execute("SELECT 1 FROM feature LIMIT 1").fetchone()
        if row is None:
            self.close()
            raise ValueError(f"{self.path} holds no tabular job: read it with `read_job`")

    def __enter__(self) -> TabularReader:
        return self

    @cached_property
    def features(self) -> tuple[FeatureInfo, ...]:
        """The features, in the order of the columns."""
        with self._query() as connection:
            rows = connection.execute("SELECT name, categories FROM feature ORDER BY id")
            return tuple(FeatureInfo(name, read_categories(text)) for name, text in rows)

    @property
    def feature_names(self) -> list[str]:
        """Names of the features."""
        return [feature.name for feature in self.features]

    @property
    def is_regression(self) -> bool:
        """Whether the model has one output, which is a number."""
        return self.info().kind == "tabular regression"

    def row(self, row_id: int) -> TabularRow:
        """One row; KeyError if there is none."""
        return self._with_cells([self.sample(row_id)])[0]

    def rows(
        self,
        labels: Sequence[str | int] = (),
        kinds: Sequence[Kind] = (),
        sort: Sort = "id",
    ) -> Iterator[TabularRow]:
        """All rows that match, page by page; parameters as of `samples`."""
        chunk: list[SampleRecord] = []
        for sample in self.samples(labels, kinds, sort):
            chunk.append(sample)
            if len(chunk) == 200:
                yield from self._with_cells(chunk)
                chunk.clear()
        yield from self._with_cells(chunk)

    def attributions_of(self, row_id: int) -> tuple[Attribution, ...]:
        """All that is said of one row, by explainer, then by label; empty if there is nothing."""
        with self._query() as connection:
            found = connection.execute(
                "SELECT label_id, name, base, output, fit, weights FROM attribution "
                "JOIN explainer ON explainer.id = explainer_id WHERE sample_id = ? "
                "ORDER BY explainer_id, label_id",
                (row_id,),
            ).fetchall()
            rules: dict[tuple[int, str], list[Rule]] = defaultdict(list)
            for label, name, *rule in connection.execute(
                "SELECT label_id, name, feature_id, description, weight FROM rule "
                "JOIN explainer ON explainer.id = explainer_id WHERE sample_id = ? "
                "ORDER BY position",
                (row_id,),
            ):
                rules[label, name].append(Rule(*rule))
        return tuple(
            Attribution(
                row_id,
                label,
                name,
                base,
                output,
                self._dense(weights, rules[label, name]),
                tuple(rules[label, name]),
                fit,
            )
            for label, name, base, output, fit, weights in found
        )

    def attributions(self, explainer: str, label: str | int = 0) -> Attributions:
        """All that an explainer says of one output, by row id.

        Raises
        ------
        KeyError
            If it says nothing of it.
        ValueError
            If there is no such label.
        """
        index = self._label(label)
        chosen = (
            "JOIN explainer ON explainer.id = explainer_id "
            "WHERE explainer.name = ? AND label_id = ?"
        )
        with self._query() as connection:
            found = connection.execute(
                "SELECT sample_id, base, output, weights, features FROM attribution "
                f"JOIN tabular_row USING (sample_id) {chosen} ORDER BY sample_id",
                (explainer, index),
            ).fetchall()
            rules: dict[int, list[Rule]] = defaultdict(list)
            for row_id, *rule in connection.execute(
                f"SELECT sample_id, feature_id, description, weight FROM rule {chosen}",
                (explainer, index),
            ):
                rules[row_id].append(Rule(*rule))
        if not found:
            raise KeyError(f"no attribution by {explainer} for label {label!r} in {self.path}")
        return Attributions(
            row_ids=np.array([row[0] for row in found], dtype=np.int64),
            values=np.stack([self._dense(row[3], rules[row[0]]) for row in found]),
            base_values=np.array([row[1] for row in found]),
            outputs=np.array([row[2] for row in found]),
            rows=np.array([json.loads(row[4]) for row in found], dtype=np.float64),
        )

    def coefficients(self, explainer: str) -> Coefficients:
        """What an explainer says of the model as a whole; KeyError if it says nothing."""
        with self._query() as connection:
            found = connection.execute(
                "SELECT label_id, view_id, weights FROM coefficient "
                "JOIN explainer ON explainer.id = explainer_id WHERE name = ?",
                (explainer,),
            ).fetchall()
        if not found:
            raise KeyError(f"no coefficients by {explainer} in {self.path}")
        size, width = len(self.labels), len(self.features)
        made = Coefficients(np.zeros((size, width)), np.zeros((size, size, width)))
        for label, view, weights in found:
            if view is None:
                made.overall[label] = json.loads(weights)
            else:
                made.relative[label, view] = json.loads(weights)
        return made

    def scores_of(self, row_id: int) -> tuple[Score, ...]:
        """What metrics say of the attributions of one row, and of the baselines beside them.

        By metric, then by explainer and label. `scores` gives the means of all rows.
        """
        with self._query() as connection:
            rows = connection.execute(
                "SELECT sample_id, label_id, explainer.name, metric.name, value FROM score "
                "JOIN explainer ON explainer.id = explainer_id "
                "JOIN metric ON metric.id = metric_id WHERE sample_id = ? "
                "ORDER BY metric_id, explainer_id, label_id",
                (row_id,),
            )
            return tuple(Score(*row) for row in rows)

    def attribution_counts(self) -> dict[str, int]:
        """Count the attributions of each explainer that has any."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name, count(*) FROM attribution "
                "JOIN explainer ON explainer.id = explainer_id GROUP BY explainer_id"
            )
            return dict(rows.fetchall())

    def _dense(self, weights: str | None, rules: Sequence[Rule]) -> Floats:
        if weights is not None:
            return np.array(json.loads(weights), dtype=np.float64)
        made = np.zeros(len(self.features))
        for rule in rules:
            made[rule.feature] = rule.weight
        return made

    def _with_cells(self, samples: Sequence[SampleRecord]) -> list[TabularRow]:
        ids = [sample.id for sample in samples]
        with self._query() as connection:
            cells = {
                number: rest
                for number, *rest in connection.execute(
                    "SELECT sample_id, features, outputs, truth FROM tabular_row "
                    f"WHERE sample_id IN ({','.join('?' * len(ids))})",
                    ids,
                )
            }
        made = []
        for sample in samples:
            features, outputs, truth = cells[sample.id]
            if sample.ground_truth is not None:
                (truth,) = sample.ground_truth
            made.append(
                TabularRow(
                    sample.id,
                    sample.name,
                    sample.digest,
                    np.array(json.loads(features), dtype=np.float64),
                    np.array(json.loads(outputs), dtype=np.float64),
                    truth,
                    sample.inferences,
                )
            )
        return made


def read_tabular(path: str | Path) -> TabularReader:
    """Open a tabular job for reading: ``with read_tabular("runs/wine.seewhy.db") as job: ...``."""
    return TabularReader(path)
