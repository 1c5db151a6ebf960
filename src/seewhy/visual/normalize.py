"""Saliency maps on a common scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seewhy.visual.arrays import Array, check_bool, to_map

# A range of this many rounding steps of the largest value is noise, not a map.
_NOISE_STEPS = 8


def normalize_saliency(saliency: Array, signed: bool = False) -> NDArray[Any]:
    """Bring a saliency map to 0..1, or to -1..1 around zero.

    Unsigned: (s - min s) / (max s - min s). Signed: s / max |s|, so that zero stays zero. A map
    that is constant up to rounding says nothing about where, and becomes all zeros (signed: only
    a map that is all zeros does).

    Parameters
    ----------
    saliency
        One map: (H, W), (1, H, W) or (1, 1, H, W), floating-point NumPy array or tensor of any
        framework. Every value must be finite.
    signed
        Keep the sign; for maps in which negative values speak against the class.

    Returns
    -------
    numpy.ndarray
        (H, W) in [0, 1], or [-1, 1] if `signed`; float64 for float64 maps, otherwise float32.

    Raises
    ------
    TypeError
        If `saliency` is no array or tensor, or `signed` is no bool.
    ValueError
        If `saliency` is not one map of floating-point numbers, is empty, or holds NaN or infinity.
    """
    check_bool("signed", signed)
    values = to_map("saliency", saliency)
    peak = np.abs(values).max()
    if peak == 0:
        return np.zeros_like(values)
    # float64 and division by the peak first: no overflow, whatever the map's magnitude.
    scaled = values.astype(np.float64) / float(peak)
    if not signed:
        span = scaled.max() - scaled.min()
        if span <= _NOISE_STEPS * np.finfo(values.dtype).eps:
            return np.zeros_like(values)
        scaled = (scaled - scaled.min()) / span
    return scaled.astype(values.dtype)
