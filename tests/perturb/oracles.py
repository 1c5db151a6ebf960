"""Occlusion and RISE, loop by loop, in float64 NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from tests.oracles import bilinear

Array = npt.NDArray[np.float64]
Scores = Callable[[Array], Array]
"""(N, C, H, W) -> (N, K)."""


def window_starts(size: int, window: int, stride: int) -> list[int]:
    """Every `stride` pixels while the window fits; one more at the edge if pixels are left."""
    starts, start = [], 0
    while start + window <= size:
        starts.append(start)
        start += stride
    if starts[-1] + window < size:
        starts.append(size - window)
    return starts


def boxes(
    size: tuple[int, int], window: tuple[int, int], stride: tuple[int, int]
) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of each window."""
    for top in window_starts(size[0], window[0], stride[0]):
        for left in window_starts(size[1], window[1], stride[1]):
            yield slice(top, top + window[0]), slice(left, left + window[1])


def occlusion(
    scores: Scores,
    x: Array,
    targets: npt.NDArray[np.int64],
    window: tuple[int, int],
    stride: tuple[int, int],
    reference: npt.ArrayLike = 0.0,
) -> Array:
    """Mean over the windows that cover a pixel of the drop of the score: (N, L, H, W).

    `reference` broadcasts to `x` (N, C, H, W); `targets` is (N, L).
    """
    size = (x.shape[2], x.shape[3])
    total = np.zeros((*targets.shape, *size))
    count = np.zeros(size)
    everywhere = np.broadcast_to(np.asarray(reference, float), x.shape)
    before = scores(x)
    for rows, cols in boxes(size, window, stride):
        hidden = x.astype(np.float64).copy()
        hidden[:, :, rows, cols] = everywhere[:, :, rows, cols]
        after = scores(hidden)
        for n, label in np.ndindex(targets.shape):
            target = targets[n, label]
            total[n, label, rows, cols] += before[n, target] - after[n, target]
        count[rows, cols] += 1
    return total / count


def rise(
    scores: Scores, x: Array, targets: npt.NDArray[np.int64], masks: Array, probability: float
) -> tuple[Array, Array]:
    """Equation 6 of Petsiuk et al. (2018), and the standard error of that mean: (N, L, H, W)."""
    values = np.zeros((len(masks), *targets.shape, *masks.shape[1:]))
    for k, mask in enumerate(masks):
        answers = scores(x * mask)
        for n, label in np.ndindex(targets.shape):
            values[k, n, label] = answers[n, targets[n, label]] * mask / probability
    return values.mean(0), values.std(0, ddof=1) / np.sqrt(len(masks))


def mask_of(cells: npt.ArrayLike, size: tuple[int, int], offset: tuple[int, int]) -> Array:
    """Section 3.2 there: enlarge (g, g) cells to (g + 1) cells' worth of pixels, and crop."""
    cells = np.asarray(cells, float)
    cell = [int(np.ceil(pixels / len(cells))) for pixels in size]
    large = bilinear(cells, ((len(cells) + 1) * cell[0], (len(cells) + 1) * cell[1]))
    return large[offset[0] : offset[0] + size[0], offset[1] : offset[1] + size[1]]


def mask_products(size: tuple[int, int], grid: int, probability: float) -> Array:
    """E[M(i) M(j)] for each two pixels i, j, over all cells and offsets: (H * W, H * W), exactly.

    With M(i) = sum over cells c of a(i, c) on(c), it is P² + P (1 - P) times the sum over c of
    a(i, c) a(j, c), averaged over the offsets.
    """
    cell = [int(np.ceil(pixels / grid)) for pixels in size]
    pixels = size[0] * size[1]
    shared = np.zeros((pixels, pixels))
    for down in range(cell[0]):
        for across in range(cell[1]):
            for c in range(grid * grid):
                only = np.zeros(grid * grid)
                only[c] = 1
                a = mask_of(only.reshape(grid, grid), size, (down, across)).ravel()
                shared += np.outer(a, a) / (cell[0] * cell[1])
    return probability**2 + probability * (1 - probability) * shared
