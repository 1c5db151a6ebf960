"""The constrained weighted least squares of Kernel SHAP, factorised once for all outputs."""

from __future__ import annotations

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from seewhy.explainer.shapley.coalitions import Coalitions, Floats

_SINGULAR = 1e-12
"""A pivot below this share of the largest one is rounding, no information."""


class ShapleyRegression:
    """Shapley values out of the values of coalitions.

    With z the members (n, M) and w the weights of the coalitions, v their values, v0 that of the
    empty and v1 that of the complete one, phi minimises

        sum over n of w[n] (v[n] - v0 - z[n] . phi)^2    where the sum of phi is v1 - v0.

    The constraint is the direction of the ones: the members are centred, which makes the matrix
    singular along it; it is filled there, and the solution is centred and given its exact sum.
    """

    def __init__(self, coalitions: Coalitions) -> None:
        members = coalitions.members.astype(np.float64)
        self._share = members.mean(1)
        centred = members - self._share[:, None]
        self._weighted = (centred * coalitions.weights[:, None]).T
        gram = self._weighted @ centred
        size = len(gram)
        gram += np.trace(gram) / size**2
        self._factor = _factor(gram)
        self._inverse = None if self._factor else np.linalg.pinv(gram, 1e-10, hermitian=True)

    def solve(self, values: Floats, empty: Floats, full: Floats) -> Floats:
        """Shapley values (M, R) out of the values (n, R) of coalitions and the two ends (R,)."""
        gain = full - empty
        right = self._weighted @ (values - empty - self._share[:, None] * gain)
        made = cho_solve(self._factor, right) if self._factor else self._inverse @ right
        solution: Floats = made - made.mean(0) + gain / len(made)
        return solution


def _factor(gram: Floats) -> tuple[Floats, bool] | None:
    """Cholesky factor, or None where the coalitions leave a direction undetermined."""
    try:
        factor = cho_factor(gram)
    except LinAlgError:
        return None
    pivots = np.diag(factor[0]) ** 2
    return factor if pivots.min() > _SINGULAR * pivots.max() else None
