"""The query string of the assessment page."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.viewer.assessment.state import ACROSS, FORMS, WEIGHT, AssessmentState
from seewhy.viewer.query_string import MAX_ID, SIZES, BadQuery

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
weights = st.integers(0, 100).filter(lambda weight: weight != WEIGHT)


def orders(words: list[str], prefix: str) -> st.SearchStrategy[str]:
    plain = st.sampled_from(words) | names.map(lambda name: prefix + name)
    return st.tuples(st.sampled_from(["", "-"]), plain).map("".join)


states = st.builds(
    AssessmentState,
    weights=st.dictionaries(names, weights, max_size=4).map(lambda found: tuple(found.items())),
    rank=orders(["score", "wins", "name"], "m."),
    across=st.sampled_from(ACROSS),
    metric=st.just("") | names,
    explainer=st.just("") | names,
    label=st.just("") | names,
    hide=st.lists(names, max_size=3, unique=True).map(tuple),
    sort=orders(["n", "name"], "c."),
    find=st.just("") | names,
    size=st.sampled_from(SIZES),
    skip=st.integers(0, MAX_ID),
    form=st.sampled_from(FORMS),
    end=st.sampled_from(["lowest", "highest"]),
)


@settings(deadline=None)
@given(states)
def test_a_link_says_all_of_the_state(state: AssessmentState) -> None:
    pairs = parse_qsl(state.href()[1:], keep_blank_values=True, strict_parsing=bool(state.items()))
    assert AssessmentState.parse(pairs) == state


def test_the_plain_page_has_a_plain_link() -> None:
    assert AssessmentState().items() == []
    assert AssessmentState.parse([("unknown", "1"), ("metric", ""), ("w.A", "50")]) == (
        AssessmentState()
    )


@pytest.mark.parametrize(
    "pair",
    [
        ("w.A", "101"), ("w.A", "-1"), ("w.A", "nan"), ("w.A", "0.5"), ("rank", "best"),
        ("sort", "score"), ("rank", "c.A"), ("across", "labels"), ("n", "1"), ("skip", "-1"),
        ("form", "pie"), ("end", "both"),
    ],
)  # fmt: skip
def test_what_no_page_wrote_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(BadQuery, match=f"`{pair[0]}` must be"):
        AssessmentState.parse([pair])


def test_choosing_an_order_again_turns_it_and_goes_to_the_first_labels() -> None:
    state = AssessmentState(skip=24).sorted_by("c.A")
    assert (state.sort, state.skip) == ("c.A", 0)
    assert state.sorted_by("c.A").sort == "-c.A"
    assert state.sorted_by("c.A").sorted_by("c.A").sort == "c.A"
    assert AssessmentState().ranked_by("score").rank == "-score"
    assert state.looking_across("metrics").sort == "n"
    assert state.toggle("A").toggle("B").toggle("A").hide == ("B",)
