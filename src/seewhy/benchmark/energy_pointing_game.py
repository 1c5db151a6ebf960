"""Energy-based pointing game (Wang et al., 2020): how much of the map is in the box."""

from __future__ import annotations

import numpy as np

from seewhy.benchmark.localization_metric import LocalizationMetric, Maps, Masks, share_inside
from seewhy.benchmark.questions import Scores


class EnergyPointingGame(LocalizationMetric):
    """The share of the map's energy that lies in the box around the object.

    score = sum of S in the box / sum of S in the image, in 0..1; higher is better. As in the paper,
    whose maps come out of a ReLU, negative values of the saliency map S count as 0. Given the same
    mask it is what `RelevanceMass` is; the papers differ in the mask, a box here, the object's own
    pixels there.

    Chance and neutral scores are those of `LocalizationMetric`; a map without a positive value is
    neutral too.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.

    References
    ----------
    Wang et al.: Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks.
    CVPR Workshops 2020, arXiv:1910.01279.
    """

    undefined = "no value of the saliency map is positive"

    def score(self, maps: Maps, masks: Masks) -> Scores:
        """See `LocalizationMetric`."""
        return share_inside(np.maximum(maps, 0), masks)
