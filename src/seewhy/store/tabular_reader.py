"""Reading a tabular job, also while it is being written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seewhy.store import attributions, tabular_queries
from seewhy.store.reader import JobReader
from seewhy.store.sample_query import Sort
from seewhy.store.sample_records import Kind, SampleRecord
from seewhy.store.samples import fetch_samples
from seewhy.store.score_records import Score
from seewhy.store.tabular_query import RowQuery, RowsFound, row_budget
from seewhy.store.tabular_records import (
    Attribution,
    Attributions,
    Coefficients,
    FeatureInfo,
    Floats,
    TabularRow,
)
from seewhy.store.tabular_rows import read_categories


class RowPage(NamedTuple):
    """A page of rows, and what is known of those that match."""

    rows: tuple[TabularRow, ...]
    found: RowsFound


class NotTabular(ValueError):
    """The job is not one of tables."""


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
            raise NotTabular(f"{self.path} holds no tabular job: read it with `read_job`")

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

    def row_page(self, query: RowQuery) -> RowPage:
        """One page of rows that match; what no index answers is looked up in a bounded part."""
        budget = row_budget(len(self.features))
        with self._query() as connection:
            found = tabular_queries.page(connection, query, budget)
            samples = fetch_samples(connection, [row.sample_id for row in found.rows])
        return RowPage(tuple(self._with_cells(samples)), found)

    def row_neighbours(self, query: RowQuery, row_id: int) -> tuple[int | None, int | None]:
        """Ids of the rows just before and just after a row among those that match."""
        budget = row_budget(len(self.features))
        with self._query() as connection:
            return tabular_queries.neighbours(connection, query, row_id, budget)

    def row_names(self, row_ids: Sequence[int]) -> dict[int, str]:
        """Names of rows by id; unknown ones are left out."""
        with self._query() as connection:
            chosen = ",".join("?" * len(row_ids))
            return dict(
                connection.execute(f"SELECT id, name FROM sample WHERE id IN ({chosen})", row_ids)
            )

    def attributions_of(self, row_id: int) -> tuple[Attribution, ...]:
        """All that is said of one row, by explainer, then by label; empty if there is nothing."""
        width = len(self.features)
        with self._query() as connection:
            return attributions.fetch_attributions_of(connection, row_id, width)

    def attributions(
        self, explainer: str, label: str | int = 0, limit: int | None = None
    ) -> Attributions:
        """All that an explainer says of one output, by row id.

        Parameters
        ----------
        explainer, label
            Who, and of which output.
        limit : int, optional
            Take at most that many rows: always the same ones, spread over all.

        Raises
        ------
        KeyError
            If it says nothing of it.
        ValueError
            If there is no such label.
        """
        index, width = self._label(label), len(self.features)
        with self._query() as connection:
            found = attributions.fetch_attributions(connection, explainer, index, width, limit)
        if found is None:
            raise KeyError(f"no attribution by {explainer} for label {label!r} in {self.path}")
        return found

    def attribution_count(self, explainer: str, label: str | int = 0) -> int:
        """Count the rows for which an explainer says something of one output."""
        index = self._label(label)
        with self._query() as connection:
            return attributions.count_attributions(connection, explainer, index)

    def explained_labels(self) -> tuple[int, ...]:
        """Labels of which any explainer says something."""
        with self._query() as connection:
            return attributions.fetch_explained_labels(connection)

    def coefficient(self, explainer: str, label: str | int, view: str | int | None) -> Floats:
        """What an explainer says of one class as a whole, (K,).

        Parameters
        ----------
        explainer, label
            Who, and of which class.
        view
            Class from which it is seen; None: from all others.

        Raises
        ------
        KeyError
            If it says nothing of it.
        ValueError
            If there is no such label.
        """
        index, seen_from = self._label(label), None if view is None else self._label(view)
        with self._query() as connection:
            found = attributions.fetch_coefficient(connection, explainer, index, seen_from)
        if found is None:
            raise KeyError(f"no coefficients by {explainer} for label {label!r} in {self.path}")
        return found

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
