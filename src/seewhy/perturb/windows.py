"""Sliding windows over an image, the last one shifted to the edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOMINAL_WINDOWS = 32
"""Windows along an axis by default, where the axis is long enough."""


def default_window(size: int) -> tuple[int, int]:
    """Window and stride along an axis of `size` pixels.

    Above 32 pixels both are size // 32, so that windows tile the axis; else a window of 3 moves
    by 1.
    """
    if size > NOMINAL_WINDOWS:
        return size // NOMINAL_WINDOWS, size // NOMINAL_WINDOWS
    return min(3, size), 1


def starts(size: int, window: int, stride: int) -> npt.NDArray[np.int64]:
    """First pixels of the windows along an axis: each `stride` pixels, and one at the edge."""
    last = size - window
    regular = np.arange(0, last + 1, stride)
    return regular if regular[-1] == last else np.append(regular, last)


@dataclass(frozen=True)
class Windows:
    """All windows over an image of H x W pixels, row by row.

    `rows` (ny, H) and `cols` (nx, W) are 1 where a window covers a pixel of the axis and 0
    elsewhere; window k covers the outer product of rows[k // nx] and cols[k % nx].
    """

    rows: npt.NDArray[np.float32]
    cols: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.rows) * len(self.cols)

    def boxes(self) -> npt.NDArray[np.int64]:
        """Corners (len, 4) of the windows: x, y, width, height in pixels."""
        x, w = self.cols.argmax(1), self.cols.sum(1).astype(int)
        y, h = self.rows.argmax(1), self.rows.sum(1).astype(int)
        nx, ny = len(self.cols), len(self.rows)
        return np.stack([np.tile(x, ny), np.repeat(y, nx), np.tile(w, ny), np.repeat(h, nx)], 1)

    def spread(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Mean over the windows that cover a pixel: values (..., len) give maps (..., H, W)."""
        grid = values.reshape(*values.shape[:-1], len(self.rows), len(self.cols))
        total = self.rows.T.astype(float) @ grid @ self.cols.astype(float)
        mean: npt.NDArray[np.float64] = total / np.outer(self.rows.sum(0), self.cols.sum(0))
        return mean


def sliding_windows(
    size: tuple[int, int], window: tuple[int, int], stride: tuple[int, int]
) -> Windows:
    """Windows of `window` = (height, width) pixels each `stride` = (down, right) pixels.

    Raises
    ------
    ValueError
        If a window is larger than the image, or a stride larger than the window (some pixels
        would never be covered).
    """
    for axis, name in enumerate(("height", "width")):
        if window[axis] > size[axis]:
            raise ValueError(
                f"`window` must fit into the image, got {name} {window[axis]} for {size[axis]}"
            )
        if stride[axis] > window[axis]:
            raise ValueError(
                f"`stride` must not exceed `window`, or pixels are never covered, got "
                f"{stride[axis]} for a window of {name} {window[axis]}"
            )
    rows, cols = (
        _coverage(size[axis], starts(size[axis], window[axis], stride[axis]), window[axis])
        for axis in (0, 1)
    )
    return Windows(rows, cols)


def _coverage(size: int, first: npt.NDArray[np.int64], window: int) -> npt.NDArray[np.float32]:
    pixels = np.arange(size)
    covered = (pixels >= first[:, None]) & (pixels < first[:, None] + window)
    return covered.astype(np.float32)
