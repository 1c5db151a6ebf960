"""ROAD (Rong et al., 2022): remove and debias."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Literal

import numpy as np

from seewhy.benchmark.base import Cost
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_choice, check_not_negative
from seewhy.benchmark.curves import Curve
from seewhy.benchmark.neutral import CONSTANT, constant, neutralised
from seewhy.benchmark.perturbation_metric import PerturbationMetric
from seewhy.benchmark.questions import Hearing, Indices, Judging, Question, Scores
from seewhy.explainer import Explainer
from seewhy.explainer.perturbation import check_seed
from seewhy.network.protocol import Activation, Tensor
from seewhy.network.seeds import seed_words
from seewhy.perturb.imputation import imputed

ORDERS = ("MoRF", "LeRF", "combined")
NAMES = {"MoRF": "ROADMoRF", "LeRF": "ROADLeRF", "combined": "ROADCombined"}
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


class ROAD(PerturbationMetric):
    """How the probability p of a label follows pixels that are removed and filled in again.

    A share of the pixels is removed, the most or the least relevant first. Each removed pixel
    becomes the weighted mean of its neighbours (see `seewhy.perturb.imputation.imputed`) and a
    little noise, so that the network can read from the image neither what was removed nor its
    shape. With p(k, MoRF) and p(k, LeRF) the probabilities that are left at the k-th share, the
    score is the mean over k of

    - `"MoRF"` (most relevant first): p(x) - p(k, MoRF),
    - `"LeRF"` (least relevant first): p(k, LeRF) - p(x),
    - `"combined"`: p(k, LeRF) - p(k, MoRF); a map that has nothing to do with the network scores 0
      on average.

    All are in -1..1 if the activation gives probabilities, and higher is better. The paper plots
    the accuracy over many samples for each share and order; the probability is what a single sample
    has of it.

    A constant map ranks nothing: it gets 0 with a warning.

    Cost: a forward for each share and order, and one more but for `"combined"`; a sparse linear
    system for each share and order, about 0.01 s at 224 x 224.

    Parameters
    ----------
    num_labels, activation_fn, perturbation_per_eval
        See `PerturbationMetric`.
    order
        One of the three.
    shares
        Shares of the pixels that are removed, each in (0, 1).
    noise
        Standard deviation of the noise, in the units of the network's input; 0 or more.
    seed
        Of the noise, which is the same for all samples; None draws other noise at each call.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Rong, Leemann, Borisov, Kasneci, Kasneci: A Consistent and Efficient Evaluation Strategy for
    Attribution Methods. ICML 2022, arXiv:2202.00449.
    """

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation,
        order: Literal["MoRF", "LeRF", "combined"] = "MoRF",
        *,
        shares: Sequence[float] = SHARES,
        noise: float = 0.01,
        seed: int | None = 0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels, activation_fn, perturbation_per_eval)
        check_choice("order", order, ORDERS)
        check_seed(seed)
        self.order = order
        self.shares = _checked(shares)
        self.noise = check_not_negative("noise", noise)
        self.seed = seed

    @property
    def name(self) -> str:
        """See `Metric`: tells the orders apart."""
        return NAMES[self.order]

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {"shares": list(self.shares), "noise": self.noise, "seed": self.seed}

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return -1.0, 1.0

    @property
    def chance(self) -> float | None:
        """See `Metric`."""
        return 0.0 if self.order == "combined" else None

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`."""
        return Cost(2 * len(self.shares) if self.order == "combined" else len(self.shares) + 1)

    def curve(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any = None
    ) -> Curve:
        """Return the probabilities behind the score, from share 0 on; arguments as of `evaluate`.

        Raises
        ------
        TypeError, ValueError
            As `evaluate`; and of order "combined", which has two curves: those of the others.
        """
        if self.order == "combined":
            raise ValueError(
                "`order` must be MoRF or LeRF for a curve, got combined, which is both"
            )
        case = self._case(explainer, inputs, targets, saliency)
        hearing = Hearing(case.network, np.unique(case.ids), self.check_outputs)
        bands = sorted(self._bands(case, self.order), key=lambda band: band[1] - band[0])
        asking = self._probabilities(case, [(0, 0), *bands])
        share = np.diff([(0, 0), *bands])[:, 0] / (case.size[0] * case.size[1])
        return Curve(share, hearing.settle([asking])[0])

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        none = [(0, 0)] * len(self.shares)
        most = none if self.order == "LeRF" else self._bands(case, "MoRF")
        least = none if self.order == "MoRF" else self._bands(case, "LeRF")
        p = yield from self._probabilities(case, [*most, *least])
        scores = (p[:, len(most) :] - p[:, : len(most)]).mean(1)
        return neutralised(scores, 0.0, {CONSTANT: constant(case.maps)})

    def _bands(self, case: Case, order: str) -> list[tuple[int, int]]:
        """Ranks (low, high) of what is removed for each share."""
        pixels = case.size[0] * case.size[1]
        edges = [int(pixels * share) for share in self.shares]
        if 0 in edges:
            raise ValueError(
                f"`shares` must remove at least one of the {pixels} pixels, got {min(self.shares)}"
            )
        return [(0, edge) if order == "MoRF" else (pixels - edge, pixels) for edge in edges]

    def _probabilities(
        self, case: Case, bands: Sequence[tuple[int, int]]
    ) -> Generator[Question, Scores, Scores]:
        """Ask for the probabilities (N, bands) without the pixels of each band of ranks."""
        ops, across = case.ops, len(bands)
        limits, words = np.array(bands), seed_words(self.seed)
        images = ops.numpy(case.inputs)
        images = images.astype(np.result_type(images, np.float32))
        drawn = np.random.default_rng(words).standard_normal(images.shape[1:])
        noise = (self.noise * drawn).astype(images.dtype)

        def make(index: Indices) -> Tensor:
            low, high = limits[index % across].T[:, :, None, None]
            ranked = case.ranked[index // across]
            hidden = (low <= ranked) & (ranked < high)
            filled = imputed(images[index // across], hidden)
            return ops.tensor(filled + noise * hidden[:, None], like=case.inputs)

        def key(n: int, low: int, high: int) -> tuple[object, ...]:
            if low == high:
                return "original", n
            return "imputed", n, case.orders[n], low, high, words, self.noise

        keys = [key(n, *band) for n in range(len(case)) for band in bands]
        at_once = case.network.batch_size(case.inputs, self.perturbation_per_eval)
        answers = yield Question(keys, make, np.repeat(case.ids, across), at_once)
        return answers.reshape(len(case), across)


def _checked(shares: Any) -> tuple[float, ...]:
    """Return the shares as floats; TypeError or ValueError if they are none in (0, 1)."""
    if isinstance(shares, str) or not isinstance(shares, (Sequence, np.ndarray)):
        raise TypeError(f"`shares` must be a list of numbers, got {type(shares).__name__}")
    for share in shares:
        if isinstance(share, bool) or not isinstance(share, (int, float, np.number)):
            raise TypeError(f"`shares` must be a list of numbers, got {share!r} in it")
        if not 0 < share < 1:
            raise ValueError(f"`shares` must be in (0, 1), got {share}")
    if not len(shares):
        raise ValueError("`shares` must hold at least one share, got none")
    return tuple(float(share) for share in shares)
