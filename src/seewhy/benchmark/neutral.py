"""What is scored where a metric is not defined: its neutral value, and never without a word."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

Where = npt.NDArray[np.bool_]


def neutralised(
    scores: npt.NDArray[np.float64],
    neutral: float | npt.NDArray[np.float64],
    reasons: dict[str, Where],
) -> npt.NDArray[np.float64]:
    """Put the neutral value where any of the reasons (N,) holds, and warn of each that does.

    The value is one for all samples, or (N,). A sample for which several reasons hold is counted
    under the first.
    """
    undefined = np.zeros(len(scores), bool)
    value = "" if isinstance(neutral, np.ndarray) else f" {neutral:.3g}"
    for reason, where in reasons.items():
        number = int((where & ~undefined).sum())
        if number:
            samples = "1 sample" if number == 1 else f"{number} samples"
            warnings.warn(f"neutral score{value} for {samples}: {reason}", stacklevel=2)
        undefined |= where
    return np.where(undefined, neutral, scores)


def constant(maps: npt.NDArray[np.float64]) -> Where:
    """Whether each of the maps (N, H, W) has the same value everywhere."""
    return np.asarray(np.ptp(maps, axis=(1, 2)) == 0)


def zero(maps: npt.NDArray[np.float64]) -> Where:
    """Whether each of the maps (N, H, W) holds nothing but zeros."""
    return np.asarray(~maps.any(axis=(1, 2)))


CONSTANT = "the saliency map is constant"
ZERO = "the saliency map is zero everywhere"
