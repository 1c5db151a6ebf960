"""Sparseness (Chalasani et al., 2020): whether few pixels hold most of the map."""

from __future__ import annotations

import numpy as np

from seewhy.benchmark.base import Cost, LabelSensitiveMetric
from seewhy.benchmark.case import Case
from seewhy.benchmark.neutral import ZERO, neutralised, zero
from seewhy.benchmark.questions import Scores


class Sparseness(LabelSensitiveMetric):
    """Gini index of the absolute saliency map.

    With a(1) <= ... <= a(n) the absolute values of the n = H * W pixels, sorted,

        score = sum over i of (2 i - n - 1) a(i) / (n * sum of a),

    in 0..1: 0 where all pixels have the same absolute value, 1 - 1 / n where one pixel holds all.
    Higher is better, as a sparser explanation is the easier one to read. It says nothing about
    whether the map is right, so no score is that of chance: a random map with values from 0 to 1
    scores about 1/3, one of normal numbers about 0.41.

    A map of zeros holds nothing: it gets 0, the score of equal values, with a warning.

    Cost: none; the network is not asked.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.

    References
    ----------
    Chalasani, Chen, Chowdhury, Jha, Wu: Concise Explanations of Neural Networks using Adversarial
    Training. ICML 2020, arXiv:1810.06583.
    """

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, 1.0

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: nothing."""
        return Cost(0)

    def judge(self, case: Case) -> Scores:
        """See `LabelSensitiveMetric`."""
        values = np.sort(np.abs(case.maps).reshape(len(case), -1), axis=1)
        pixels = values.shape[1]
        total = values.sum(1)
        spread = values @ (2 * np.arange(1, pixels + 1) - pixels - 1)
        scores = spread / (pixels * np.where(total == 0, 1, total))
        return neutralised(scores.clip(0), 0.0, {ZERO: zero(case.maps)})
