"""LIME's linear models around rows, from what the predictor answers for them and for draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.local_linear import Fit, Moments, fit
from seewhy.explainer.tabular.rows import Array

_ROUNDING = 1e-12
"""Outputs that differ by less than this share of their mean are constant."""


@dataclass(frozen=True)
class LocalModels:
    """The linear models that LIME fits: N samples, L labels, F features of each kept."""

    features: npt.NDArray[np.int64]
    """(N, L, F) indexes of the features kept, the largest |weight| first."""
    weights: Array
    """(N, L, F) their weights."""
    intercepts: Array
    """(N, L) the linear model's answer where no feature is as the sample's."""
    scores: Array
    """(N, L) weighted R²: how much of the predictor's variation the linear model explains."""
    outputs: Array
    """(N, L) the predictor's own answer for the sample."""

    def dense(self, num_features: int) -> Array:
        """Weights (N, L, K) of all features: zero for those not kept."""
        return self._spread(self.weights, num_features)

    def kept(self, num_features: int) -> Array:
        """Return (N, L, K): 1 for the features kept, else 0."""
        return self._spread(np.ones_like(self.weights), num_features)

    def _spread(self, values: Array, num_features: int) -> Array:
        made = np.zeros((*values.shape[:2], num_features))
        np.put_along_axis(made, self.features, values, 2)
        return made


class WeightSpread(NamedTuple):
    """How much the weight of a feature depends on the random draws."""

    description: str
    mean: float
    spread: float
    """Standard deviation over the draws; a feature that is not kept counts as zero."""
    kept: float
    """Share of the draws in which the feature was among those kept."""


@dataclass(frozen=True)
class Settings:
    """How the models are fitted."""

    kernel_width: float
    max_features: int
    selection: str


def local_models(
    positions: npt.NDArray[np.intp],
    drawn: npt.NDArray[np.int_],
    own: Array,
    outputs: Iterator[Array],
    settings: Settings,
) -> LocalModels:
    """Fit the models of N rows to M drawn rows and the row itself.

    Parameters
    ----------
    positions
        (N, K) bins and categories of the rows.
    drawn
        (K, M) those of the draws.
    own
        (N, L) the predictor's answers for the rows.
    outputs
        For each row (M, L), the answers for the draws.
    settings
        How.
    """
    number = drawn.shape[1] + 1
    room = np.empty((drawn.shape[0], number))
    answers = np.empty((number, own.shape[1]))
    fits: list[Fit] = []
    for row, answer, others in zip(positions, own, outputs, strict=True):
        room[:, 0] = 1
        room[:, 1:] = drawn == row[:, None].astype(drawn.dtype)
        answers[0], answers[1:] = answer, others
        found = moments(room, answers, settings.kernel_width)
        fits.append(fit(found, settings.max_features, settings.selection))
    return LocalModels(
        np.stack([made.features for made in fits]),
        np.stack([made.weights for made in fits]),
        np.stack([made.intercepts for made in fits]),
        np.stack([made.scores for made in fits]),
        own,
    )


def moments(same: Array, answers: Array, kernel_width: float) -> Moments:
    """Weighted moments of `same` (K, M) of 0 and 1, which is overwritten, and answers (M, L).

    The weight of a row is exp(-d² / 2w²), where d² is the number of its zeros.
    """
    size = len(same)
    agreeing = np.ones(size) @ same
    # There are K + 1 distances only.
    kernel = np.exp(-np.arange(size, -1, -1) / (2 * kernel_width**2))
    weights = kernel[agreeing.astype(np.intp)]
    total = weights.sum()
    mean_x, mean_y = same @ weights / total, weights @ answers / total
    root = np.sqrt(weights)
    x, y = np.multiply(same, root, out=same), (answers - mean_y) * root[:, None]
    # Of zeros and ones the mean may be taken off the product: few digits cancel.
    covariance = x @ x.T - total * np.outer(mean_x, mean_x)
    spread = np.einsum("ml,ml->l", y, y)
    spread[spread <= total * (_ROUNDING * mean_y) ** 2] = 0
    return Moments(mean_x, mean_y, covariance, x @ y, spread)
