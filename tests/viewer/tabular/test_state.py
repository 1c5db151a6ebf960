"""Query strings of the tabular pages: read and written without loss, or refused."""

from __future__ import annotations

import math
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.store import KINDS, Cursor
from seewhy.viewer.importance.state import ImportanceState
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.rows.state import RowsState

names = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())
numbers = st.floats(allow_nan=False, allow_infinity=False)
intervals = st.one_of(
    st.tuples(numbers, numbers),
    st.tuples(numbers, st.just(math.inf)),
    st.tuples(st.just(-math.inf), numbers),
)
few_intervals = st.lists(intervals, min_size=1, max_size=2, unique=True).map(tuple)
ids = st.integers(0, 2**63 - 1)


@st.composite
def states(draw: st.DrawFn) -> RowsState:
    sort = draw(st.sampled_from(["id", "-prob", "residual"]) | names.map("f.{}".format))
    cursor = Cursor(None if sort == "id" else draw(numbers), draw(ids))
    side = draw(st.sampled_from(["", "after", "before"]))
    kinds = draw(st.sets(st.sampled_from(KINDS)))
    return RowsState(
        labels=tuple(draw(st.lists(names, max_size=3, unique=True))),
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        name=draw(st.just("") | names),
        cells=tuple(draw(st.dictionaries(names, few_intervals, max_size=3)).items()),
        sort=sort,
        after=cursor if side == "after" else None,
        before=cursor if side == "before" else None,
        columns=draw(st.none() | st.lists(names, max_size=3, unique=True).map(tuple)),
        row=draw(st.none() | ids),
        target=draw(st.none() | ids),
        shown=draw(st.integers(1, 2000)),
        chart=draw(st.sampled_from(["waterfall", "bars"])),
    )


def parse(query: str) -> RowsState:
    return RowsState.parse(parse_qsl(query.removeprefix("?"), keep_blank_values=True))


@given(state=states())
def test_what_is_written_is_read_again(state: RowsState) -> None:
    assert parse(state.href()) == state


@pytest.mark.parametrize(
    ("query", "cells"),
    [
        ("f.age=20..40", (("age", ((20, 40),)),)),
        ("f.age=..40", (("age", ((-math.inf, 40),)),)),
        ("f.age=-1.5..", (("age", ((-1.5, math.inf),)),)),
        ("f.sex=0&f.sex=1", (("sex", ((0, 0), (1, 1))),)),
        ("f.age=1..2&add=age&low=3&high=", (("age", ((3, math.inf),)),)),
        ("f.age=1..2&add=age&low=&high=", ()),
        ("add=a..b%26&low=&high=1e3", (("a..b&", ((-math.inf, 1000),)),)),
        ("f.age=", ()),
    ],
)
def test_filters_on_features(query: str, cells: tuple[object, ...]) -> None:
    assert parse(query).cells == cells


@pytest.mark.parametrize(
    "query",
    [
        "f.age=old",
        "f.age=nan",
        "f.age=inf..",
        "f.age=1_0",
        "f.age=١",
        "f.age=1..2..3",
        "sort=name",
        "sort=--prob",
        "kind=TN",
        "after=1&before=2",
        "after=0.5_1",
        "sort=prob&after=1",
        "sort=f.age&after=nan_1",
        "after=99999999999999999999",
        "row=-1",
        "row=one",
        "k=3000",
        "n=7",
        "chart=pie",
        "&".join(f"f.{number}=1" for number in range(50)),
        "&".join(f"label={number}" for number in range(50)),
        "&".join(f"col={number}" for number in range(50)),
    ],
)
def test_what_no_page_wrote_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        parse(query)


def test_a_filter_goes_back_to_the_first_page_of_the_list() -> None:
    state = parse("after=4&row=3&target=1&n=48")
    assert state.toggle_kind("FP") == parse("kind=FP&n=48")
    assert state.toggle_label("red").toggle_label("red") == parse("n=48")
    assert state.toggle_value("sex", 1).toggle_value("sex", 0).href() == "?f.sex=1&f.sex=0&n=48"
    assert state.toggle_value("sex", 1).toggle_value("sex", 1) == parse("n=48")
    assert state.toggle_column("hue", ["age"]).columns == ("age", "hue")
    assert state.toggle_column("age", ["age"]).columns == ()


@given(label=st.just("") | names, view=st.just("") | names, shown=st.integers(1, 2000))
def test_the_state_of_importance_too(label: str, view: str, shown: int) -> None:
    state = ImportanceState(label, view, shown)
    pairs = parse_qsl(state.href().removeprefix("?"), keep_blank_values=True)
    assert ImportanceState.parse(pairs) == state
