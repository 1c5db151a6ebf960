"""Model-parameter randomisation (Adebayo et al., 2018): whether the map needs what was learned."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.base import Cost, LabelSensitiveMetric
from seewhy.benchmark.case import Case
from seewhy.benchmark.checks import check_choice
from seewhy.benchmark.explanations import MapQuestion
from seewhy.benchmark.neutral import CONSTANT, constant, neutralised
from seewhy.benchmark.questions import Judging, Scores
from seewhy.benchmark.similarity import rank_correlation, structural_similarity
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.protocol import Network
from seewhy.network.seeds import seed_words
from seewhy.network.untrained import check_names

ORDERS = ("cascading", "independent")
NAMES = {"cascading": "CascadingRandomisation", "independent": "IndependentRandomisation"}
SIMILARITIES = {"spearman": rank_correlation, "ssim": structural_similarity}


class ParameterRandomisation(LabelSensitiveMetric):
    """How much of a saliency map goes when layers of the network forget what they learned.

    The layers are given the parameters of an untrained network (see
    `seewhy.network.protocol.Network.randomised`, also for BatchNorm) in steps, from the output down
    to the input, and the sample is explained anew after each step. With m the map of the network
    itself and m(i) that after step i,

        score = 1 - mean over i of similarity(m, m(i)),

    in 0..2; higher is better, about 1 for an explainer whose maps are lost with the weights. A map
    that does not look at the weights stays as it is and scores 0: that is the score of chance.

    A constant m is like nothing: it gets 0 with a warning. A constant m(i) has similarity 0.

    The network comes back exactly as it was. The saliency maps, if given, must be the explainer's
    own, since they are compared with those that it makes.

    Cost: as many explanations as steps.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    order
        `"cascading"` randomises the layers of step i besides those of all steps before,
        `"independent"` those of step i alone.
    similarity
        `"spearman"`, the rank correlation of the pixels, or `"ssim"`, the structural similarity of
        the maps scaled to 0..1 each.
    absolute
        Whether maps are compared without their signs. The paper does both; a map that turns
        into its negative differs only with them.
    steps
        Number of steps, each of (nearly) as many of the layers that hold parameters; where there
        are fewer layers, each is a step.
    layers
        Names of layers to randomise instead, one a step, the first of them first; all below a
        layer goes with it. See `Network.layers`.
    seed
        Of the random weights; None draws others at each call.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: Sanity Checks for Saliency Maps. NeurIPS 2018,
    arXiv:1810.03292. Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error
    visibility to structural similarity. IEEE Transactions on Image Processing 13, 2004.
    """

    def __init__(
        self,
        num_labels: int,
        order: Literal["cascading", "independent"] = "cascading",
        *,
        similarity: Literal["spearman", "ssim"] = "spearman",
        absolute: bool = False,
        steps: int = 8,
        layers: Sequence[str] | None = None,
        seed: int | None = 0,
    ) -> None:
        super().__init__(num_labels)
        check_choice("order", order, ORDERS)
        check_choice("similarity", similarity, tuple(SIMILARITIES))
        if not isinstance(absolute, bool):
            raise TypeError(f"`absolute` must be a bool, got {type(absolute).__name__}")
        check_positive_int("steps", steps)
        if layers is not None:
            check_names("layers", layers)
        check_seed(seed)
        self.order = order
        self.similarity = similarity
        self.absolute = absolute
        self.steps = steps
        self.layers = None if layers is None else tuple(layers)
        self.seed = seed

    @property
    def name(self) -> str:
        """See `Metric`: tells the orders apart."""
        return NAMES[self.order]

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Metric`."""
        return {
            "similarity": self.similarity,
            "absolute": self.absolute,
            "steps": self.steps,
            "layers": None if self.layers is None else list(self.layers),
            "seed": self.seed,
        }

    @property
    def range(self) -> tuple[float, float]:
        """See `Metric`."""
        return 0.0, 2.0

    @property
    def chance(self) -> float:
        """See `Metric`: the score of a map that does not look at the weights."""
        return 0.0

    def cost(self, size: tuple[int, int]) -> Cost:
        """See `Metric`: at the most, as a network may have fewer layers than `steps`."""
        return Cost(0, explanations=self.steps if self.layers is None else len(self.layers))

    def judge(self, case: Case) -> Judging:
        """See `LabelSensitiveMetric`."""
        steps = self._steps(case.network)
        alike = np.zeros(len(case))
        seed = seed_words(self.seed)[0]
        for step, names in enumerate(steps):
            forgotten = names if self.order == "independent" else sum(steps[: step + 1], ())
            made = yield from _explained_without(case, forgotten, seed)
            alike += self._similarity(case.maps, made)
        return neutralised(1 - alike / len(steps), 0.0, {CONSTANT: constant(case.maps)})

    def _similarity(self, one: Scores, other: Scores) -> Scores:
        if self.absolute:
            one, other = np.abs(one), np.abs(other)
        return np.nan_to_num(SIMILARITIES[self.similarity](one, other))

    def _steps(self, network: Network) -> list[tuple[str, ...]]:
        """Layers of each step, from the output down."""
        if self.layers is not None:
            return [(layer,) for layer in self.layers]
        names = network.weighted_layers()[::-1]
        if not names:
            raise ValueError("`network` must have a layer with parameters, got none")
        parts = np.array_split(np.arange(len(names)), min(self.steps, len(names)))
        return [tuple(names[place] for place in part) for part in parts]


def _explained_without(
    case: Case, layers: tuple[str, ...], seed: int
) -> Generator[MapQuestion, Scores, Scores]:
    """Ask for the maps (N, H, W) of a network whose `layers` are random."""
    made = np.empty_like(case.maps)

    def use(index: int, values: npt.NDArray[np.float64]) -> None:
        made[index] = values

    yield MapQuestion(
        case.explainer,
        [("original", n) for n in range(len(case))],
        lambda index: case.inputs[case.ops.tensor(index)],
        case.ids,
        use,
        condition=(layers, seed),
        during=partial(case.network.randomised, layers, seed),
    )
    return made
