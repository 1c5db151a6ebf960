"""Complexity (Bhatt et al., 2020): over how many pixels the map is spread."""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from seewhy.benchmark.base import Cost, LabelSensitiveMetric
from seewhy.benchmark.case import Case
from seewhy.benchmark.neutral import ZERO, neutralised, zero
from seewhy.benchmark.questions import Scores


class Complexity(LabelSensitiveMetric):
    """Entropy of the absolute saliency map.

    With P(i) = |a(i)| / sum of |a| the share of pixel i in the map,

        score = - sum over i of P(i) ln P(i),

    in nats, from 0 where one pixel holds all to ln(H * W) where all pixels have the same absolute
    value: scores of images of different sizes do not compare. Lower is better, as an explanation of
    fewer pixels is the easier one to read. It says nothing about whether the map is right, so no
    score is that of chance: a random map with values from 0 to 1 scores about ln(H * W) - 0.19.

    A map of zeros holds nothing: it gets ln(H * W), the score of equal values, with a warning.

    Cost: none; the network is not asked.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.

    References
    ----------
    Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations. IJCAI 2020,
    arXiv:2005.00631.
    """

    higher_is_better = False

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`: the highest score is ln(H * W)."""
        return 0.0, np.inf

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: nothing."""
        return Cost(0)

    def judge(self, case: Case) -> Scores:
        """See `LabelSensitiveMetric`."""
        values = np.abs(case.maps).reshape(len(case), -1)
        total = values.sum(1, keepdims=True)
        scores = entr(values / np.where(total == 0, 1, total)).sum(1)
        most = float(np.log(values.shape[1]))
        return neutralised(scores.clip(0), most, {ZERO: zero(case.maps)})
