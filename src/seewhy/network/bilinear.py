"""Bilinear interpolation as a matrix for each axis: enlarging a map is two small products."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt


@lru_cache(maxsize=32)
def interpolation(old: int, new: int) -> npt.NDArray[np.float32]:
    """Weights (new, old) of linear interpolation from `old` to `new` pixels, half-pixel centres.

    Positions outside the outermost centres take the value there; no anti-aliasing when shrinking.
    """
    position = np.clip((np.arange(new) + 0.5) * (old / new) - 0.5, 0, old - 1)
    distance = np.abs(position[:, None] - np.arange(old))
    weights: npt.NDArray[np.float32] = np.maximum(0, 1 - distance).astype(np.float32)
    return weights
