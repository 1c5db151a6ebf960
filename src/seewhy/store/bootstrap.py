"""95 % intervals of means over samples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DRAWS = 2000
MANY = 1000
"""With so many samples the mean is normally distributed well enough, and draws take long."""

Array = npt.NDArray[np.float64]


class Mean(NamedTuple):
    """A mean with its interval.

    Attributes
    ----------
    mean : float
        Over all explanations.
    low, high : float
        Ends of the 95 % interval; NaN for less than two samples.
    n : int
        Number of samples.
    """

    mean: float
    low: float
    high: float
    n: int


def mean_interval(sums: Array, counts: Array, seed: int = 0) -> Mean:
    """Mean of all explanations, with a bootstrap interval over the samples.

    Explanations of one sample are not independent, so whole samples are drawn again: the
    percentile bootstrap (Efron, 1979) of sum(sums) / sum(counts), with 2,000 draws. From 1,000
    samples on the normal interval of the same ratio is taken.

    Parameters
    ----------
    sums
        Sum of the scores of each sample (n,), n >= 1.
    counts
        Number of its explanations (n,).
    """
    n, total = len(sums), counts.sum()
    mean = float(sums.sum() / total)
    if n < 2:
        return Mean(mean, np.nan, np.nan, n)
    if n >= MANY:
        residuals = (sums - mean * counts) * n / total
        error = residuals.std(ddof=1) / np.sqrt(n)
        return Mean(mean, float(mean - 1.96 * error), float(mean + 1.96 * error), n)
    drawn = np.random.default_rng(seed).integers(n, size=(DRAWS, n))
    means = sums[drawn].sum(1) / counts[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Mean(mean, float(low), float(high), n)
