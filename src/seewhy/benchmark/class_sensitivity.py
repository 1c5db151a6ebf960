"""Class sensitivity: whether the maps of the likeliest and the unlikeliest class differ."""

from __future__ import annotations

import numpy as np

from seewhy.benchmark.base import Cost, LabelAgnosticMetric
from seewhy.benchmark.case import Subject, check_saliency
from seewhy.benchmark.neutral import constant, neutralised
from seewhy.benchmark.questions import Judging, Question
from seewhy.benchmark.similarity import correlation

AT_ONCE = 32


class ClassSensitivity(LabelAgnosticMetric):
    """How much an explainer's map depends on which class it explains.

    score = (1 - r) / 2, where r is Pearson's correlation of the pixels of two maps, that of the
    class with the highest output and that of the class with the lowest; in 0..1, higher is better.
    Maps that have nothing to do with each other score 0.5, equal ones 0.

    If a map is constant, or all outputs of the network are equal, the score is the neutral 0.5,
    with a warning.

    Cost: one forward, and one explanation of two labels.

    References
    ----------
    Nie, Zhang, Patel: A Theoretical Explanation for Perplexing Behaviors of Backpropagation-based
    Visualizations. ICML 2018, arXiv:1805.07039 (why maps may not depend on the class).
    """

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, 1.0

    @property
    def chance(self) -> float:
        """See `Metric`: that of two maps that have nothing to do with each other."""
        return 0.5

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`."""
        return Cost(1, explanations=2)

    def judge(self, subject: Subject) -> Judging:
        """See `LabelAgnosticMetric`."""
        outputs = yield Question(
            [("original", n) for n in range(len(subject))],
            lambda index: subject.inputs[subject.ops.tensor(index)],
            None,
            subject.network.batch_size(subject.inputs, AT_ONCE),
        )
        classes = np.stack([outputs.argmax(1), outputs.argmin(1)], axis=1)
        made = subject.explainer(subject.inputs, classes, show=False)
        maps = check_saliency(made, subject.inputs, 2, subject.ops)
        flat = maps.reshape(len(subject), 2, -1)
        r = correlation(flat[:, 0], flat[:, 1])
        reasons = {
            "the outputs of the network are all equal": classes[:, 0] == classes[:, 1],
            "a saliency map is constant": constant(maps[:, 0]) | constant(maps[:, 1]) | np.isnan(r),
        }
        return neutralised((1 - r) / 2, 0.5, reasons)
