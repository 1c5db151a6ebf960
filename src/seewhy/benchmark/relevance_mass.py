"""Relevance mass accuracy (Arras, Osman and Samek, 2022): how much of the map is on the object."""

from __future__ import annotations

from seewhy.benchmark.localization_metric import Maps, Masks, share_inside
from seewhy.benchmark.questions import Scores
from seewhy.benchmark.relevance_metric import RelevanceMetric


class RelevanceMass(RelevanceMetric):
    """The share of the relevance that lies on the object.

    score = sum of R over the pixels of the object / sum of R over all pixels, in 0..1; higher is
    better. R, parameters, errors and reference are those of `RelevanceMetric`.
    """

    def score(self, maps: Maps, masks: Masks) -> Scores:
        """See `LocalizationMetric`."""
        return share_inside(self.relevance(maps), masks)
