"""What the rows page shows, as plain data: templates draw it, and the JSON twin is it."""

from __future__ import annotations

from typing import NamedTuple, cast

from seewhy.store import (
    CellFilter,
    Cursor,
    RowQuery,
    RowSort,
    SampleQuery,
    TabularReader,
    TabularRow,
)
from seewhy.viewer.attribution_charts import finite, without_scale
from seewhy.viewer.job_data import Data, job_data, kind_filters
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.rows.detail import detail
from seewhy.viewer.rows.filters import (
    active_filters,
    feature_filters,
    label_filters,
    orders,
)
from seewhy.viewer.rows.state import RowsState

FIRST_COLUMNS = 5


class RowsPage(NamedTuple):
    """The rows page: a list of rows, or one row in detail."""

    job: Data
    state: RowsState
    regression: bool
    output: str
    columns: list[Data]
    rows: list[Data]
    matching: int | None
    looked_at: int
    candidates: int
    before: Cursor | None
    after: Cursor | None
    kinds: list[Data]
    labels: Data
    features: Data
    orders: list[Data]
    active: list[Data]
    detail: Data | None

    def twin(self) -> Data:
        """The page as JSON."""
        twin: Data = {"job": self.job, "regression": self.regression}
        if self.detail:
            explainers = [without_scale(one) for one in self.detail["explainers"]]
            return twin | {"row": self.rows[0], **self.detail, "explainers": explainers}
        return twin | {
            "columns": self.columns,
            "matching": self.matching,
            "looked_at": self.looked_at,
            "candidates": self.candidates,
            "rows": self.rows,
            "previous": self.before and self.state.page(before=self.before).href(),
            "next": self.after and self.state.page(after=self.after).href(),
        }


def rows_page(identifier: str, job: TabularReader, state: RowsState) -> RowsPage:
    """Fetch all that the rows page shows.

    Raises
    ------
    BadQuery
        If the state names a label, a feature or a row that the job does not have.
    """
    query = row_query(job, state)
    info = job.info()
    columns = _columns(job, state)
    shown: Data | None = None
    if state.row is None:
        records, found = job.row_page(query)
    else:
        try:
            row = job.row(state.row)
        except KeyError:
            raise BadQuery(f"this job has no row {state.row}") from None
        records, found = (row,), None
        previous, following = job.row_neighbours(query, row.id)
        shown = detail(job, row, state) | {"previous": previous, "next": following}
    return RowsPage(
        job=job_data(identifier, info),
        state=state,
        regression=job.is_regression,
        output=job.labels[0],
        columns=[
            {"name": feature.name, "is_number": feature.categories is None}
            for feature in (job.features[column] for column in columns)
        ],
        rows=[_row(job, row, columns) for row in records],
        matching=found and found.matching,
        looked_at=found.looked_at if found else 0,
        candidates=found.candidates if found else 0,
        before=found and found.before,
        after=found and found.after,
        kinds=[]
        if job.is_regression
        else kind_filters(state.kinds, lambda kind: job.count(SampleQuery(query.labels, (kind,)))),
        labels=label_filters(job, state),
        features=feature_filters(job, state),
        orders=orders(job, state),
        active=active_filters(job, state),
        detail=shown,
    )


def row_query(job: TabularReader, state: RowsState) -> RowQuery:
    """The question to the store.

    Raises
    ------
    BadQuery
        If the state names a label or a feature that the job does not have.
    """
    labels = {label: number for number, label in enumerate(job.labels)}
    features = {feature.name: number for number, feature in enumerate(job.features)}

    def look_up(kind: str, names: dict[str, int], name: str) -> int:
        if name not in names:
            raise BadQuery(f"this job has no {kind} {name[:100]!r}")
        return names[name]

    sort, column = state.sort, 0
    if sort.removeprefix("-").startswith("f."):
        column = look_up("feature", features, sort.removeprefix("-").removeprefix("f."))
        sort = "-feature" if sort.startswith("-") else "feature"
    elif sort.endswith("residual") and not job.is_regression:
        raise BadQuery("only rows of a regression have residuals to be sorted by")
    return RowQuery(
        labels=tuple(look_up("label", labels, label) for label in state.labels),
        kinds=state.kinds,
        sort=cast(RowSort, sort),
        column=column,
        name=state.name,
        cells=tuple(
            CellFilter(look_up("feature", features, name), intervals)
            for name, intervals in state.cells
        ),
        after=state.after,
        before=state.before,
        limit=state.size,
    )


def _columns(job: TabularReader, state: RowsState) -> list[int]:
    names = job.feature_names
    if state.columns is None:
        chosen = list(range(min(FIRST_COLUMNS, len(names))))
        sort = state.sort.removeprefix("-").removeprefix("f.")
        # What rows are sorted and filtered by wants to be seen.
        wanted = [name for name in (sort, *(name for name, _ in state.cells)) if name in names]
        return chosen + [names.index(name) for name in wanted if names.index(name) not in chosen]
    unknown = [name for name in state.columns if name not in names]
    if unknown:
        raise BadQuery(f"this job has no feature {unknown[0][:100]!r}")
    return [names.index(name) for name in state.columns]


def _row(job: TabularReader, row: TabularRow, columns: list[int]) -> Data:
    regression = job.is_regression
    truth: float | str | None = row.truth
    if truth is not None and not regression:
        truth = job.labels[int(truth)]
    return {
        "id": row.id,
        "name": row.name,
        "output": float(row.outputs[0]) if regression else None,
        "truth": truth,
        "residual": finite(float(row.outputs[0]) - row.truth)
        if regression and row.truth is not None
        else None,
        "inferences": [
            {
                "label": job.labels[inference.label],
                "index": inference.label,
                "prob": inference.prob,
                "kind": inference.kind,
            }
            for inference in row.inferences
            if not regression
        ],
        "cells": [
            {
                "feature": job.features[column].name,
                "value": float(row.features[column]),
                "text": job.features[column].describe(row.features[column]),
            }
            for column in columns
        ],
    }
