"""Boxes of an image replaced by what another image shows there, one box at a time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Network, Tensor
from seewhy.perturb.evaluate import chunk_sizes, evaluate, masked

Integers: TypeAlias = npt.NDArray[np.int64]


class Answers(NamedTuple):
    """Probabilities (b, n, K) for some boxes, by their indices (b,), on some samples."""

    boxes: Integers
    samples: slice
    probabilities: Tensor


def replaced_boxes(
    network: Network,
    x: Tensor,
    other: Tensor | None,
    boxes: npt.ArrayLike,
    limit: int | None = None,
    incremental: bool = True,
) -> Generator[Answers, None, None]:
    """Yield the probabilities of the samples with one box replaced, for each box and sample once.

    Box b shows the pixels of `other` in the rows y..y + h and columns x..x + w, the rest those of
    `x`. In which order the answers come is left open, and so is how many come together; the
    numbers do not depend on it. Only a few batches exist at a time, however many boxes there are.

    Parameters
    ----------
    network
        With an `activation_fn`.
    x
        Floating tensor (n, C, H, W).
    other
        What the boxes show: broadcasts to the shape of `x`; None is 0.
    boxes
        Integers (B, 4): y, x, h, w of each box, within the image. They may overlap and be of
        different sizes; many of one size are quickest.
    limit
        Perturbed images that go through the network together, at the most.
    incremental
        Whether the network may compute only what a box changes, where that is quicker.

    Raises
    ------
    TypeError, ValueError
        If the boxes are not such integers; else as `Network.probabilities`.
    """
    made = checked_boxes(boxes, (int(x.shape[2]), int(x.shape[3])))
    left = np.ones(len(made), bool)
    if incremental:
        shown = network.ops.tensor(np.zeros((1, 1, 1, 1), np.float32), like=x)
        shown = shown if other is None else other
        for size in np.unique(made[:, 2:], axis=0):
            group = np.flatnonzero((made[:, 2:] == size).all(1))
            answers = network.replaced_boxes(x, shown, made[group], limit)
            if answers is not None:
                left[group] = False
                yield from _incremental(answers, group)
    rest = np.flatnonzero(left)
    with closing(evaluate(network, _batches(network, x, other, made, rest, limit))) as stream:
        for indices, probabilities in stream:
            shape = (len(indices), int(x.shape[0]), int(probabilities.shape[1]))
            yield Answers(indices, slice(0, shape[1]), probabilities.reshape(shape))


def checked_boxes(boxes: npt.ArrayLike, size: tuple[int, int]) -> Integers:
    """Return boxes (B, 4) within an image of `size`, or raise TypeError or ValueError."""
    made = np.asarray(boxes)
    accepted = f"`boxes` must be integers (B, 4), each y, x, h, w within {size[0]} x {size[1]}"
    if made.dtype.kind not in "iu":
        raise TypeError(f"{accepted}, got {made.dtype}")
    if made.ndim != 2 or made.shape[1] != 4:
        raise ValueError(f"{accepted}, got shape {made.shape}")
    made = made.astype(np.int64)
    corner, sides = made[:, :2], made[:, 2:]
    wrong = ((corner < 0) | (sides < 1) | (corner + sides > size)).any(1)
    if wrong.any():
        raise ValueError(f"{accepted}, got {made[wrong.argmax()].tolist()}")
    return made


def _incremental(
    stream: Iterator[tuple[int, Integers, Tensor]], group: Integers
) -> Iterator[Answers]:
    try:
        for sample, indices, probabilities in stream:
            yield Answers(group[indices], slice(sample, sample + 1), probabilities[:, None])
    finally:
        close: Any = getattr(stream, "close", None)
        if close is not None:
            close()


def _batches(
    network: Network,
    x: Tensor,
    other: Tensor | None,
    boxes: Integers,
    wanted: Integers,
    limit: int | None,
) -> Iterator[tuple[Integers, Tensor]]:
    if not len(wanted):
        return
    ops, start = network.ops, 0
    at_once = max(1, network.batch_size(x, limit) // int(x.shape[0]))
    for number in chunk_sizes(len(wanted), at_once):
        part = wanted[start : start + number]
        y, x_, height, width = boxes[part].T
        rows = ops.tensor(_inside(int(x.shape[2]), y, height), like=x)
        columns = ops.tensor(_inside(int(x.shape[3]), x_, width), like=x)
        yield part, masked(x, 1 - rows[:, :, None] * columns[:, None], other)
        start += number


def _inside(size: int, first: Integers, length: Integers) -> npt.NDArray[np.float32]:
    """1 where a place of an axis lies within each interval, else 0: (b, size)."""
    places = np.arange(size)
    inside = (places >= first[:, None]) & (places < (first + length)[:, None])
    return inside.astype(np.float32)
