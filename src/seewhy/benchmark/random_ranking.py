"""Values that know nothing of the model: what an explanation of a row must beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular import check_seed, digest

Floats = npt.NDArray[np.float64]


class RandomRanking:
    """Ranks the features of a row at random, by values that are uniform in 0..1.

    Cost: none.

    Parameters
    ----------
    seed
        The values depend on it, on the row and on the class, and on nothing else. `None` draws
        afresh.

    Raises
    ------
    TypeError, ValueError
        If `seed` is no int, or negative.
    """

    name = "RandomRanking"

    def __init__(self, seed: int | None = 0) -> None:
        self.seed = check_seed(seed)

    @property
    def parameters(self) -> dict[str, int | None]:
        """The settings that make the values what they are, as plain JSON values."""
        return {"seed": self.seed}

    def __call__(self, rows: Floats, targets: npt.NDArray[np.int64]) -> Floats:
        """Values (N, L, K) for rows (N, K) and class ids (N, L)."""
        made = np.empty((*targets.shape, rows.shape[1]))
        for row, ids, values in zip(rows, targets, made, strict=True):
            content = int(digest(row)[:16], 16)
            for number, target in enumerate(ids):
                key = None if self.seed is None else (self.seed, content, int(target))
                values[number] = np.random.default_rng(key).random(len(row))
        return made
