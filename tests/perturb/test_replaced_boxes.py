"""Boxes replaced: against images made one by one, in both frameworks and both ways."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from seewhy.network import adapt
from seewhy.perturb.replaced_boxes import replaced_boxes
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.perturb.networks import counted, slow_enough, slow_probabilities, softmax

SIZE = (11, 9)
BOXES = np.array(
    [[0, 0, 3, 3], [8, 6, 3, 3], [4, 2, 3, 3], [0, 0, 11, 9], [5, 0, 1, 9], [10, 8, 1, 1]]
)


def collected(network: Any, x: Any, other: Any, boxes: Any = BOXES, **settings: Any) -> Any:
    """Probabilities (B, n, K); each box and sample must be answered once."""
    made = np.full((len(boxes), len(x), 5), np.nan)
    with closing(replaced_boxes(network, x, other, boxes, **settings)) as answers:
        for indices, samples, probabilities in answers:
            assert np.isnan(made[indices, samples]).all()
            assert probabilities.shape[:2] == made[indices, samples].shape[:2]
            made[indices, samples] = numpy(probabilities)
    assert not np.isnan(made).any()
    return made


def expected(x: Any, other: Any, boxes: Any = BOXES) -> Any:
    scores = slow_probabilities(Spec())
    made = []
    for y, x_, height, width in boxes:
        hidden, place = x.astype(float), (..., slice(y, y + height), slice(x_, x_ + width))
        hidden[place] = np.broadcast_to(other, x.shape)[place]
        made.append(scores(hidden))
    return np.stack(made)


OTHERS: dict[str, Callable[[Any], Any]] = {
    "zero": lambda x: np.zeros((1, 1, 1, 1)),
    "another image": lambda x: images(len(x), size=SIZE, seed=8),
    "one for all": lambda x: images(1, size=SIZE, seed=8)[:, :1],
    "colours": lambda x: images(len(x), size=(1, 1), seed=8),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("incremental", [True, False])
@pytest.mark.parametrize("limit", [None, 1, 4])
def test_answers(framework: str, other: str, incremental: bool, limit: int | None) -> None:
    x = images(3, size=SIZE)
    shown = OTHERS[other](x).astype(np.float32)
    network = adapt(make(framework), softmax(framework))
    native = None if other == "zero" else tensor(framework, shown)
    made = collected(network, tensor(framework, x), native, limit=limit, incremental=incremental)
    np.testing.assert_allclose(made, expected(x, shown), atol=2e-6)


def test_no_box(framework: str) -> None:
    network = adapt(make(framework), softmax(framework))
    x = tensor(framework, images(2, size=SIZE))
    assert list(replaced_boxes(network, x, None, np.empty((0, 4), int))) == []


def test_batches_are_filled(framework: str) -> None:
    module = make(framework)
    network = adapt(module, softmax(framework))
    x = tensor(framework, images(2, size=SIZE))
    collected(network, x, None, limit=6)
    with counted(module) as sizes:
        collected(network, x, None, limit=6)
    assert [size for size in sizes if size > 1][-2:] == [6, 6]


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_many_boxes_of_several_sizes(dtype: str) -> None:
    """Some sizes are worth a plan, others are not: all are answered, and the same."""
    torch = library("torch")
    module = slow_enough()
    network = adapt(module.to(getattr(torch, dtype)), softmax("torch"))
    x = torch.from_numpy(images(2, size=(40, 44))).to(getattr(torch, dtype))
    random = np.random.default_rng(0)
    sides = np.repeat([[4, 5], [9, 3], [40, 44], [30, 30]], [30, 25, 1, 3], axis=0)
    corners = (random.random(sides.shape) * ((40, 44) - sides + 1)).astype(int)
    boxes = random.permutation(np.concatenate([corners, sides], 1))
    made, whole = (
        collected(network, x, x.flip(2), boxes, incremental=way) for way in (True, False)
    )
    np.testing.assert_allclose(made, whole, atol=1e-6)
    assert np.ptp(made, 0).min() > 1e-5
    few = network.replaced_boxes(x, x, boxes[(boxes[:, 2] == 4)])
    assert (few is not None) == (dtype == "float32")


@pytest.mark.parametrize(
    ("boxes", "error", "message"),
    [
        (BOXES.astype(float), TypeError, r"`boxes` must be integers \(B, 4\).*, got float64"),
        (BOXES > 0, TypeError, "got bool"),
        (BOXES[0], ValueError, r"got shape \(4,\)"),
        (BOXES[:, :3], ValueError, r"got shape \(6, 3\)"),
        ([[0, 0, 1, 0]], ValueError, r"within 11 x 9, got \[0, 0, 1, 0\]"),
        ([[0, -1, 1, 1]], ValueError, r"got \[0, -1, 1, 1\]"),
        ([[0, 0, 1, 1], [9, 0, 3, 1]], ValueError, r"got \[9, 0, 3, 1\]"),
        ([[0, 8, 1, 2]], ValueError, r"got \[0, 8, 1, 2\]"),
    ],
)
def test_wrong_boxes(framework: str, boxes: Any, error: type[Exception], message: str) -> None:
    network = adapt(make(framework), softmax(framework))
    x = tensor(framework, images(1, size=SIZE))
    with pytest.raises(error, match=message):
        list(replaced_boxes(network, x, None, boxes))
