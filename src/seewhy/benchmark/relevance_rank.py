"""Relevance rank accuracy (Arras, Osman and Samek, 2022): whether the top pixels are the object."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from seewhy.benchmark.checks import check_choice
from seewhy.benchmark.localization_metric import LocalizationMetric, Maps, Masks
from seewhy.benchmark.questions import Scores
from seewhy.benchmark.relevance_mass import NEGATIVE, NO_RELEVANCE, relevance


class RelevanceRank(LocalizationMetric):
    """The share of the object's K pixels among the K most relevant ones.

    score = (number of the K pixels of largest R that lie on the object) / K, where the object has K
    pixels; in 0..1, higher is better. R is the saliency map without its negative values, or its
    absolute value. Pixels of equal R are taken in random order, and the score is the expected one.

    Chance and neutral scores are those of `LocalizationMetric`; a map without any R is neutral too.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    negative
        See `RelevanceMass`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Arras, Osman, Samek: CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural
    network explanations. Information Fusion 81, 2022, arXiv:2003.07258.
    """

    undefined = NO_RELEVANCE

    def __init__(self, num_labels: int, *, negative: Literal["zero", "absolute"] = "zero") -> None:
        super().__init__(num_labels)
        check_choice("negative", negative, NEGATIVE)
        self.negative = negative

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {"negative": self.negative}

    def score(self, maps: Maps, masks: Masks) -> Scores:
        """See `LocalizationMetric`."""
        flat = relevance(maps, self.negative).reshape(len(maps), -1)
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
