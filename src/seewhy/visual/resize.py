"""Bilinear resizing of maps in floating point."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.visual.arrays import Array, to_numpy


def resize_bilinear(maps: Array, size: tuple[int, int]) -> NDArray[Any]:
    """Resize maps by bilinear interpolation with half-pixel centres.

    Pixel i of n lies at (i + 0.5) / n, values outside the outermost centres are repeated. The same
    numbers as ``torch.nn.functional.interpolate(mode="bilinear", align_corners=False)``: no
    anti-aliasing when shrinking, nothing is rounded or clipped.

    Parameters
    ----------
    maps
        (..., H, W) floating-point array or tensor of any framework.
    size
        (height, width) of the result, both positive.

    Returns
    -------
    numpy.ndarray
        (..., height, width), float32, or float64 for float64 maps.

    Raises
    ------
    TypeError
        If `maps` is no array or tensor, or `size` is not a pair of ints.
    ValueError
        If `maps` has fewer than two axes, is empty or not finite, or a size is not positive.
    """
    array = to_numpy("maps", maps)
    if array.ndim < 2:
        raise ValueError(f"`maps` must have shape (..., H, W), got {array.shape}")
    height, width = _check_size(size)
    wide = _resize_last_axis(array, width)
    return _resize_last_axis(wide.swapaxes(-1, -2), height).swapaxes(-1, -2)


def _resize_last_axis(values: NDArray[Any], new: int) -> NDArray[Any]:
    """Interpolate linearly along the last axis."""
    old = values.shape[-1]
    if old == new:
        return values
    position = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    low = position.astype(np.intp)
    high = np.minimum(low + 1, old - 1)
    weight = (position - low).astype(values.dtype)
    return np.asarray(values[..., low] * (1 - weight) + values[..., high] * weight)


def _check_size(size: object) -> tuple[int, int]:
    """Return `size` as two positive ints."""
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise TypeError(f"`size` must be a pair (height, width), got {size!r}")
    for value in size:
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"`size` must be a pair of ints, got {size!r}")
        if value < 1:
            raise ValueError(f"`size` must be positive, got {size!r}")
    return int(size[0]), int(size[1])
