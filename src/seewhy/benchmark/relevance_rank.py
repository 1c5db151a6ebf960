"""Relevance rank accuracy (Arras, Osman and Samek, 2022): whether the top pixels are the object."""

from __future__ import annotations

import numpy as np

from seewhy.benchmark.localization_metric import Maps, Masks
from seewhy.benchmark.questions import Scores
from seewhy.benchmark.relevance_metric import RelevanceMetric


class RelevanceRank(RelevanceMetric):
    """The share of the object's K pixels among the K most relevant ones.

    score = (number of the K pixels of largest R that lie on the object) / K, where the object has K
    pixels; in 0..1, higher is better. Pixels of equal R are taken in random order, and the score is
    the expected one. R, parameters, errors and reference are those of `RelevanceMetric`.
    """

    def score(self, maps: Maps, masks: Masks) -> Scores:
        """See `LocalizationMetric`."""
        flat = self.relevance(maps).reshape(len(maps), -1)
        inside = masks.reshape(len(maps), -1)
        number = inside.sum(1)
        descending = -np.sort(-flat, axis=1)
        last = descending[np.arange(len(flat)), np.maximum(number, 1) - 1][:, None]
        above, level = flat > last, flat == last
        share_taken = (number - above.sum(1)) / level.sum(1)
        hits = (above & inside).sum(1) + share_taken * (level & inside).sum(1)
        some = (number > 0) & (flat.max(1) > 0)
        scores: Scores = np.where(some, hits, np.nan) / np.maximum(number, 1)
        return scores
