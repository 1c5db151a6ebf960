"""Which labels are explained, and TP, FN and FP, worked out by hand; no framework."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.runner.verdict import inferences

SIGMOID = [0.9, 0.4, 0.5, 0.7]
SOFTMAX = [0.3, 0.4, 0.2, 0.1]
LOW = [0.1, 0.2, 0.3, 0.1]


@pytest.mark.parametrize(
    ("probabilities", "truth", "threshold", "expected"),
    [
        # above the threshold is predicted; the threshold itself is not
        (SIGMOID, (0, 1), 0.5, [(0, "TP"), (3, "FP"), (1, "FN")]),
        (SIGMOID, (2,), 0.5, [(0, "FP"), (3, "FP"), (2, "FN")]),
        (SIGMOID, (3, 0), 0.5, [(0, "TP"), (3, "TP")]),
        (SIGMOID, (), 0.5, [(0, "FP"), (3, "FP")]),  # known to show nothing
        (SIGMOID, None, 0.5, [(0, None), (3, None)]),  # not known
        (SIGMOID, (1,), 0.3, [(0, "FP"), (3, "FP"), (2, "FP"), (1, "TP")]),
        (SIGMOID, (1,), 0.95, [(1, "FN")]),
        (SIGMOID, (1,), 1.0, [(1, "FN")]),
        (LOW, (), 0.5, []),  # sigmoids, nothing predicted
        (LOW, None, 0.5, []),
        (LOW, (0,), 0.5, [(0, "FN")]),
        # a softmax always predicts something
        (SOFTMAX, (1,), 0.5, [(1, "TP")]),
        (SOFTMAX, (0,), 0.5, [(1, "FP"), (0, "FN")]),
        (SOFTMAX, None, 0.5, [(1, None)]),
        (SOFTMAX, (0,), 0.25, [(1, "FP"), (0, "TP")]),
        ([0.1, 0.6, 0.2, 0.1], (0,), 0.5, [(1, "FP"), (0, "FN")]),
    ],
)
def test_labels_and_kinds(
    probabilities: list[float],
    truth: tuple[int, ...] | None,
    threshold: float,
    expected: list[tuple[int, str | None]],
) -> None:
    row = np.array(probabilities)
    found = inferences(row, truth, threshold, exclusive=True)
    assert [(i.label, i.kind) for i in found] == expected
    assert [i.prob for i in found] == [probabilities[label] for label, _ in expected]


def test_equal_probabilities_stand_in_the_order_of_the_classes() -> None:
    found = inferences(np.array([0.7, 0.8, 0.7]), None, 0.5, exclusive=False)
    assert [i.label for i in found] == [1, 0, 2]


def test_sigmoids_that_happen_to_sum_to_one_are_no_softmax() -> None:
    assert inferences(np.array(SOFTMAX), None, 0.5, exclusive=False) == ()
