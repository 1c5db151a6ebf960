"""Infidelity (Yeh et al., 2019): whether the map foretells what a perturbation does."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import numpy as np

from seewhy.benchmark.base import Cost
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import (
    check_choice,
    check_not_negative,
    check_share,
)
from seewhy.benchmark.infidelity_perturbations import NoisyReference, Perturbations, Squares
from seewhy.benchmark.neutral import ZERO, neutralised, zero
from seewhy.benchmark.perturbation_metric import PerturbationMetric
from seewhy.benchmark.questions import Indices, Judging, Question, Scores
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.protocol import Activation, Tensor
from seewhy.network.seeds import seed_words
from seewhy.perturb.references import Reference, check_reference, plain_reference

PERTURBATIONS = ("square", "noise")


class Infidelity(PerturbationMetric):
    """How far the map S is from foretelling what perturbations I do to the output f.

    score = mean over I of (b * sum(I * S) - (f(x) - f(x perturbed by I)))^2, 0 or more, **lower is
    better**. f is the probability of the label, or its logit. With `normalize`, as the scale of
    most maps means nothing, b is the number of 0 or more that makes the score least, the positive
    part of mean(sum(I * S) * df) / mean(sum(I * S)^2) with df the change of f; else b = 1. Two
    perturbations of the paper:

    - `"square"`: the pixels of a square at a random place become those of the reference. I is 1 in
      the square and 0 elsewhere: S says what a pixel is worth.
    - `"noise"`: the image becomes the reference under Gaussian noise ("noisy baseline"). I is the
      difference between the two, summed over the channels: S says what a unit of the input is
      worth, as a gradient does.

    A map that is zero everywhere foretells no change: it gets mean(df^2), with a warning; with
    `normalize` no map scores above that. How a map scores by chance is not known.

    Cost: `draws` forwards and one more, at the most, as equal squares are asked for once.
    Perturbations are the same for all samples.

    Parameters
    ----------
    num_labels, perturbation_per_eval
        See `PerturbationMetric`.
    activation_fn
        See `PerturbationMetric`; `None`: f is the logit.
    perturbation
        One of the two.
    draws
        Number of perturbations.
    normalize
        Whether the map is scaled for the best.
    side
        Side of the square as a share of the short side of the image, in (0, 1]; at least one pixel.
    deviation
        Standard deviation of the noise, 0 or more, in units of the network's input.
    reference
        See `seewhy.perturb.references.make_reference`.
    seed
        Of the perturbations; `None` draws fresh ones.

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
    takes_logits = True

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation | None,
        perturbation: Literal["square", "noise"] = "square",
        *,
        draws: int = 100,
        normalize: bool = True,
        side: float = 0.25,
        deviation: float = 0.2,
        reference: Reference = 0.0,
        seed: int | None = 0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels, activation_fn, perturbation_per_eval)
        check_choice("perturbation", perturbation, PERTURBATIONS)
        check_positive_int("draws", draws)
        if not isinstance(normalize, bool):
            raise TypeError(f"`normalize` must be a bool, got {type(normalize).__name__}")
        check_reference(reference)
        check_seed(seed)
        self.perturbation = perturbation
        self.draws = draws
        self.normalize = normalize
        self.side = check_share("side", side)
        self.deviation = check_not_negative("deviation", deviation)
        self.reference = reference
        self.seed = seed

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`: those of the perturbation."""
        size = {"square": "side", "noise": "deviation"}[self.perturbation]
        names = ("perturbation", "draws", "normalize", size, "seed")
        made = {name: getattr(self, name) for name in names}
        return {
            **made,
            "output": "logit" if self.activation_fn is None else "probability",
            "reference": plain_reference(self.reference),
        }

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, np.inf

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: at the most, as squares may repeat."""
        return Cost(1 + self.draws)

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        perturbations = self._perturbations(case)
        answers = yield self._question(case, perturbations)
        f, perturbed = answers[: len(case)], answers[len(case) :].reshape(self.draws, -1)
        foretold, change = perturbations.foretold(), f - perturbed
        if self.normalize:
            foretold = best_scale(foretold, change) * foretold
        scores = ((foretold - change) ** 2).mean(0)
        return neutralised(scores, scores, {ZERO: zero(case.maps)})

    def _perturbations(self, case: Case) -> Perturbations:
        words = seed_words(self.seed)
        if self.perturbation == "noise":
            return NoisyReference(case, self.reference, self.draws, words, self.deviation)
        side = max(1, round(min(case.size) * self.side))
        return Squares(case, self.reference, self.draws, words, side)

    def _question(self, case: Case, perturbations: Perturbations) -> Question:
        """Ask for f of the samples (N,), then of those under each perturbation (draws * N,)."""
        number, ops = len(case), case.ops
        keys: list[Hashable] = [("original", n) for n in range(number)]
        keys += [perturbations.key(k, n) for k in range(self.draws) for n in range(number)]

        def make(index: Indices) -> Tensor:
            first = index[index < number]
            rest = index[index >= number] - number
            made = [case.inputs[ops.tensor(first)]] if len(first) else []
            if len(rest):
                made.append(perturbations.make(rest // number, rest % number))
            return made[0] if len(made) == 1 else ops.concat(made)

        at_once = case.network.batch_size(case.inputs, self.perturbation_per_eval)
        return Question(keys, make, np.tile(case.ids, self.draws + 1), at_once)


def best_scale(foretold: Scores, change: Scores) -> Scores:
    """The b >= 0 (N,) that makes mean((b * foretold - change)^2) over (draws, N) least."""
    largest = np.abs(foretold).max(0)
    largest = np.where(largest > 0, largest, 1)
    scaled = foretold / largest  # so that squares neither overflow nor vanish
    power = (scaled**2).sum(0)
    scale: Scores = (scaled * change).sum(0) / np.where(power > 0, power, 1) / largest
    return scale.clip(0)
