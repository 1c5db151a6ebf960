"""Noisy linear imputation pixel by pixel, solved directly in float64."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import spsolve

Array = npt.NDArray[np.float64]

WEIGHTS = {
    **dict.fromkeys([(0, 1), (0, -1), (1, 0), (-1, 0)], 1 / 6),
    **dict.fromkeys([(1, 1), (1, -1), (-1, 1), (-1, -1)], 1 / 12),
}


def imputed(image: Array, hidden: npt.NDArray[np.bool_]) -> Array:
    """Image (C, H, W), hidden (H, W): each hidden pixel is the weighted mean of its neighbours."""
    height, width = hidden.shape
    places = [(i, j) for i in range(height) for j in range(width) if hidden[i, j]]
    number = {place: k for k, place in enumerate(places)}
    system = sparse.lil_matrix((len(places), len(places)))
    right = np.zeros((len(places), len(image)))
    for (i, j), k in number.items():
        for (down, across), weight in WEIGHTS.items():
            near = i + down, j + across
            if not (0 <= near[0] < height and 0 <= near[1] < width):
                continue
            system[k, k] += weight
            if near in number:
                system[k, number[near]] -= weight
            else:
                right[k] += weight * image[:, near[0], near[1]]
    made = image.copy()
    made[:, hidden] = spsolve(system.tocsc(), right).reshape(right.shape).T
    return made
