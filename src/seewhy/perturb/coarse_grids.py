"""The equations of `multigrid` on coarser and coarser grids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seewhy.perturb.pixel_grids import (
    RING,
    Array,
    Grid,
    Scratch,
    Size,
    flat,
    half,
    neighbours,
    planes,
    ring,
)

DIRECT = 100
"""Points, padding included, of a grid that is solved directly."""


def grids_of(hidden: npt.NDArray[np.bool_], scratch: Scratch) -> tuple[list[Grid], Array]:
    """Return the grids of hidden pixels (B, H, W), and the inverse (B, 1, P, P) of a coarsest A."""
    size: Size = (hidden.shape[1], hidden.shape[2])
    unknown = flat(hidden[:, None].astype(np.float32))
    ones = flat(np.ones((1, 1, *size), np.float32))
    sums = np.zeros_like(ones)
    ring(ones, size, sums, np.zeros_like(ones))
    sums = sums * unknown
    weights = scratch("weights", (3, 3, *unknown.shape))
    for place, here, there in neighbours(size):
        np.multiply(unknown[..., here], unknown[..., there], out=weights[place][..., here])
        weights[place] *= RING[place]
    grids = [Grid(size, unknown, _inverse(sums))]
    while True:
        size, unknown, sums, weights = _coarser(size, unknown, sums, weights)
        if sums.shape[-1] <= DIRECT:
            return grids, _direct(size, sums, weights)
        # Interpolated from less than all corners, points may pull at each other by more than D.
        inverse = _inverse(np.maximum(sums, (sums + np.abs(weights).sum((0, 1))) / 2))
        grids.append(Grid(size, unknown, inverse, unknown - inverse * sums, weights))


def _inverse(sums: Array) -> Array:
    made: Array = (sums > 0) / np.where(sums > 0, sums, 1)
    return made


def _coarser(
    size: Size, unknown: Array, sums: Array, weights: Array
) -> tuple[Size, Array, Array, Array]:
    """Return size, unknown points, D and W of the coarser grid."""
    a = planes(weights, size)
    a[1, 1] = -planes(sums, size)
    a = _merged(a, size[1])
    a = _merged(a.swapaxes(0, 1).swapaxes(-1, -2), size[0]).swapaxes(-1, -2).swapaxes(0, 1)
    few = half(size)
    kept = flat(planes(unknown, size)[:, :, : size[0] : 2, : size[1] : 2])
    a = np.ascontiguousarray(a).reshape(3, 3, *kept.shape)
    made = np.zeros_like(a)
    for place, here, there in neighbours(few):
        np.multiply(kept[..., here], kept[..., there], out=made[place][..., here])
        made[place] *= a[place]
    sums = -a[1, 1] * kept
    return few, (sums > 0).astype(np.float32), sums, made


def _merged(a: Array, width: int) -> Array:
    """P^T a P for the interpolation P along the last axis; the second is the offset along it."""
    even, odd = slice(0, width, 2), slice(1, width, 2)
    points, between = (width + 1) // 2, width // 2
    made = np.zeros((*a.shape[:-1], between + 2), np.float32)
    back, middle, ahead = a[:, 0], a[:, 1], a[:, 2]
    both = middle[..., odd] / 4
    onward, backward = ahead[..., odd] / 2 + both, back[..., odd] / 2 + both
    centre = made[:, 1]
    centre[..., :points] = middle[..., even] + (ahead[..., even] + back[..., even]) / 2
    centre[..., :between] += backward
    centre[..., 1 : between + 1] += onward
    made[:, 2, ..., :between] = onward + ahead[..., 0 : 2 * between : 2] / 2
    made[:, 0, ..., 1 : between + 1] = backward
    made[:, 0, ..., 1:points] += back[..., 2:width:2] / 2
    if points == between:  # the last has none beyond it: what is the next one's is its own
        end = points - 1
        centre[..., end] += centre[..., points] + made[:, 2, ..., end] + made[:, 0, ..., points]
        made[:, 2, ..., end] = 0
    made[..., points:] = 0
    return made[..., : points + 1]


def _direct(size: Size, sums: Array, weights: Array) -> Array:
    """Return the inverse (B, 1, P, P) of D - W; the identity where nothing is unknown."""
    points = np.arange(sums.shape[-1])
    dense = np.zeros((*sums.shape, len(points)))
    dense[..., points, points] = np.where(sums > 0, sums, 1)
    for place, here, there in neighbours(size):
        dense[..., points[here], points[there]] -= weights[place][..., here]
    return np.linalg.inv(dense).astype(np.float32)
