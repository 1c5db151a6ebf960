"""Shapley values by their definition, over all coalitions."""

from __future__ import annotations

from math import comb

import numpy as np

from seewhy.explainer.shapley.coalitions import Floats


def shapley_values(values: Floats) -> Floats:
    """Shapley values (K, ...) of a game out of the values (2^K, ...) of all its coalitions.

    phi[i] = sum over the coalitions S without i of |S|! (K - |S| - 1)! / K! (v(S + i) - v(S)).

    `values[c]` belongs to the coalition of the features i for which bit i of c is 1.
    """
    number = len(values)
    num_features = number.bit_length() - 1
    codes = np.arange(number)
    sizes = (codes[:, None] >> np.arange(num_features) & 1).sum(1)
    made = []
    for feature in range(num_features):
        without = codes[codes >> feature & 1 == 0]
        weights = [1 / (num_features * comb(num_features - 1, size)) for size in sizes[without]]
        gains = values[without | 1 << feature] - values[without]
        made.append(np.tensordot(weights, gains, axes=1))
    return np.array(made)
