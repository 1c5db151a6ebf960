"""What relevance mass and relevance rank share (Arras, Osman and Samek, 2022)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from seewhy.benchmark.checks import check_choice
from seewhy.benchmark.localization_metric import LocalizationMetric, Maps


class RelevanceMetric(LocalizationMetric):
    """Looks at the relevance R: the map without its negative values, or its absolute value.

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

    undefined = "the saliency map has no relevance"

    def __init__(self, num_labels: int, *, negative: Literal["zero", "absolute"] = "zero") -> None:
        super().__init__(num_labels)
        check_choice("negative", negative, ("zero", "absolute"))
        self.negative = negative

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {"negative": self.negative}

    def relevance(self, maps: Maps) -> Maps:
        """Return R (N, H, W)."""
        made: Maps = np.abs(maps) if self.negative == "absolute" else np.maximum(maps, 0)
        return made
