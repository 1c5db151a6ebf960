"""Faithfulness: whether the probability follows the pixels that the map calls important."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from seewhy.benchmark.base import Cost
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_choice, check_share
from seewhy.benchmark.curves import Curve, area, ask_bands, band_edges
from seewhy.benchmark.neutral import CONSTANT, constant, neutralised
from seewhy.benchmark.perturbation_metric import PerturbationMetric
from seewhy.benchmark.questions import Hearing, Judging, Question, Scores
from seewhy.benchmark.similarity import correlation
from seewhy.explainer import Explainer
from seewhy.explainer.perturbation import check_positive_int
from seewhy.network.protocol import Activation, Tensor
from seewhy.perturb.by_saliency import default_steps
from seewhy.perturb.references import Reference, check_reference, plain_reference

METRICS = ("NaiveFaithfulness", "DeletionAUC", "InsertionAUC")
NEUTRAL = {"NaiveFaithfulness": 0.5, "DeletionAUC": 0.0, "InsertionAUC": 0.5}
UNDEFINED = {
    "NaiveFaithfulness": "the probability does not move",
    "DeletionAUC": "the probability is 0 before anything is deleted",
    "InsertionAUC": "",
}
RANGE = {
    "NaiveFaithfulness": (0.0, 1.0),
    "DeletionAUC": (-np.inf, 1.0),
    "InsertionAUC": (0.0, 1.0),
}


class Faithfulness(PerturbationMetric):
    """Three measures of how the probability p of a label follows a saliency map.

    The pixels are ranked by the map and the top `share` of them is split into equal bands, one a
    step. Higher is better for all three.

    - `"NaiveFaithfulness"`: each band is replaced by itself. With s the mean saliency of a band
      and p the probability without it, the score is (1 - r) / 2, where r is the correlation of s
      and p over the bands; in 0..1. A map that has nothing to do with p scores about 0.5.
    - `"DeletionAUC"`: bands are replaced one after another, the most important first. The score
      is the area under the drop p(x) - p over the share of steps, by the trapezoid rule, divided
      by |p(x)|; at most 1 of probabilities, negative where p rises.
    - `"InsertionAUC"`: bands are put into the reference image one after another, the most
      important first. With A the area under the gain p - p(reference), by the trapezoid rule, the
      score is (1 + A) / 2; in 0..1.

    A constant map ranks nothing: it gets the neutral score (0.5, 0 and 0.5) with a warning. So does
    a probability that never moves (`NaiveFaithfulness`) or is 0 from the start (`DeletionAUC`).

    Cost: one forward for each step and one or two more.

    Parameters
    ----------
    num_labels, activation_fn, perturbation_per_eval
        See `PerturbationMetric`.
    metric
        One of the three.
    share
        Share of the pixels that is replaced or inserted, in (0, 1].
    steps
        Number of bands; by default the whole part of the square root of H * W.
    reference
        What replaces a pixel. See `seewhy.perturb.references.make_reference`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Petsiuk, Das, Saenko: RISE. BMVC 2018, arXiv:1806.07421 (deletion and insertion). Alvarez-Melis,
    Jaakkola: Towards Robust Interpretability with Self-Explaining Neural Networks. NeurIPS 2018,
    arXiv:1806.07538 (faithfulness as a correlation).
    """

    kinds = METRICS

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation,
        metric: Literal["NaiveFaithfulness", "DeletionAUC", "InsertionAUC"] = "NaiveFaithfulness",
        *,
        share: float = 0.5,
        steps: int | None = None,
        reference: Reference = 0.0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels, activation_fn, perturbation_per_eval)
        check_choice("metric", metric, METRICS)
        if steps is not None:
            check_positive_int("steps", steps)
        check_reference(reference)
        self.metric = metric
        self.share = check_share("share", share)
        self.steps = steps
        self.reference = reference

    @property
    def name(self) -> str:
        """See `Metric`: the name of the measure."""
        return self.metric

    @property
    def parameters(self) -> dict[str, Any]:
        """See `LabelSensitiveMetric`."""
        return {
            "share": self.share,
            "steps": self.steps,
            "reference": plain_reference(self.reference),
        }

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return RANGE[self.metric]

    @property
    def chance(self) -> float | None:
        """See `Metric`."""
        return 0.5 if self.metric == "NaiveFaithfulness" else None

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`."""
        naive = self.metric == "NaiveFaithfulness"
        return Cost(len(self._edges(size[0] * size[1])) - (1 if naive else 0))

    def curve(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any = None
    ) -> Curve:
        """Return the probabilities behind the score; parameters and errors as in `evaluate`.

        Of "NaiveFaithfulness", the share is that of the pixels before the end of each band.
        """
        case = self._case(explainer, inputs, targets, saliency)
        hearing = Hearing(case.network, np.unique(case.ids), self.check_outputs)
        pixels = case.size[0] * case.size[1]
        edges = self._edges(pixels)
        edges = edges[1:] if self.metric == "NaiveFaithfulness" else edges
        return Curve(np.array(edges) / pixels, hearing.settle([self._probabilities(case)])[0])

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        p = yield from self._probabilities(case)
        if self.metric == "NaiveFaithfulness":
            scores = self._naive(case, p)
        elif self.metric == "DeletionAUC":
            scores = area(p[:, :1] - p) / np.where(p[:, 0] == 0, np.nan, np.abs(p[:, 0]))
        else:
            scores = (1 + area(p - p[:, :1])) / 2
        reasons = {CONSTANT: constant(case.maps), UNDEFINED[self.metric]: np.isnan(scores)}
        return neutralised(scores, NEUTRAL[self.metric], reasons)

    def _probabilities(self, case: Case) -> Generator[Question, Scores, Scores]:
        """Ask for the curve (N, steps) of the measure."""
        pixels = case.size[0] * case.size[1]
        edges = self._edges(pixels)
        bands = {
            "NaiveFaithfulness": list(pairwise(edges)),
            "DeletionAUC": [(0, edge) for edge in edges],
            "InsertionAUC": [(edge, pixels) for edge in edges],
        }[self.metric]
        answers = yield ask_bands(case, bands, self.reference, self.perturbation_per_eval)
        return answers.reshape(len(case), -1)

    def _naive(self, case: Case, p: Scores) -> Scores:
        edges = self._edges(case.size[0] * case.size[1])
        values = -np.sort(-case.maps.reshape(len(case), -1), axis=1)
        means = values[:, : edges[-1]].reshape(len(case), len(edges) - 1, -1).mean(2)
        normalised: Scores = (1 - correlation(means, p)) / 2
        return normalised

    def _edges(self, pixels: int) -> list[int]:
        return band_edges(pixels, self.share, self.steps or default_steps(pixels))
