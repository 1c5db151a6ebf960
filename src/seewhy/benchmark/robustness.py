"""Robustness: whether the map stays the same under noise that leaves the answer the same."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from seewhy.benchmark.base import Cost
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_not_negative
from seewhy.benchmark.neutral import ZERO, neutralised, zero
from seewhy.benchmark.noisy_copies import (
    NoisyCopies,
    UniformNoise,
    all_draws,
    largest_change,
)
from seewhy.benchmark.perturbation_metric import PerturbationMetric
from seewhy.benchmark.questions import Indices, Judging, Question, Scores
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.protocol import Activation
from seewhy.network.seeds import seed_words

NEUTRAL = float(np.exp(-1))
"""That of a map which changes by as much as there is of it."""


class Robustness(PerturbationMetric):
    """How little the saliency map S moves when noise that the network hardly notices is added.

    score = exp(-max over copies x' of ||S(x') - S(x)|| / ||S(x)||), in 0..1, higher is better. Each
    copy x' is x plus noise, uniform in -`level`..`level`. Noise that moves the probabilities of all
    classes by more than `limit`, in the Euclidean norm, is drawn again; what is drawn at the last
    of the `tries` is taken as it is.

    A map that is zero everywhere gets the neutral score exp(-1), with a warning. How a map scores
    by chance is not known: one that does not look at the image scores 1.

    Cost: `draws` explanations, and to learn what the network notices 1 + draws * (tries - 1)
    forwards at the most; none with one try. The noise is the same for all samples.

    Parameters
    ----------
    num_labels, activation_fn, perturbation_per_eval
        See `PerturbationMetric`.
    level
        Of the noise, 0 or more, in units of the network's input.
    draws
        Number of copies.
    tries
        How often the noise of a copy is drawn at the most.
    limit
        Largest change of the probabilities that noise may make, 0 or more.
    seed
        Of the noise; `None` draws fresh noise.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Yeh, Hsieh, Suggala, Inouye, Ravikumar: On the (In)fidelity and Sensitivity of Explanations.
    NeurIPS 2019, arXiv:1901.09392 (max-sensitivity).
    """

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation,
        *,
        level: float = 0.2,
        draws: int = 10,
        tries: int = 3,
        limit: float = 0.1,
        seed: int | None = 0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels, activation_fn, perturbation_per_eval)
        check_positive_int("draws", draws)
        check_positive_int("tries", tries)
        check_seed(seed)
        self.level = check_not_negative("level", level)
        self.draws = draws
        self.tries = tries
        self.limit = check_not_negative("limit", limit)
        self.seed = seed

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {name: getattr(self, name) for name in ("level", "draws", "tries", "limit", "seed")}

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, 1.0

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: at the most, as noise that goes unnoticed is not drawn again."""
        forwards = 0 if self.tries == 1 else 1 + self.draws * (self.tries - 1)
        return Cost(forwards, explanations=self.draws)

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        copies = yield from self._unnoticed(case)
        change = yield from largest_change(copies)
        return neutralised(np.exp(-change), NEUTRAL, {ZERO: zero(case.maps)})

    def _unnoticed(self, case: Case) -> Generator[Question, Scores, NoisyCopies]:
        """Ask for the probabilities under noise; return the copies that are explained."""
        noise = UniformNoise(self.level, seed_words(self.seed))
        draws, samples = all_draws(self.draws, len(case))
        attempts = np.zeros_like(draws)
        if self.tries > 1:
            original = yield self._ask_original(case)
        pending: Indices = np.arange(len(draws))
        for _ in range(self.tries - 1):
            tried = NoisyCopies(case, noise, draws[pending], attempts[pending], samples[pending])
            moved = (yield tried.ask_outputs(self.perturbation_per_eval)) - original[tried.samples]
            pending = pending[np.linalg.norm(moved, axis=1) > self.limit]
            attempts[pending] += 1
            if not len(pending):
                break
        return NoisyCopies(case, noise, draws, attempts, samples)

    def _ask_original(self, case: Case) -> Question:
        keys = [("original", n) for n in range(len(case))]
        at_once = case.network.batch_size(case.inputs, self.perturbation_per_eval)
        return Question(keys, lambda index: case.inputs[case.ops.tensor(index)], None, at_once)
