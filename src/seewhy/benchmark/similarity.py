"""How alike rows of numbers or maps are."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from seewhy.benchmark.questions import Scores

SIGMA, C1, C2 = 1.5, 0.01**2, 0.03**2
"""Constants of structural similarity for values in 0..1 (Wang et al., 2004)."""

ROUNDING = 1e-12
"""A spread of so small a share of the largest value is the rounding of a constant."""


def correlation(one: Scores, other: Scores) -> Scores:
    """Pearson's correlation of the rows of (N, n) and (N, n); NaN where a row is constant."""
    one, other = (_centred(rows) for rows in (one, other))
    found: Scores = (one * other).sum(1).clip(-1, 1)
    return found


def _centred(rows: Scores) -> Scores:
    """Rows less their mean, of length 1; NaN where a row is constant."""
    largest = np.abs(rows).max(1, keepdims=True)
    # Squares of scaled values neither overflow nor vanish.
    scaled = rows / np.where(largest > 0, largest, 1)
    centred = scaled - scaled.mean(1, keepdims=True)
    spread = np.sqrt((centred**2).sum(1, keepdims=True))
    made: Scores = centred / np.where(spread > ROUNDING, spread, np.nan)
    return made


def rank_correlation(one: Scores, other: Scores) -> Scores:
    """Spearman's correlation of maps (N, H, W): that of their ranks, the mean rank for ties."""
    ranks = (rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (one, other))
    return correlation(*ranks)


def structural_similarity(one: Scores, other: Scores) -> Scores:
    """Mean structural similarity (Wang et al., 2004) of maps (N, H, W), each scaled to 0..1.

    Of local means m, variances v and covariance c under a Gaussian window with a standard deviation
    of 1.5 pixels (11 x 11, the map mirrored at its edges):
    (2 m m' + 0.0001) (2 c + 0.0009) / ((m^2 + m'^2 + 0.0001) (v + v' + 0.0009)). NaN where a map is
    constant.
    """
    x, y = _scaled(one), _scaled(other)
    mx, my = _blurred(x), _blurred(y)
    vx, vy = _blurred(x * x) - mx**2, _blurred(y * y) - my**2
    covariance = _blurred(x * y) - mx * my
    index = (2 * mx * my + C1) * (2 * covariance + C2)
    index /= (mx**2 + my**2 + C1) * (vx + vy + C2)
    made: Scores = index.mean((1, 2))
    return made


def _scaled(maps: Scores) -> Scores:
    low, high = (edge(maps, axis=(1, 2), keepdims=True) for edge in (np.min, np.max))
    made: Scores = (maps - low) / np.where(high > low, high - low, np.nan)
    return made


def _blurred(maps: Scores) -> Scores:
    made: Scores = gaussian_filter(maps, (0, SIGMA, SIGMA), mode="reflect", truncate=3.5)
    return made
