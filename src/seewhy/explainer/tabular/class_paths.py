"""Straight paths from the samples of each class to the nearest ones of each other class."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.integrate import trapezoid
from scipy.spatial import KDTree

from seewhy.explainer.tabular.rows import Array

_ROWS_OF_PATHS = 16384
"""Points of paths that are made together, if they are not too wide."""

_CELLS_OF_PATHS = 2**22


@dataclass(frozen=True)
class ClassPaths:
    """How paths are scored; see `PseudoLinearCoef` for the formula and the fields."""

    predict: Callable[[Array], Array]
    """Probabilities (n, L) of rows (n, K) that were made for the call."""
    stepwise: bool
    monte_carlo: int
    riemann: int
    eps: float
    seed: int | None

    def mean_scores(self, rows: Array, members: npt.NDArray[np.bool_]) -> Array:
        """Mean scores (L, L, K), by target and view-point class.

        `members` (G, L) tells which of the rows (G, K) belong to which classes.
        """
        num_classes = members.shape[1]
        made = np.zeros((num_classes, num_classes, rows.shape[1]))
        random = np.random.default_rng(self.seed)
        for target in range(num_classes):
            goals = rows[members[:, target]]
            tree = KDTree(goals) if len(goals) else None
            for view in range(num_classes):
                starts = rows[members[:, view]]
                if view == target or tree is None or not len(starts):
                    continue
                if len(starts) > self.monte_carlo:
                    starts = random.choice(starts, self.monte_carlo, replace=False)
                ends = goals[tree.query(starts)[1]]
                made[target, view] = self._scores(starts, ends, target).mean(0)
        return made

    def _scores(self, starts: Array, ends: Array, target: int) -> Array:
        """Scores (Q, K) of Q paths."""
        steps = ends - starts
        lengths = (steps**2).sum(1)
        scores, far = np.zeros_like(steps), lengths >= self.eps
        if self.stepwise:
            scores[far] = steps[far] / np.sqrt(lengths[far])[:, None]
        elif far.any():
            parts = self._slopes(starts[far], ends[far], target)
            scores[far] = steps[far] * (np.concatenate(list(parts)) / lengths[far])[:, None]
        return scores

    def _slopes(self, starts: Array, ends: Array, target: int) -> Iterator[Array]:
        """Rise of the probability over the mean entropy, for some paths at a time."""
        shares: Array = np.linspace(0, 1, self.riemann)[:, None]
        points_at_once = min(_ROWS_OF_PATHS, _CELLS_OF_PATHS // starts.shape[1])
        together = max(1, points_at_once // self.riemann)
        for begin in range(0, len(starts), together):
            part = slice(begin, begin + together)
            points: Array = (1 - shares) * starts[part, None]
            points = points + shares * ends[part, None]
            outputs = self.predict(points.reshape(-1, starts.shape[1]))
            p = outputs[:, target].reshape(-1, self.riemann)
            mean = trapezoid(_entropy(p, self.eps), dx=1 / (self.riemann - 1))
            # Without entropy along the path the probability does not change either.
            yield np.where(mean > 0, (p[:, -1] - p[:, 0]) / np.where(mean > 0, mean, 1), 0)


def _entropy(p: Array, eps: float) -> Array:
    """Binary entropy in bits; a probability in single precision may be a little above 1."""
    q = np.clip(1 - p, 0, 1)
    made: Array = -p * np.log2(p + eps) - q * np.log2(q + eps)
    return made
