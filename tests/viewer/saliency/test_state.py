from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seewhy.store import KINDS, SORTS, Cursor
from seewhy.viewer.query_string import MAX_ID, SIZES, BadQuery
from seewhy.viewer.saliency.look import COLOR_MAPS, SCALES, Look
from seewhy.viewer.saliency.state import ViewState

ids = st.integers(0, MAX_ID)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


looks = st.builds(
    Look,
    color_map=st.sampled_from(COLOR_MAPS),
    opacity=st.integers(0, 100),
    threshold=st.integers(0, 100),
    scale=st.sampled_from(SCALES),
    cut=st.booleans(),
    overlay=st.booleans(),
    boxes=st.booleans(),
    strip=st.booleans(),
    hidden=st.lists(names, max_size=3, unique=True).map(tuple),
)


@st.composite
def states(draw: st.DrawFn) -> ViewState:
    sort = draw(st.sampled_from(SORTS))
    values = st.none() if sort == "id" else st.floats(0, 1).map(abs)
    if sort in ("sd", "-sd"):
        values |= st.none()
    place = draw(st.none() | st.builds(Cursor, values, ids))
    behind = draw(st.booleans())
    pairs = st.tuples(ids, ids)
    kinds = draw(st.sets(st.sampled_from(KINDS)))
    return ViewState(
        labels=tuple(draw(st.lists(names, max_size=4, unique=True))),
        kinds=tuple(kind for kind in KINDS if kind in kinds),
        sort=sort,
        after=None if behind else place,
        before=place if behind else None,
        size=draw(st.sampled_from(SIZES)),
        find=draw(st.just("") | names),
        picks=tuple(draw(st.lists(pairs, max_size=4, unique_by=lambda pair: pair[0]))),
        zoom=draw(st.none() | pairs),
        min_std=draw(st.none() | st.floats(0, 0.5).map(abs)),
        look=draw(looks),
    )


@given(states())
def test_a_link_leads_back_to_its_state(state: ViewState) -> None:
    query = state.href().removeprefix("?")
    assert ViewState.parse(parse_qsl(query, keep_blank_values=True)) == state


def test_the_default_state_has_an_empty_link() -> None:
    assert ViewState().href() == "?"
    assert ViewState.parse([]) == ViewState()


def test_foreign_keys_and_empty_values_are_ignored() -> None:
    pairs = [("token", "x"), ("sort", ""), ("label", ""), ("kind", ""), ("zoom", "")]
    assert ViewState.parse(pairs) == ViewState()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sort", "name"),
        ("kind", "TN"),
        ("n", "25"),
        ("n", "-24"),
        ("cmap", "jet"),
        ("op", "101"),
        ("op", "-1"),
        ("op", "５"),
        ("op", "1_0"),
        ("op", "9" * 9999),
        ("ov", "2"),
        ("box", "yes"),
        ("cut", "true"),
        ("thr", "101"),
        ("scale", "page"),
        ("sd", "0.6"),
        ("sd", "nan"),
        ("sd", "x"),
        ("zoom", "5"),
        ("zoom", "5.x"),
        ("zoom", f"{2**63}.0"),
        ("pick", "1.2.3"),
        ("after", "0.5_3"),
        ("after", "x"),
        ("before", "-3"),
        ("after", str(2**63)),
    ],
)
def test_values_that_cannot_be_are_named(key: str, value: str) -> None:
    with pytest.raises(BadQuery, match=f"`{key}`"):
        ViewState.parse([(key, value)])


@pytest.mark.parametrize("value", ["3", "x_3", "nan_3", "1.5_3", "-0.5_3", "inf_3", "0.5_", "_3"])
def test_places_among_probabilities(value: str) -> None:
    with pytest.raises(BadQuery, match="`after`"):
        ViewState.parse([("sort", "prob"), ("after", value)])


@pytest.mark.parametrize("value", ["x_3", "nan_3", "1.5_3", "0.5_", "_3", "x"])
def test_places_among_uncertainties(value: str) -> None:
    with pytest.raises(BadQuery, match="`after`"):
        ViewState.parse([("sort", "-sd"), ("after", value)])
    # Behind all estimates a place is a sample alone.
    assert ViewState.parse([("sort", "sd"), ("after", "3")]).after == Cursor(None, 3)


def test_contradictions_and_excess_are_refused() -> None:
    with pytest.raises(BadQuery, match="cannot both"):
        ViewState.parse([("after", "1"), ("before", "2")])
    with pytest.raises(BadQuery, match="at most 40 labels"):
        ViewState.parse([("label", str(number)) for number in range(41)])
    with pytest.raises(BadQuery, match="no label 'wolf'"):
        ViewState(labels=("wolf",)).query(["dog"])


def test_a_change_of_what_is_listed_starts_at_the_first_page() -> None:
    state = ViewState(after=Cursor(None, 5), picks=((6, 1),), zoom=(6, 1), look=Look(opacity=30))
    changed = [
        state.toggle_label("dog"),
        state.toggle_kind("FP"),
        state.toggle_std(0.1),
        state.unfiltered(),
        state.sorted_by("prob"),
        state.sized(48),
        state.first(),
    ]
    for after in changed:
        assert (after.after, after.picks, after.zoom, after.look) == (None, (), None, state.look)


def test_toggling_twice_changes_nothing() -> None:
    state = ViewState(labels=("dog",), kinds=("FP",))
    assert state.toggle_label("cat").toggle_label("cat") == state
    assert state.toggle_kind("TP").kinds == ("TP", "FP")
    assert state.toggle_kind("TP").toggle_kind("TP") == state
    assert state.toggle_std(0.1).toggle_std(0.1) == state
    look = Look(hidden=("RISE",))
    assert look.toggle_overlay().toggle_overlay() == look
    assert look.toggle_boxes().toggle_boxes() == look
    assert look.toggle_cut().toggle_cut() == look
    assert look.toggle("GradCAM").toggle("GradCAM") == look
    assert look.toggle("RISE").hidden == ()
