"""Localization: whether the map is large where the object is."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.ndimage import distance_transform_edt

from seewhy.benchmark.checks import check_choice, check_not_negative
from seewhy.benchmark.localization_metric import LocalizationMetric, Maps, Masks
from seewhy.benchmark.questions import Scores

METRICS = ("PointingGame", "IoSR")


class Localization(LocalizationMetric):
    """Two measures of whether a saliency map S is large where the object is.

    Higher is better for both.

    - `"PointingGame"`: 1 if the peak of S lies on the object or within `tolerance` pixels of it,
      else 0. Of several equal peaks the first one in row order is meant.
    - `"IoSR"` (intersection over salient region): the share of the salient region, where
      S > `theta` * max S, that lies on the object; in 0..1. A map without a positive value has no
      such region.

    Chance and neutral scores are those of `LocalizationMetric`; with a tolerance, the pixels within
    it count as the object's. IoSR gives the neutral score also to a map without a positive value.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    metric
        One of the two.
    tolerance
        Of the pointing game: Euclidean distance in pixels, 0 or more. The paper's is 15, on images
        about 500 pixels wide.
    theta
        Of IoSR: share of the maximum, in [0, 1).

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Zhang, Lin, Brandt, Shen, Sclaroff: Top-down Neural Attention by Excitation Backprop. ECCV 2016,
    arXiv:1608.00507 (pointing game).
    """

    kinds = METRICS
    undefined = "no value of the saliency map is positive"

    def __init__(
        self,
        num_labels: int,
        metric: Literal["PointingGame", "IoSR"] = "PointingGame",
        *,
        tolerance: float = 0,
        theta: float = 0.5,
    ) -> None:
        super().__init__(num_labels)
        check_choice("metric", metric, METRICS)
        self.metric = metric
        self.tolerance = check_not_negative("tolerance", tolerance)
        self.theta = check_not_negative("theta", theta)
        if theta >= 1:
            raise ValueError(f"`theta` must be less than 1, got {theta}")

    @property
    def name(self) -> str:
        """See `Metric`: the name of the measure."""
        return self.metric

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`: those of the measure."""
        if self.metric == "PointingGame":
            return {"tolerance": self.tolerance}
        return {"theta": self.theta}

    def score(self, maps: Maps, masks: Masks) -> Scores:
        """See `LocalizationMetric`."""
        if self.metric == "PointingGame":
            peaks = maps.reshape(len(maps), -1).argmax(1)
            hits: Scores = masks.reshape(len(maps), -1)[np.arange(len(maps)), peaks] * 1.0
            return hits
        peak = maps.max((1, 2))
        salient = maps > self.theta * np.where(peak > 0, peak, np.nan)[:, None, None]
        inside = (salient & masks).sum((1, 2))
        iosr: Scores = inside / np.where(peak > 0, salient.sum((1, 2)), np.nan)
        return iosr

    def area(self, masks: Masks) -> Masks:
        """See `LocalizationMetric`: in the pointing game also the pixels within the tolerance."""
        if self.metric != "PointingGame" or self.tolerance == 0:
            return masks
        return np.stack(
            [
                distance_transform_edt(~mask) <= self.tolerance if mask.any() else mask
                for mask in masks
            ]
        )
