"""Faithfulness correlation (Bhatt et al., 2020): random pixels together instead of ranked ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from seewhy.benchmark.base import Cost
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_share
from seewhy.benchmark.curves import reference_key
from seewhy.benchmark.neutral import CONSTANT, constant, neutralised
from seewhy.benchmark.perturbation_metric import PerturbationMetric
from seewhy.benchmark.questions import Indices, Judging, Question, Scores
from seewhy.benchmark.similarity import correlation
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.protocol import Activation, Tensor
from seewhy.network.seeds import seed_words
from seewhy.perturb.references import Reference, check_reference, make_reference, plain_reference


class FaithfulnessCorrelation(PerturbationMetric):
    """Whether pixels that the map gives more are worth more to the network, together.

    With random subsets S of the pixels, all of the same size, a the saliency map, p the probability
    of the label and x_S the image whose pixels in S are replaced:

        score = Pearson correlation over S of (sum of a over S) and (p(x) - p(x_S)),

    in -1..1; higher is better. A map that has nothing to do with the network scores 0 on average.

    A constant map gives every subset the same sum: it gets 0 with a warning. So does a probability
    that never moves.

    Cost: one forward for each subset; p(x) changes no correlation. The subsets are the same for all
    maps of a sample, so explainers that are scored together share the forwards.

    Parameters
    ----------
    num_labels, activation_fn, perturbation_per_eval
        See `PerturbationMetric`.
    subsets
        Number of subsets, two or more. The score of a single sample wavers by about
        1 / sqrt(subsets).
    share
        Share of the pixels in each subset, in (0, 1); at least one pixel.
    reference
        What replaces a pixel. See `seewhy.perturb.references.make_reference`.
    seed
        Of the subsets; None draws other ones at each call, and then nothing is shared.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Bhatt, Weller, Moura: Evaluating and Aggregating Feature-based Model Explanations. IJCAI 2020,
    arXiv:2005.00631.
    """

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation,
        *,
        subsets: int = 100,
        share: float = 0.2,
        reference: Reference = 0.0,
        seed: int | None = 0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels, activation_fn, perturbation_per_eval)
        check_positive_int("subsets", subsets)
        if subsets < 2:
            raise ValueError(f"`subsets` must be two or more, got {subsets}")
        if check_share("share", share) == 1:
            raise ValueError(f"`share` must be in (0, 1), got {share}")
        check_reference(reference)
        check_seed(seed)
        self.subsets = subsets
        self.share = float(share)
        self.reference = reference
        self.seed = seed

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {
            "subsets": self.subsets,
            "share": self.share,
            "reference": plain_reference(self.reference),
            "seed": self.seed,
        }

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return -1.0, 1.0

    @property
    def chance(self) -> float:
        """See `Metric`."""
        return 0.0

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`."""
        return Cost(self.subsets)

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        words, pixels = seed_words(self.seed), case.size[0] * case.size[1]
        drawn = _drawn(words, self.subsets, max(1, int(pixels * self.share)), pixels)
        answers = yield self._question(case, words, drawn)
        worth = -answers.reshape(len(case), -1)
        given = _sums(case.maps.reshape(len(case), -1), drawn)
        scores = correlation(given, worth)
        reasons = {
            CONSTANT: constant(case.maps),
            "the probability does not move": np.isnan(correlation(worth, worth)),
            "every subset has the same sum": np.isnan(scores),
        }
        return neutralised(scores, 0.0, reasons)

    def _question(self, case: Case, words: tuple[int, ...], drawn: Indices) -> Question:
        """Ask for the probability without each subset: (N * subsets,), the first sample's first."""
        ops, across = case.ops, len(drawn)
        made: list[Tensor] = []

        def make(index: Indices) -> Tensor:
            if not made:
                made.append(make_reference(self.reference, case.inputs, ops))
            samples = ops.tensor(index // across)
            hidden = np.zeros((len(index), case.size[0] * case.size[1]), bool)
            np.put_along_axis(hidden, drawn[index % across], True, axis=1)
            where = ops.tensor(hidden.reshape(-1, 1, *case.size))
            each = made[0].ndim == 4 and made[0].shape[0] > 1
            return ops.where(where, made[0][samples] if each else made[0], case.inputs[samples])

        kind = (words, drawn.shape[1], reference_key(self.reference))
        keys = [("subset", n, k, kind) for n in range(len(case)) for k in range(across)]
        at_once = case.network.batch_size(case.inputs, self.perturbation_per_eval)
        return Question(keys, make, np.repeat(case.ids, across), at_once)


@lru_cache(maxsize=2)
def _drawn(words: tuple[int, ...], subsets: int, each: int, pixels: int) -> Indices:
    """Pixels (subsets, each) of each subset; the k-th does not depend on how many there are."""
    random = np.random.default_rng(words)
    return np.stack([random.permutation(pixels)[:each] for _ in range(subsets)])


def _sums(maps: Scores, drawn: Indices) -> Scores:
    """Sums (N, subsets) of maps (N, pixels) over each subset."""
    subsets, each = drawn.shape
    starts = np.arange(0, drawn.size + 1, each)
    members = sparse.csr_matrix(
        (np.ones(drawn.size), drawn.ravel(), starts), shape=(subsets, maps.shape[1])
    )
    sums: Scores = (members @ maps.T).T
    return sums
