"""Rows of a table by labels, kinds, names, cells and order, against a plain filter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.store import (
    KINDS,
    CellFilter,
    Cursor,
    ExplainerInfo,
    RowQuery,
    TabularReader,
    TabularRow,
    read_tabular,
    row_budget,
    tabular_queries,
)
from seewhy.store.tabular_query import CELLS_LOOKED_AT, ROW_SORTS
from tests.viewer.tabular.sample_table import FEATURES, rows, write


@pytest.fixture(scope="module", params=["wines", "houses"])
def job(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TabularReader]:
    folder = tmp_path_factory.mktemp("tables")
    regression = request.param == "houses"
    explainers = (ExplainerInfo("SHAPKernel", True, {}), ExplainerInfo("LIMETabular", True, {}))
    writer = write(
        folder, "t", rows(regression), regression=regression, explained=False, explainers=explainers
    )
    writer.close()
    with read_tabular(folder / "t.seewhy.db") as opened:
        yield opened


@cache
def all_rows(regression: bool) -> list[TabularRow]:
    return rows(regression)


def matching(row: TabularRow, query: RowQuery) -> list[float]:
    """Outputs of the inferences that match; empty if the row does not."""
    return [
        inference.prob
        for inference in row.inferences
        if (not query.labels or inference.label in query.labels)
        and (not query.kinds or inference.kind in query.kinds)
    ]


def key(row: TabularRow, query: RowQuery) -> float | None:
    """What a row is sorted by; None: it is left out."""
    if query.sort.endswith("residual"):
        return None if row.truth is None else abs(float(row.outputs[0]) - row.truth)
    if query.sort.endswith("feature"):
        return float(row.features[query.column])
    if query.sort == "id":
        return 0.0
    return (min if query.sort == "prob" else max)(matching(row, query))


def expected(given_rows: list[TabularRow], query: RowQuery) -> list[int]:
    kept = [
        (value, row.id)
        for row in given_rows
        if matching(row, query)
        and query.name.casefold() in row.name.casefold()
        and all(
            any(low <= row.features[cell.column] <= high for low, high in cell.intervals)
            for cell in query.cells
        )
        and (value := key(row, query)) is not None
    ]
    return [number for _, number in sorted(kept, reverse=query.sort.startswith("-"))]


ends = st.sampled_from([-math.inf, -3.0, -0.125, 0.0, 1.0, 2.5, math.inf])
cells = st.builds(
    CellFilter,
    st.integers(0, len(FEATURES) - 1),
    st.lists(st.tuples(ends, ends), min_size=1, max_size=2).map(tuple),
)
queries = st.builds(
    RowQuery,
    labels=st.sets(st.integers(0, 3), max_size=2).map(lambda s: tuple(sorted(s))),
    kinds=st.sets(st.sampled_from(KINDS)).map(tuple),
    sort=st.sampled_from(ROW_SORTS),
    column=st.integers(0, len(FEATURES) - 1),
    name=st.sampled_from(["", "WINE", "house 1", "b>", "1", "absent"]),
    cells=st.lists(cells, max_size=2).map(tuple),
    limit=st.integers(1, 20),
)


def fit(query: RowQuery, job: TabularReader) -> RowQuery:
    """What can be asked of this job: its labels, and residuals of a regression only."""
    labels = tuple(label for label in query.labels if label < len(job.labels))
    has_residuals = job.is_regression or not query.sort.endswith("residual")
    return replace(query, labels=labels, sort=query.sort if has_residuals else "id")


@settings(max_examples=30, deadline=None)
@given(query=queries)
def test_pages_there_and_back_are_those_of_a_plain_filter(
    job: TabularReader, query: RowQuery
) -> None:
    query = fit(query, job)
    wanted = expected(all_rows(job.is_regression), query)
    pages, at = [], query
    while True:
        made = job.row_page(at)
        pages.append(made)
        if made.found.after is None:
            break
        at = replace(query, after=made.found.after)
    assert [row.id for made in pages for row in made.rows] == wanted
    assert pages[0].found.matching == (
        len(wanted) if query.in_cells or query.by_cells else pages[0].found.candidates
    )
    if not query.kinds and not query.labels:
        assert pages[0].found.candidates == len(all_rows(job.is_regression))
    assert all(made.found.before for made in pages[1:] if made.rows)
    assert pages[0].found.before is None
    for earlier, later in pairwise(pages):
        if later.rows:
            back = job.row_page(replace(query, before=later.found.before))
            assert [row.id for row in back.rows] == [row.id for row in earlier.rows]


@settings(max_examples=30, deadline=None)
@given(query=queries)
def test_the_rows_beside_a_row(job: TabularReader, query: RowQuery) -> None:
    query = fit(query, job)
    wanted = expected(all_rows(job.is_regression), query)
    for before, at, after in zip([None, *wanted], wanted, [*wanted[1:], None], strict=False):
        assert job.row_neighbours(query, at) == (before, after)


@settings(max_examples=30, deadline=None)
@given(query=queries, budget=st.integers(1, 30))
def test_a_small_budget_loses_no_row_of_an_indexed_order(
    job: TabularReader, query: RowQuery, budget: int
) -> None:
    query = fit(query, job)
    given_rows = all_rows(job.is_regression)
    found: list[int] = []
    at: Cursor | None = None
    while True:
        with job._query() as connection:
            made = tabular_queries.page(connection, replace(query, after=at), budget)
        assert made.looked_at <= budget
        found += [row.sample_id for row in made.rows]
        at = made.after
        if at is None:
            break
    if query.by_cells:
        # Only the first rows are sorted, and the page can say so.
        first = [row for row in given_rows if matching(row, query)][:budget]
        assert found == expected(first, query)
        assert (made.matching is None) == (made.candidates > budget)
    else:
        assert found == expected(given_rows, query)


def test_the_budget_is_one_of_cells() -> None:
    assert row_budget(10) == CELLS_LOOKED_AT // 10
    assert row_budget(10**9) == row_budget(10**8) > 0


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        (lambda: RowQuery(sort="name"), "`sort` must be one of"),  # type: ignore[arg-type]
        (lambda: RowQuery(after=Cursor(0.5, 1)), "does not fit"),
        (lambda: RowQuery(sort="feature", after=Cursor(None, 1)), "does not fit"),
        (lambda: RowQuery(after=Cursor(None, 1), before=Cursor(None, 2)), "not both"),
        (lambda: RowQuery(limit=0), "`limit` must be"),
    ],
)
def test_what_cannot_be_asked(query: Callable[[], RowQuery], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        query()


def test_indexed_pages_do_not_look_at_rows(job: TabularReader, tmp_path: Path) -> None:
    for sort in ("id", "prob", "-prob"):
        assert job.row_page(RowQuery(sort=sort)).found.looked_at == 0
