"""95 % intervals of means over samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

DRAWS = 2000
MANY = 1000
"""With so many samples the mean is normally distributed well enough, and draws take long."""
AT_ONCE = 256

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
        Number of samples; 0 if only the mean is known.
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
    return mean_intervals([(sums, counts)], seed)[0]


def mean_intervals(groups: Sequence[tuple[Array, Array]], seed: int = 0) -> list[Mean]:
    """`mean_interval` of many groups of samples; those of one size share their draws."""
    sizes: dict[int, list[int]] = {}
    for index, (sums, _) in enumerate(groups):
        sizes.setdefault(len(sums), []).append(index)
    made: dict[int, Mean] = {}
    for n, members in sizes.items():
        if n < 2:
            means = [
                Mean(float(sums[0] / counts[0]), np.nan, np.nan, n)
                for sums, counts in (groups[index] for index in members)
            ]
        elif n >= MANY:
            means = [_normal(*groups[index]) for index in members]
        else:
            means = _drawn([groups[index] for index in members], n, seed)
        made.update(zip(members, means, strict=True))
    return [made[index] for index in range(len(groups))]


def _normal(sums: Array, counts: Array) -> Mean:
    n, total = len(sums), counts.sum()
    mean = sums.sum() / total
    residuals = (sums - mean * counts) * n / total
    error = residuals.std(ddof=1) / np.sqrt(n)
    return Mean(float(mean), float(mean - 1.96 * error), float(mean + 1.96 * error), n)


def _drawn(groups: Sequence[tuple[Array, Array]], n: int, seed: int) -> list[Mean]:
    rows = np.random.default_rng(seed).integers(n, size=(DRAWS, n))
    rows += np.arange(DRAWS)[:, None] * n
    times = np.bincount(rows.ravel(), minlength=DRAWS * n).reshape(DRAWS, n).astype(np.float64)
    made: list[Mean] = []
    for start in range(0, len(groups), AT_ONCE):
        sums, counts = np.array(groups[start : start + AT_ONCE]).transpose(1, 2, 0)
        drawn = (times @ sums) / (times @ counts)
        low, high = np.percentile(drawn, (2.5, 97.5), axis=0).tolist()
        means = sums.sum(0) / counts.sum(0)
        made += [Mean(*ends, n) for ends in zip(means.tolist(), low, high, strict=True)]
    return made
