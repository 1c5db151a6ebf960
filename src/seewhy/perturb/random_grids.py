"""RISE's random masks: coarse random grids, enlarged smoothly and shifted at random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor


@dataclass(frozen=True)
class RandomGrids:
    """Masks (Petsiuk et al., 2018, section 3.2).

    A grid of `grid` x `grid` cells, each 1 with `probability` and else 0, is enlarged bilinearly
    to (grid + 1) cells' worth of pixels, with cells of ceil(H / grid) x ceil(W / grid) pixels, and
    cropped to H x W at a random offset of less than a cell. The expected value of a mask is
    `probability` at each pixel.

    Enlarging and cropping are linear and separable: mask = rows @ cells @ cols.T, with a matrix
    of triangle weights for each axis. The random numbers are drawn on the host, few as they are,
    so that they are the same in each framework.
    """

    size: tuple[int, int]
    grid: int
    probability: float
    seed: int | None

    def chunks(self, sizes: Iterator[int], ops: Ops, like: Tensor) -> Iterator[Tensor]:
        """Yield masks (b, H, W) in 0..1 for each b of `sizes`, on the device of `like`.

        The k-th mask is the same however the masks are split.
        """
        random = np.random.default_rng(self.seed)
        cells = [-(-pixels // self.grid) for pixels in self.size]
        tables = [
            triangle_weights(pixels, cell, self.grid)
            for pixels, cell in zip(self.size, cells, strict=True)
        ]
        for number in sizes:
            drawn = random.random((number, self.grid**2 + 2))
            on = (drawn[:, 2:] < self.probability).reshape(number, self.grid, self.grid)
            offsets = [(drawn[:, axis] * cells[axis]).astype(int) for axis in (0, 1)]
            rows, cols = (table[offset] for table, offset in zip(tables, offsets, strict=True))
            yield (
                ops.tensor(rows, like)
                @ ops.tensor(on.astype(np.float32), like)
                @ ops.tensor(np.ascontiguousarray(cols.swapaxes(1, 2)), like)
            )


def triangle_weights(pixels: int, cell: int, grid: int) -> npt.NDArray[np.float32]:
    """Weights (cell, pixels, grid) of the cells for each pixel, for each offset below `cell`.

    They are those of a bilinear resize from `grid` to (grid + 1) * cell pixels with half-pixel
    centres, cropped at the offset.
    """
    position = np.arange(pixels) + np.arange(cell)[:, None]
    source = (position + 0.5) * grid / ((grid + 1) * cell) - 0.5
    source = source.clip(0, grid - 1)
    return (1 - np.abs(source[..., None] - np.arange(grid))).clip(0).astype(np.float32)
