"""Rows drawn from the training data's marginals, as LIME perturbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from seewhy.explainer.tabular.features import Feature
from seewhy.explainer.tabular.rows import Array


@dataclass(frozen=True)
class Neighbourhood:
    """M rows that no row to be explained has a part in, so that all rows can share them."""

    positions: npt.NDArray[Any]
    """(K, M) the bin or category of each cell, as its position in `Feature.codes`."""
    values: Array
    """(M, K) the cells themselves."""


def draw(features: Sequence[Feature], number: int, seed: int | list[int] | None) -> Neighbourhood:
    """Draw `number` rows, every cell independently of the others.

    The bin or category is drawn as often as the training data have it; a bin's cell then from the
    normal distribution with the mean and standard deviation of the bin, truncated to the bin.
    """
    random = np.random.default_rng(seed)
    most = max(len(feature.codes) for feature in features)
    positions = np.empty((len(features), number), np.int8 if most < 128 else np.int32)
    values = np.empty((number, len(features)))
    for index, feature in enumerate(features):
        steps = np.cumsum(feature.frequencies)
        # The last step may be a rounding below one.
        found = np.searchsorted(steps[:-1], random.random(number), side="right")
        positions[index] = found
        values[:, index] = _cells(feature, feature.codes[found], random)
    return Neighbourhood(positions, values)


def _cells(feature: Feature, codes: Array, random: np.random.Generator) -> Array:
    """Cells of the bins `codes`, by the inverse of the truncated normal distribution."""
    tables = (feature.means, feature.stds, feature.mins, feature.maxs)
    if any(table is None for table in tables):
        return codes
    bins = codes.astype(np.intp)
    mean, std, low, high = (np.asarray(table) for table in tables)
    from_, to = ndtr((low - mean) / std), ndtr((high - mean) / std)
    share = from_[bins] + random.random(len(codes)) * (to - from_)[bins]
    # A bin of one value has no width: rounding must not carry its cells out of it.
    cells: Array = np.clip(mean[bins] + std[bins] * ndtri(share), low[bins], high[bins])
    return cells
