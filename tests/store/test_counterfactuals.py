"""Counterfactuals in the store: in and out, twice, wrong ones, and by SQL alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seewhy.counterfactual import Box, Counterfactual, EditStep
from seewhy.runner.counterfactuals import to_record
from seewhy.store import CounterfactualRecord, Edit, JobWriter, Outcome, Sample, read_job

FOUND = CounterfactualRecord(
    sample_id=0,
    label=0,
    direction="reveal",
    mask="gaussian:9",
    width=224,
    height=200,
    output=0.9,
    target=0.5,
    reason=None,
    start=0.1,
    region=Outcome(0.55, 0.03),
    images=123,
    layers=(Outcome(0.8, 0.25), Outcome(0.6, 0.1)),
    steps=(
        Edit(0, None, 0, 0, 100, 100, 0.6, 0.5, False),
        Edit(0, None, 100, 50, 100, 100, 0.8, 0.2, False),
        Edit(1, 0, 20, 10, 50, 50, 0.5, 0.4, True),
        Edit(1, 0, 50, 50, 50, 50, 0.6, 0.1, False),
    ),
)
NOTHING = CounterfactualRecord(
    0, 1, "hide", "0.5,0,1", 224, 200, 0.4, 0.5, "below threshold", None, None, 0
)


def test_in_and_out(
    open_writer: Callable[..., JobWriter], make_sample: Callable[..., Sample]
) -> None:
    settings = {"direction": "reveal"}
    with open_writer(hierarchical_occlusion=settings) as writer:
        writer.add_sample(make_sample(0))
        writer.add_sample(make_sample(1))
        writer.add_counterfactuals([FOUND, NOTHING])
        assert writer.known([0, 1])[0].searched == {0, 1}
        assert writer.known([1])[1].searched == frozenset()
        writer.add_counterfactuals([FOUND._replace(output=0.7, images=7)])
    with read_job(writer.path) as job:
        assert job.counterfactuals([0, 1, 5]) == (FOUND, NOTHING)
        assert job.counterfactuals([1]) == job.counterfactuals([]) == ()
        assert job.info().counterfactuals == (1, 2)
        assert job.info().hierarchical_occlusion == settings


def test_boxes_of_a_layer_and_of_the_region() -> None:
    boxes = [step.box for step in FOUND.steps]
    assert FOUND.layer_boxes(0) == boxes[:2]
    # The second large box has nothing below it, and stays.
    assert FOUND.layer_boxes(1) == boxes[1:]
    assert FOUND.region_boxes == [boxes[2]]
    assert NOTHING.region_boxes == NOTHING.layer_boxes(0) == []


trees = st.recursive(
    st.just([]), lambda children: st.lists(children, min_size=1, max_size=4), max_leaves=12
)


@settings(max_examples=60, deadline=None)
@given(tree=trees)
@example(tree=[[[[]], []], [[[]]]])
def test_steps_are_retold_as_by_the_tree(tree: list[Any]) -> None:
    numbers = iter(range(1000))

    def grow(shape: list[Any], layer: int) -> list[EditStep]:
        return [
            EditStep(layer, Box(next(numbers), 0, 9, 9), 0.5, 0.1, grow(below, layer + 1))
            for below in shape
        ]

    root = EditStep(-1, Box(0, 0, 99, 99), 0.1, 0, grow(tree, 0))
    found = Counterfactual(0, "reveal", "0", 0.9, 0.5, None, root, (), None, 1)
    told = [sorted(boxes) for boxes in to_record(0, found, (99, 99)).step_boxes()]
    assert told == [sorted(tuple(box) for box in boxes) for _, boxes in root.process()]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": 3}, "`label` must be in 0..2, got 3"),
        ({"label": -1}, "`label` must be in 0..2, got -1"),
        ({"output": float("nan")}, "`counterfactual` must be finite"),
        ({"layers": (Outcome(float("inf"), 0.5),)}, "`counterfactual` must be finite"),
    ],
)
def test_wrong_values(
    open_writer: Callable[..., JobWriter],
    make_sample: Callable[..., Sample],
    changes: dict[str, Any],
    message: str,
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        with pytest.raises(ValueError, match=message):
            writer.add_counterfactuals([FOUND._replace(**changes)])


def test_labels_that_were_never_explained(
    open_writer: Callable[..., JobWriter], make_sample: Callable[..., Sample]
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        writer.add_counterfactuals([FOUND._replace(label=2)])
        with pytest.raises(ValueError, match="for a sample or label that `add_sample` never got"):
            writer.flush()


def test_other_settings(open_writer: Callable[..., JobWriter], make_sample: Any) -> None:
    with open_writer(hierarchical_occlusion={"threshold": 0.5}) as writer:
        writer.add_sample(make_sample(0))
    # Nothing was found with these settings: others may follow.
    with open_writer(hierarchical_occlusion={"threshold": 0.6}) as writer:
        writer.add_counterfactuals([NOTHING])
    with pytest.raises(ValueError, match=r"has counterfactuals with settings {'threshold': 0\.6}"):
        open_writer(hierarchical_occlusion={"threshold": 0.5})
    with open_writer() as writer:
        assert writer.known([0])[0].searched == {1}


def test_plain_sql_is_enough(open_writer: Callable[..., JobWriter], make_sample: Any) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        writer.add_counterfactuals([FOUND, NOTHING])
    query = (
        "SELECT label.name, reason, region_area, (SELECT count(*) FROM counterfactual_step AS step "
        "WHERE step.sample_id = it.sample_id AND step.label_id = it.label_id AND needed) "
        "FROM counterfactual AS it JOIN label ON label.id = label_id ORDER BY label_id"
    )
    with closing(sqlite3.connect(writer.path)) as connection:
        rows = connection.execute(query).fetchall()
    assert rows == [("dog", None, 0.03, 1), ("cat", "below threshold", None, 0)]
