"""LIME's linear models as rules: texts with weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.features import Feature
from seewhy.explainer.tabular.rows import Array

Rules: TypeAlias = list[list[list[tuple[str, float]]]]
"""[sample][label][feature] of (description, weight), the largest |weight| first."""

Texts: TypeAlias = list[list[list[str]]]
"""[sample][label][feature]."""


@dataclass(frozen=True)
class RuleTexts:
    """Says which bin or category a cell is in."""

    features: Sequence[Feature]
    names: Sequence[str]
    categories: Mapping[int, Any]
    """Names of the codes of categorical features."""

    def __call__(self, rows: Array, chosen: npt.NDArray[np.int64]) -> Texts:
        """Texts of the features `chosen` (N, L, F) of the rows (N, K)."""
        return [
            [[self._text(row, k) for k in kept] for kept in labels]
            for row, labels in zip(rows, chosen.tolist(), strict=True)
        ]

    def _text(self, row: Array, k: int) -> str:
        return self.features[k].describe(self.names[k], row[k], self.categories.get(k))


def with_weights(texts: Texts, weights: Array) -> Rules:
    """Rules: the texts with their weights (N, L, F)."""
    return [
        [list(zip(*rule, strict=True)) for rule in zip(*row, strict=True)]
        for row in zip(texts, weights.tolist(), strict=True)
    ]
