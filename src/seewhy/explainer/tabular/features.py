"""The bins and categories of features, and which of them a cell is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.rows import Array


@dataclass(frozen=True)
class Feature:
    """A feature: its codes (bins, or categories) and what each of them stands for."""

    codes: Array
    """Those that the training data have, ascending."""
    frequencies: Array
    """Their shares of the training data; they sum to one."""
    borders: Array | None = None
    """Upper borders of all bins but the last, ascending; None for a categorical feature."""
    means: Array | None = None
    stds: Array | None = None
    mins: Array | None = None
    maxs: Array | None = None

    @property
    def is_categorical(self) -> bool:
        """Whether the codes are the cells themselves."""
        return self.borders is None

    def describe(self, name: str, cell: float, names: Any = None) -> str:
        """Say which bin a cell is in, or which category it is."""
        if self.borders is None:
            return f"{name}={_category(int(cell), names)}"
        borders, code = self.borders, int(np.searchsorted(self.borders, cell))
        if code == 0:
            return f"{name} <= {borders[0]:.2f}"
        if code == len(borders):
            return f"{name} > {borders[-1]:.2f}"
        return f"{borders[code - 1]:.2f} < {name} <= {borders[code]:.2f}"


class Coder:
    """Finds the bins and categories of rows of K features."""

    def __init__(self, features: Sequence[Feature]) -> None:
        borders = [() if f.borders is None else f.borders for f in features]
        most = max(map(len, borders))
        self._borders = np.full((len(features), most), np.inf)
        self._position = np.full((len(features), most + 1), -1)
        for k, edges in enumerate(borders):
            self._borders[k, : len(edges)] = edges
            if features[k].borders is not None:
                self._position[k, features[k].codes.astype(np.intp)] = range(len(features[k].codes))
        self._categories = {k: f.codes for k, f in enumerate(features) if f.is_categorical}

    def __call__(self, rows: Array) -> npt.NDArray[np.intp]:
        """Positions (N, K) in `Feature.codes` of cells (N, K); -1 for what is not there.

        A cell on a border belongs below it.
        """
        bins = (rows[:, :, None] > self._borders).sum(2)
        made: npt.NDArray[np.intp] = np.take_along_axis(self._position, bins.T, 1).T
        for k, codes in self._categories.items():
            found = np.searchsorted(codes, rows[:, k]).clip(max=len(codes) - 1)
            made[:, k] = np.where(codes[found] == rows[:, k], found, -1)
        return made


def _category(code: int, names: Any) -> str:
    if isinstance(names, Mapping):
        return str(names.get(code, code))
    return str(names[code]) if names is not None and 0 <= code < len(names) else str(code)
