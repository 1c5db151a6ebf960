"""What a score is worth: every metric from 0 (worst) to 1 (best), and one number of all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.store import MetricInfo

Array = npt.NDArray[np.float64]

WEIGHTINGS = 4000


class Worth(NamedTuple):
    """How the scores of a metric become worths.

    Attributes
    ----------
    of : callable
        Worth of a score, in [0, 1]; higher is better.
    rule : str
        How, in words.
    """

    of: Callable[[float], float]
    rule: str


def worth(metric: MetricInfo, means: Mapping[str, float], baselines: Sequence[str]) -> Worth:
    """Choose how scores of a metric become worths.

    Where both ends of its range are known, linearly between them. Where only the best or only the
    worst end is known, by the distance d from it: a reference at the distance d0 gets 0.5, d0 /
    (d0 + d) is the worth beside the best end and d / (d0 + d) beside the worst. The reference is
    the score of chance, else the mean of the baselines, else the median of the explainers. Where
    no end is known, linearly between the lowest and the highest mean of the job.

    Parameters
    ----------
    metric
        Gives range, direction and chance.
    means
        Mean score of each explainer and baseline.
    baselines
        Names of the baselines.
    """
    low, high = metric.low, metric.high
    worst, best = (low, high) if metric.higher_is_better else (high, low)
    if math.isfinite(low) and math.isfinite(high):
        return Worth(_between(worst, best), f"from {worst:g} (worst) to {best:g} (best)")
    if math.isfinite(low) or math.isfinite(high):
        reference, name = _reference(metric, means, baselines)
        end, side = (best, "best") if math.isfinite(best) else (worst, "worst")
        by = _beside(end, abs(reference - end), math.isfinite(best))
        return Worth(by, f"{end:g} is the {side}, {name} ({reference:.3g}) is worth one half")
    ends = sorted(means.values(), reverse=not metric.higher_is_better) or [0.0]
    rule = f"from {ends[0]:.3g} (worst here) to {ends[-1]:.3g} (best here), as its range has no end"
    return Worth(_between(ends[0], ends[-1]), rule)


def total(worths: Sequence[float | None], weights: Sequence[float]) -> float | None:
    """Weighted mean of the worths that there are; None if they have no weight."""
    pairs = [(w, s) for w, s in zip(weights, worths, strict=True) if s is not None]
    weight = sum(w for w, _ in pairs)
    return sum(w * s for w, s in pairs) / weight if weight > 0 else None


def wins(worths: Array, seed: int = 0) -> Array:
    """Share of all weightings in which each explainer has the highest total.

    Parameters
    ----------
    worths
        Of each explainer under each metric (E, M); NaN: no score, left out as in `total`.
    seed
        Of the 4,000 weightings, which are drawn evenly (Dirichlet with all parameters 1).

    Returns
    -------
    ndarray
        (E,), in [0, 1]; ties are shared. NaN for an explainer without any score.
    """
    known = ~np.isnan(worths)
    compared = known.any(1)
    shares = np.full(len(worths), np.nan)
    if not compared.any():
        return shares
    drawn = np.random.default_rng(seed).dirichlet(np.ones(worths.shape[1]), WEIGHTINGS)
    weight = drawn @ known[compared].T
    with np.errstate(invalid="ignore", divide="ignore"):
        totals = (drawn @ np.nan_to_num(worths[compared]).T) / weight
    best = totals >= np.nanmax(totals, axis=1, keepdims=True) - 1e-12
    shares[compared] = (best / best.sum(1, keepdims=True)).mean(0)
    return shares


def _between(worst: float, best: float) -> Callable[[float], float]:
    def of(value: float) -> float:
        if worst == best:
            return 0.5
        return min(max((value - worst) / (best - worst), 0.0), 1.0)

    return of


def _beside(end: float, reference: float, is_best: bool) -> Callable[[float], float]:
    def of(value: float) -> float:
        distance = abs(value - end)
        if distance + reference == 0:
            return 1.0 if is_best else 0.0
        return (reference if is_best else distance) / (distance + reference)

    return of


def _reference(
    metric: MetricInfo, means: Mapping[str, float], baselines: Sequence[str]
) -> tuple[float, str]:
    if metric.chance is not None:
        return metric.chance, "chance"
    found = [means[name] for name in baselines if name in means]
    if found:
        return sum(found) / len(found), "the mean of the baselines"
    return median(means.values()) if means else 0.0, "the median of the explainers"
