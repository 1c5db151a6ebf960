"""The background: rows that stand for the values which features take when they are left out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from seewhy.explainer.shapley.coalitions import Floats, Members

MANY = 100
"""Rows above which a background is worth a note."""


@dataclass(frozen=True)
class Background:
    """B rows (B, K) with weights (B,) of sum 1."""

    rows: Floats
    weights: Floats

    def mean(self, outputs: Floats) -> Floats:
        """Weighted mean (..., L) of outputs (..., B, L) on the rows."""
        made: Floats = np.matmul(self.weights, outputs)
        return made

    def differs(self, rows: Floats) -> Members:
        """(N, K): whether a row's value differs from that of any row of the background."""
        low, high = self.rows.min(0), self.rows.max(0)
        made: Members = (rows != low) | (rows != high)
        return made


def make_background(rows: Floats, summarise: int | None) -> Background:
    """Take all rows with the same weight, or let `summarise` rows stand for them.

    Those are the centres of k-means on the columns in units of their standard deviations, each
    value moved to the nearest one that the column has, weighted by the share of rows around them.

    Warns
    -----
    UserWarning
        If there is one row only, or there are many and they are not summarised.
    """
    if len(rows) == 1:
        warnings.warn(
            "`features` has one row only: values say how a row differs from that one; give a "
            "sample of the data to compare with what is usual",
            UserWarning,
            stacklevel=4,
        )
    if summarise is None or summarise >= len(rows):
        if len(rows) > MANY:
            warnings.warn(
                f"`features` has {len(rows)} rows, and every question is asked on each of them; "
                "`summarise=50` lets 50 weighted rows stand for them",
                UserWarning,
                stacklevel=4,
            )
        return Background(rows, np.full(len(rows), 1 / len(rows)))
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    if len(distinct) <= summarise:
        return Background(distinct, counts / len(rows))
    from sklearn.cluster import KMeans  # slow to import

    spread = rows.std(0)
    scaled = rows / np.where(spread > 0, spread, 1)
    groups = KMeans(summarise, n_init=4, random_state=0).fit(scaled)
    counts = np.bincount(groups.labels_, minlength=summarise)
    nearest = [np.abs(scaled - centre).argmin(0) for centre in groups.cluster_centers_]
    return Background(np.take_along_axis(rows, np.array(nearest), 0), counts / len(rows))


def coalition_values(
    predict: Callable[[Floats], Floats],
    background: Background,
    rows: Floats,
    members: Members,
    rows_at_once: int,
) -> Floats:
    """Values (N, n, L) of coalitions (n, K), or (N, n, K) of each row's own, for rows (N, K).

    The value of a coalition is the mean output where its features have the row's values and all
    others those of each row of the background. No more than `rows_at_once` rows exist at a time,
    or as many as the background has.
    """
    per_batch = max(1, rows_at_once // len(background.rows))
    number = members.shape[-2]
    questions = np.arange(len(rows) * number)
    made = []
    for start in range(0, len(questions), per_batch):
        row, coalition = np.divmod(questions[start : start + per_batch], number)
        asked = members[coalition] if members.ndim == 2 else members[row, coalition]
        mixed = np.where(asked[:, None], rows[row][:, None], background.rows)
        outputs = predict(mixed.reshape(-1, rows.shape[1]))
        made.append(background.mean(outputs.reshape(*mixed.shape[:2], -1)))
    return np.concatenate(made).reshape(len(rows), number, -1)
