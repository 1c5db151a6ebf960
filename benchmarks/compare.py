"""Whether two contenders say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Maps = npt.NDArray[np.floating[Any]]

EQUAL = 1e-3
"""Maps that lie further apart are not called equal: far above rounding, far below an error."""


def to_numpy(maps: Any) -> Maps:
    """Copy maps of either framework, or an array, to float64."""
    for name in ("detach", "asnumpy", "numpy"):
        if hasattr(maps, name):
            maps = getattr(maps, name)()
    return np.asarray(maps, np.float64)


def difference(one: Maps, other: Maps, *, normalised: bool = False) -> float:
    """Return the largest difference of maps (N, L, H, W), in units of each map's peak.

    With `normalised`, both are first scaled to 0..1, map by map.
    """
    if normalised:
        one, other = _scaled(one), _scaled(other)
    peak = np.abs(one).max((2, 3), keepdims=True)
    return float((np.abs(one - other) / np.where(peak > 0, peak, 1)).max())


def _scaled(maps: Maps) -> Maps:
    low = maps.min((2, 3), keepdims=True)
    spread = maps.max((2, 3), keepdims=True) - low
    return (maps - low) / np.where(spread > 0, spread, 1)
