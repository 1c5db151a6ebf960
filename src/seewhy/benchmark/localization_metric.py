"""What the metrics share that compare a map with where the object is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.base import Cost, LabelSensitiveMetric
from seewhy.benchmark.case import Case, check_explainer, check_mask
from seewhy.benchmark.neutral import CONSTANT, constant, neutralised
from seewhy.benchmark.questions import Scores
from seewhy.explainer import Explainer
from seewhy.explainer.door import check_inputs
from seewhy.network.protocol import Tensor

Maps = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


class LocalizationMetric(LabelSensitiveMetric):
    """Scores how much of an explanation lies where the object is; asks the network nothing.

    A map whose pixels are in random order scores the share of the image that the object takes:
    chance, which differs from sample to sample (see `chance_of`). That is also the neutral score,
    given with a warning where the metric says nothing: to a constant map, and to every map if the
    mask is empty (0) or covers the whole image (1).

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    """

    needs_mask = True

    undefined = ""
    """Why the metric is not defined where `score` gives NaN."""

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, 1.0

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: nothing."""
        return Cost(0)

    def evaluate(
        self,
        explainer: Explainer,
        inputs: Tensor,
        targets: Any,
        saliency: Any = None,
        mask: Any = None,
    ) -> Scores:
        """Score the explanation of each sample.

        Parameters
        ----------
        explainer, inputs, targets, saliency
            See `LabelSensitiveMetric.evaluate`.
        mask
            Where the object is: a tensor or an array (N, 1, H, W), True or 1 on its pixels. Several
            objects are the union of their masks; `boxes_to_mask` makes one of boxes.

        Returns
        -------
        float64 array (N,); not yet aggregated.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong, or there is no mask.
        """
        if mask is None:
            raise ValueError(f"`mask` must be given, {self.name} needs one, got None")
        ops = check_explainer(explainer).ops
        check_inputs(inputs, ops)
        masks = check_mask(mask, inputs, 1, ops)[:, 0]
        return self.judge(replace(self._case(explainer, inputs, targets, saliency), masks=masks))

    def judge(self, case: Case) -> Scores:
        """See `LabelSensitiveMetric`."""
        masks = self._masks(case)
        scores = self.score(case.maps, masks)
        reasons = {
            "the mask is empty": ~masks.any((1, 2)),
            "the mask covers the whole image": masks.all((1, 2)),
            CONSTANT: constant(case.maps),
            self.undefined: np.isnan(scores),
        }
        return neutralised(scores, self.chance_of(case), reasons)

    def chance_of(self, case: Case) -> Scores:
        """See `LabelSensitiveMetric`: the share of the image that counts as the object."""
        share: Scores = self._masks(case).mean((1, 2))
        return share

    @abstractmethod
    def score(self, maps: Maps, masks: Masks) -> Scores:
        """Score maps by masks, both (N, H, W): (N,), NaN where that is not defined."""

    def area(self, masks: Masks) -> Masks:
        """Return the pixels that count as the object: those of the masks (N, H, W)."""
        return masks

    def _masks(self, case: Case) -> Masks:
        if case.masks is None:
            raise ValueError(f"`mask` must be given, {self.name} needs one, got None")
        return self.area(case.masks)


def share_inside(values: Maps, masks: Masks) -> Scores:
    """Share (N,) of non-negative values (N, H, W) that lies in the masks; NaN if all are 0."""
    peak = values.max((1, 2))
    # Sums of scaled values neither overflow nor vanish.
    scaled = values / np.where(peak > 0, peak, np.nan)[:, None, None]
    share: Scores = (scaled * masks).sum((1, 2)) / scaled.sum((1, 2))
    return share
