"""Max-sensitivity (Yeh et al., 2019): how far the map moves when the image hardly does."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.benchmark.base import Cost, LabelSensitiveMetric
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_not_negative
from seewhy.benchmark.neutral import ZERO, neutralised, zero
from seewhy.benchmark.noisy_copies import (
    NoisyCopies,
    UniformNoise,
    all_draws,
    largest_change,
)
from seewhy.benchmark.questions import Judging
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.seeds import seed_words


class MaxSensitivity(LabelSensitiveMetric):
    """The largest relative change of the saliency map S in a small ball around the image.

    score = max over copies x' of ||S(x') - S(x)|| / ||S(x)||, 0 or more, **lower is better**. The
    copies are drawn uniformly from the ball of all images that differ from x by at most `radius` in
    every channel of every pixel. The largest change among a few draws is below that of the ball,
    and grows with their number.

    A map that is zero everywhere gets the neutral score 1, with a warning. How a map scores by
    chance is not known: one that does not look at the image scores 0, the best.

    Cost: `draws` explanations, no forwards beside them. The noise is the same for all samples.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    radius
        Of the ball, 0 or more, in units of the network's input.
    draws
        Number of copies.
    seed
        Of the draws; `None` draws fresh ones.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations.
    NeurIPS 2019, arXiv:1901.09392.
    """

    higher_is_better = False

    def __init__(
        self, num_labels: int, *, radius: float = 0.02, draws: int = 10, seed: int | None = 0
    ) -> None:
        super().__init__(num_labels)
        check_positive_int("draws", draws)
        check_seed(seed)
        self.radius = check_not_negative("radius", radius)
        self.draws = draws
        self.seed = seed

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {"radius": self.radius, "draws": self.draws, "seed": self.seed}

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, np.inf

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`."""
        return Cost(0, explanations=self.draws)

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        noise = UniformNoise(self.radius, seed_words(self.seed))
        draws, samples = all_draws(self.draws, len(case))
        copies = NoisyCopies(case, noise, draws, np.zeros_like(draws), samples)
        change = yield from largest_change(copies)
        return neutralised(change, 1.0, {ZERO: zero(case.maps)})
