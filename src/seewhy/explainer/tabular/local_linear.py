"""The weighted ridge regression of LIME, for all labels of a row at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.rows import Array

SELECTIONS = ("auto", "forward_selection", "highest_weights", "none")

MOST_FOR_FORWARD = 6
"""With more features than these to be kept, "auto" keeps those of the highest weights."""


@dataclass(frozen=True)
class Moments:
    """Weighted moments of a design x (M, K) and outputs y (M, L): all that a ridge needs."""

    mean_x: Array
    mean_y: Array
    covariance: Array
    """(K, K) sum of w (x - mean)(x - mean)'."""
    cross: Array
    """(K, L) sum of w (x - mean)(y - mean)'."""
    spread: Array
    """(L,) sum of w (y - mean)²."""


@dataclass(frozen=True)
class Fit:
    """L linear models of a row."""

    features: npt.NDArray[np.int64]
    """(L, F) the features kept, by decreasing |weight|."""
    weights: Array
    """(L, F) their weights."""
    intercepts: Array
    """(L,)"""
    scores: Array
    """(L,) R², weighted."""


def fit(found: Moments, max_features: int, selection: str) -> Fit:
    """Choose features for each label and solve the ridge with penalty 1 on them."""
    chosen = select(found, max_features, selection)
    matrix = found.covariance[chosen[:, :, None], chosen[:, None, :]]
    cross = np.take_along_axis(found.cross.T, chosen, 1)
    penalty = np.eye(chosen.shape[1])
    if (chosen == chosen[0]).all():
        weights = np.linalg.solve(matrix[0] + penalty, cross.T).T  # one factorisation for all
    else:
        weights = np.linalg.solve(matrix + penalty, cross[..., None])[..., 0]
    explained = 2 * (weights * cross).sum(1) - np.einsum("lf,lfg,lg->l", weights, matrix, weights)
    order = np.argsort(-np.abs(weights), axis=1, kind="stable")
    return Fit(
        np.take_along_axis(chosen, order, 1),
        np.take_along_axis(weights, order, 1),
        found.mean_y - (weights * found.mean_x[chosen]).sum(1),
        # A constant output is explained in full by its mean.
        np.where(found.spread > 0, explained / np.where(found.spread > 0, found.spread, 1), 1.0),
    )


def select(found: Moments, number: int, selection: str) -> npt.NDArray[np.int64]:
    """Return the (L, F) features to keep, the most important first."""
    size, labels = found.cross.shape
    if selection == "none" or number >= size:
        return np.tile(np.arange(size), (labels, 1))
    if selection == "auto":
        selection = "forward_selection" if number <= MOST_FOR_FORWARD else "highest_weights"
    if selection == "forward_selection":
        return np.array([_forward(found, label, number) for label in range(labels)])
    weights = np.linalg.solve(found.covariance + 0.01 * np.eye(size), found.cross)
    return np.argsort(-np.abs(weights.T), axis=1, kind="stable")[:, :number]


def _forward(found: Moments, label: int, number: int) -> list[int]:
    """Add, one by one, the feature that raises R² most, of least squares without a penalty.

    What is left of the moments after regressing on the features kept shows every gain at once.
    """
    left, cross = found.covariance.copy(), found.cross[:, label].copy()
    smallest = 1e-9 * np.diag(left)
    kept: list[int] = []
    for _ in range(number):
        spread = np.diag(left)
        free = spread > smallest
        gains = np.where(free, cross**2 / np.where(free, spread, 1), 0.0)
        gains[kept] = -1
        best = int(gains.argmax())
        kept.append(best)
        if free[best]:
            column = left[:, best] / left[best, best]
            cross = cross - column * cross[best]
            left = left - np.outer(column, left[best])
    return kept
