"""Labels and boxes of one sample in every accepted form; no framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.runner.annotations import Box, label_boxes, label_ids


@pytest.mark.parametrize(
    ("labels", "ids"),
    [
        (np.int64(3), (3,)),
        (np.uint8(0), (0,)),
        ([3], (3,)),
        ([3, 1], (3, 1)),
        ([3, 3, 1], (3, 3, 1)),  # one for each box
        ([3, -1, 1, -1, -1], (3, 1)),
        ([-1, -1], ()),
        ([0, 1, 2, 3, 4], (0, 1, 2, 3, 4)),  # as wide as there are classes, and yet ids
        ([[3], [1]], (3, 1)),
        (np.array([], np.float64), ()),
        (np.array([2, 4], np.uint8), (2, 4)),
        (np.array([False, True, False, False, True]), (1, 4)),
        (np.array([0.0, 1, 0, 0, 1], np.float32), (1, 4)),
        ([0, 1, 0, 0, 1], (1, 4)),
        ([0, 0, 0, 0, 0], ()),
        ([0, 1, 0, 0], (0, 1, 0, 0)),  # not as wide as there are classes: ids
    ],
)
def test_ids_and_multi_hot_vectors_are_told_apart(labels: Any, ids: tuple[int, ...]) -> None:
    assert label_ids(np.asarray(labels), 5, "item 0") == ids


@pytest.mark.parametrize(
    ("labels", "ids"), [([0], (0,)), ([1.0], (0,)), ([0.0], ()), ([True], (0,)), ([False], ())]
)
def test_with_one_class_an_integer_is_an_id(labels: Any, ids: tuple[int, ...]) -> None:
    assert label_ids(np.asarray(labels), 1, "item 0") == ids


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([5], r"labels must be in 0\.\.4 \(-1 pads\), got 5 in item 7"),
        ([1, -2], r"labels must be in 0\.\.4 \(-1 pads\), got -2 in item 7"),
        (np.array([255, 255], np.uint8), r"got 255 in item 7"),
        ([0.5, 1, 0, 0, 0], "multi-hot vector of 0 and 1 for the 5 labels, got float64 of width 5"),
        ([np.nan, 1, 0, 0, 0], "multi-hot vector"),
        ([True, False], "got bool of width 2 in item 7"),
        ([3.0], "got float64 of width 1 in item 7"),
    ],
)
def test_labels_of_no_accepted_form(labels: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        label_ids(np.asarray(labels), 5, "item 7")


def boxes_of(boxes: Any, labels: Any) -> tuple[Box, ...]:
    given = np.asarray(labels)
    return label_boxes(np.asarray(boxes), given, label_ids(given, 5, "item 7"), "item 7")


ONE, TWO, THREE = [1, 2, 3, 4], [5, 6, 7, 8], [0.5, 0, 2, 1]
PAD = [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("boxes", "labels", "owners"),
    [
        (ONE, 3, [3]),
        ([ONE], [3], [3]),
        ([ONE, TWO], [3, 1], [3, 1]),
        ([ONE, TWO], 3, [3, 3]),  # several boxes of the only label
        ([ONE, TWO, THREE], [3, 3, 1], [3, 3, 1]),
        ([ONE, PAD, TWO], [3, -1, 1], [3, 1]),  # pads stand beside pads
        ([ONE, [-1, -1, -1, -1]], [3, -1], [3]),
        ([ONE, TWO], [False, True, False, False, True], [1, 4]),
        ([ONE, TWO], [0.0, 1, 0, 0, 1], [1, 4]),
        ([ONE, TWO], [0, 0, 1, 0, 0], [2, 2]),
        ([ONE, TWO, THREE], [3, 1], [3, 1, None]),  # nothing stands beside the third
        ([ONE], [-1], [None]),
        (np.zeros((0, 4)), [3], []),
        ([], [3], []),
        ([PAD, PAD], [3, 1], []),
    ],
)
def test_boxes_belong_to_the_labels_beside_them(boxes: Any, labels: Any, owners: list[Any]) -> None:
    assert [box.label for box in boxes_of(boxes, labels)] == owners


def test_boxes_keep_their_order_and_fractions() -> None:
    assert boxes_of([ONE, PAD, THREE], [3, -1, 1]) == (Box(3, 1, 2, 3, 4), Box(1, 0.5, 0, 2, 1))


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ([[1, 2, 3]], r"x, y, w, h on the last axis .*, got int64 of shape \(1, 3\) in item 7"),
        ([[1, 2, 3, 4, 5]], "x, y, w, h on the last axis"),
        ([[True, True, True, True]], "got bool of shape"),
        ([[1, 2, 3, np.nan]], "boxes must be finite, got NaN or infinity in item 7"),
        ([[1, 2, np.inf, 4]], "boxes must be finite"),
    ],
)
def test_boxes_of_no_accepted_form(boxes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        boxes_of(boxes, [3])
