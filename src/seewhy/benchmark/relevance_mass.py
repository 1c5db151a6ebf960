"""Relevance mass accuracy (Arras, Osman and Samek, 2022): how much of the map is on the object."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from seewhy.benchmark.checks import check_choice
from seewhy.benchmark.localization_metric import LocalizationMetric, Maps, Masks, share_inside
from seewhy.benchmark.questions import Scores

NEGATIVE = ("zero", "absolute")
NO_RELEVANCE = "the saliency map has no relevance"


class RelevanceMass(LocalizationMetric):
    """The share of the relevance that lies on the object.

    score = sum of R over the pixels of the object / sum of R over all pixels, in 0..1; higher is
    better. R is the saliency map without its negative values, or its absolute value.

    Chance and neutral scores are those of `LocalizationMetric`; a map without any R is neutral too.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    negative
        What becomes of negative values: `"zero"`, as what speaks against a class does not show
        where its object is, or `"absolute"`. The paper has both ("sum,pos" and "sum,abs").

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
        return share_inside(relevance(maps, self.negative), masks)


def relevance(maps: Maps, negative: str) -> Maps:
    """Maps without negative values: those become 0, or lose their sign."""
    made: Maps = np.abs(maps) if negative == "absolute" else np.maximum(maps, 0)
    return made
