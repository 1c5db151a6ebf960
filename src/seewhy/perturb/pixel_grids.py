"""Grids of pixels: sums over neighbours, and how values get to a coarser grid and back.

Planes (B, C, height + 1, width + 1) have an empty column and row at the end and are also used flat,
(B, C, P): the neighbour at an offset is then the same array, shifted. The points of a coarser grid
are those of even rows and columns.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Size = tuple[int, int]

RING = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]], np.float32)
"""Weights of the eight neighbours, times 12."""


class Scratch:
    """Arrays that are made once and used again: to get fresh ones takes longer than to add them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, tuple[int, ...]], Array] = {}

    def __call__(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return the array of this name and shape; it holds what was last put there."""
        if (name, shape) not in self._made:
            self._made[name, shape] = np.zeros(shape, np.float32)
        return self._made[name, shape]


class Grid(NamedTuple):
    """The equations D u - W u = b between the points of a grid, for B problems.

    Attributes
    ----------
    size
        (height, width).
    unknown
        (B, 1, P): 1 where something is unknown, else 0.
    inverse
        (B, 1, P): 1 / D, or less where full Jacobi steps might grow; 0 where nothing is unknown.
    kept
        (B, 1, P): 1 - inverse * D, what a Jacobi step leaves of the old value; `None` for 0.
    weights
        (3, 3, B, 1, P): W by offset; `None` for those of `RING` between what is unknown.
    """

    size: Size
    unknown: Array
    inverse: Array
    kept: Array | None = None
    weights: Array | None = None


def flat(planes: Array) -> Array:
    """Pad (B, C, H, W) and lay it out flat."""
    return np.pad(planes, ((0, 0), (0, 0), (0, 1), (0, 1))).reshape(*planes.shape[:2], -1)


def planes(array: Array, size: Size) -> Array:
    """View flat (B, C, P) as planes."""
    return array.reshape(*array.shape[:-1], size[0] + 1, size[1] + 1)


@lru_cache(maxsize=64)
def neighbours(size: Size) -> list[tuple[tuple[int, int], slice, slice]]:
    """For each of the eight offsets: its place in `RING`, where it starts from, where it leads."""
    made = []
    for down, across in np.argwhere(RING):
        by = int((down - 1) * (size[1] + 1) + across - 1)
        here, there = slice(max(0, -by), min(0, -by) or None), slice(max(0, by), min(0, by) or None)
        made.append(((int(down), int(across)), here, there))
    return made


def around(grid: Grid, u: Array, scratch: Scratch) -> Array:
    """W u; the array is `scratch`'s."""
    made, part = scratch("around", u.shape), scratch("part", u.shape)
    if grid.weights is None:
        ring(u, grid.size, made, part)
        made *= grid.unknown
        return made
    made.fill(0)
    for place, here, there in neighbours(grid.size):
        np.multiply(grid.weights[place][..., here], u[..., there], out=part[..., here])
        made[..., here] += part[..., here]
    return made


def ring(u: Array, size: Size, made: Array, part: Array) -> None:
    """Make the sums of neighbours by `RING`: (1 2 1) along rows and columns, less the middle."""
    step = size[1] + 1
    np.add(u[..., 1:], u[..., :-1], out=part[..., 1:])
    part[..., :1] = u[..., :1]
    np.add(part[..., 1:], part[..., :-1], out=made[..., :-1])
    made[..., -1:] = 0
    np.add(made[..., step:], made[..., :-step], out=part[..., step:])
    part[..., :step] = made[..., :step]
    np.add(part[..., step:], part[..., :-step], out=made[..., :-step])
    np.multiply(u, np.float32(4), out=part)
    made -= part


def coarsened(fine: Array, size: Size, scratch: Scratch) -> Array:
    """Values (B, C, P') of the coarser grid, by `refined` transposed; the array is `scratch`'s."""
    (height, width), (tall, wide) = size, half(size)
    odd = scratch("odd", (*fine.shape[:2], height // 2, width + 1))
    rows = scratch("rows", (*fine.shape[:2], tall, width + 1))
    whole = planes(fine, size)
    np.multiply(whole[:, :, 1:height:2], np.float32(0.5), out=odd)
    _gathered(rows, whole[:, :, 0:height:2], odd)
    odd = scratch("odd columns", (*fine.shape[:2], tall, width // 2))
    made = scratch("coarse", (*fine.shape[:2], tall + 1, wide + 1))
    np.multiply(rows[..., 1:width:2], np.float32(0.5), out=odd)
    _gathered(
        made[:, :, :tall, :wide].swapaxes(2, 3),
        rows[..., 0:width:2].swapaxes(2, 3),
        odd.swapaxes(2, 3),
    )
    return made.reshape(*fine.shape[:2], -1)


def _gathered(made: Array, even: Array, odd: Array) -> None:
    """Add half of the odd rows to the even ones on both sides; to the last, where it is alone."""
    made[:] = even
    made[:, :, : odd.shape[2]] += odd
    last = made.shape[2] - 1
    made[:, :, 1:] += odd[:, :, :last]
    if odd.shape[2] > last:
        made[:, :, last] += odd[:, :, last]


def refined(coarse: Array, size: Size, scratch: Scratch) -> Array:
    """Values (B, C, P) between those of the coarser grid, bilinear; the array is `scratch`'s."""
    (height, width), (tall, wide) = size, half(size)
    few = planes(coarse, (tall, wide))[:, :, :tall, :wide]
    rows = scratch("refined rows", (*coarse.shape[:2], tall, width + 1))
    made = scratch("refined", (*coarse.shape[:2], height + 1, width + 1))
    _between(rows[..., :width].swapaxes(2, 3), few.swapaxes(2, 3))
    _between(made[:, :, :height], rows)
    return made.reshape(*coarse.shape[:2], -1)


def _between(made: Array, few: Array) -> None:
    even, odd = made[:, :, ::2], made[:, :, 1::2]
    even[:] = few
    last = few.shape[2] - 1
    np.add(few[:, :, :last], few[:, :, 1:], out=odd[:, :, :last])
    odd[:, :, :last] *= np.float32(0.5)
    odd[:, :, last:] = few[:, :, last : odd.shape[2]]


def half(size: Size) -> Size:
    """Size of the coarser grid."""
    return (size[0] + 1) // 2, (size[1] + 1) // 2
