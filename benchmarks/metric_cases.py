"""Metrics at one setting, ours and those of Quantus and captum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.networks import NETWORKS, noise_images
from seewhy.benchmark import (
    ROAD,
    Faithfulness,
    FaithfulnessCorrelation,
    Infidelity,
    LabelSensitiveMetric,
    Localization,
    MaxSensitivity,
    RelevanceMass,
    evaluate_together,
)
from seewhy.explainer import Deconvolution, GradCAM, Gradient

STEPS, RUNS, DRAWS = 42, 50, 10
CLASSES = 1000
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True)
class Case:
    """A metric at one setting, ours and others'."""

    name: str
    ours: Callable[[], Any]
    forwards: int
    """Distinct forwards of the definition, for all images together."""
    backwards: int = 0
    peers: tuple[tuple[str, Callable[[], Any]], ...] = ()
    faster: float = 1.0
    """The aim: at least so many times as fast as each peer."""


class Bench:
    """What all cases share: a network, images, maps, masks."""

    def __init__(self, network: str, images: int) -> None:
        self.network = NETWORKS[network]().eval().requires_grad_(False)
        self.x = noise_images(images)
        self.y = self.network(self.x).argmax(1).numpy()
        rng = np.random.default_rng(0)
        self.maps = rng.random((images, 1, *self.x.shape[2:])).astype(np.float32)
        self.mask = np.zeros(self.maps.shape, bool)
        self.mask[..., 50:150, 50:150] = True
        self.softmax = torch.nn.Softmax(-1)
        self.explainer = Gradient(self.network)

    def cases(self) -> list[Case]:
        """Return all cases; Quantus flips channels one by one, so its steps are set to be ours."""
        n, pixels = len(self.x), self.x.shape[2] * self.x.shape[3]
        faith = {"activation_fn": self.softmax, "share": 1.0, "steps": STEPS}
        deletion, insertion, naive = (
            Faithfulness(CLASSES, metric=metric, **faith)
            for metric in ("DeletionAUC", "InsertionAUC", "NaiveFaithfulness")
        )
        per_step = 3 * pixels // STEPS
        return [
            Case(
                "deletion, 42 steps",
                self.ours(deletion),
                n * (STEPS + 1),
                peers=(
                    (
                        "quantus PixelFlipping",
                        self.quantus("PixelFlipping", features_in_step=per_step),
                    ),
                    ("step by step, plain network", self.step_by_step),
                ),
                faster=3,
            ),
            Case("insertion, 42 steps", self.ours(insertion), n * (STEPS + 1)),
            Case(
                "deletion, insertion, naive; 3 explainers",
                lambda: self.together([deletion, insertion, naive]),
                n * (2 + 3 * (3 * STEPS - 3)),
                peers=(
                    (
                        "one by one",
                        lambda: [
                            metric.evaluate(e, self.x, self.y)
                            for metric in (deletion, insertion, naive)
                            for e in self.explainers()
                        ],
                    ),
                ),
            ),
            Case(
                "faithfulness correlation, 50 subsets",
                self.ours(
                    FaithfulnessCorrelation(CLASSES, self.softmax, subsets=RUNS, share=224 / pixels)
                ),
                n * RUNS,
                peers=(
                    (
                        "quantus FaithfulnessCorrelation",
                        self.quantus("FaithfulnessCorrelation", nr_runs=RUNS, subset_size=224),
                    ),
                ),
            ),
            Case(
                "infidelity, 50 squares",
                self.ours(Infidelity(CLASSES, None, draws=RUNS)),
                n * (RUNS + 1),
                peers=(("captum infidelity", self.captum_infidelity),),
            ),
            Case(
                "ROAD, 5 shares",
                self.ours(ROAD(CLASSES, self.softmax, shares=SHARES)),
                n * (len(SHARES) + 1),
                peers=(
                    (
                        "quantus ROAD",
                        self.quantus("ROAD", percentages=[100 * share for share in SHARES]),
                    ),
                ),
            ),
            Case(
                "max-sensitivity of Gradient, 10 draws",
                self.ours(MaxSensitivity(CLASSES, draws=DRAWS)),
                n * DRAWS,
                backwards=n * DRAWS,
                peers=(
                    ("captum sensitivity_max", self.captum_sensitivity),
                    (
                        "quantus MaxSensitivity",
                        self.quantus(
                            "MaxSensitivity", explain_func=plain_gradient, nr_samples=DRAWS
                        ),
                    ),
                ),
            ),
            Case(
                "pointing game",
                self.ours(Localization(CLASSES)),
                0,
                peers=(("quantus PointingGame", self.quantus("PointingGame", masked=True)),),
            ),
            Case(
                "relevance mass",
                self.ours(RelevanceMass(CLASSES)),
                0,
                peers=(
                    (
                        "quantus RelevanceMassAccuracy",
                        self.quantus("RelevanceMassAccuracy", masked=True),
                    ),
                ),
            ),
        ]

    def explainers(self) -> list[Any]:
        """Return three cheap explainers."""
        network = self.network
        return [GradCAM(network, "_bn1"), self.explainer, Deconvolution(network)]

    def ours(self, metric: LabelSensitiveMetric) -> Callable[[], Any]:
        """Return a call of our metric on the given maps."""
        given = {"saliency": self.maps, **({"mask": self.mask} if metric.needs_mask else {})}
        return lambda: metric.evaluate(self.explainer, self.x, self.y, **given)

    def together(self, metrics: list[Any]) -> Any:
        """Score three explainers by several metrics."""
        return evaluate_together(metrics, self.explainers(), self.x, self.y)

    def step_by_step(self) -> None:
        """Forward the images with ever more pixels at 0, a plain forward a step."""
        rank = torch.from_numpy(self.maps).flatten(1).argsort(1, descending=True).argsort(1)
        rank = rank.reshape(self.maps.shape)
        each = self.maps[0].size // STEPS
        with torch.no_grad():
            for step in range(STEPS + 1):
                self.softmax(self.network(self.x * (rank >= each * step)))

    def quantus(
        self, name: str, masked: bool = False, explain_func: Any = None, **settings: Any
    ) -> Callable[[], Any]:
        """Return a call of a metric of Quantus on the given maps."""
        import quantus

        if name in ("PixelFlipping", "FaithfulnessCorrelation"):
            settings["perturb_baseline"] = "black"
        metric = getattr(quantus, name)(disable_warnings=True, **settings)
        given: dict[str, Any] = {"explain_func": explain_func} if explain_func else {}
        if masked:
            given["s_batch"] = self.mask.astype(float)
        return lambda: metric(
            model=self.network,
            x_batch=self.x.numpy().copy(),
            y_batch=self.y,
            a_batch=self.maps.copy(),
            device="cpu",
            channel_first=True,
            batch_size=len(self.x),
            **given,
        )

    def captum_infidelity(self) -> Any:
        """Return captum's infidelity with squares of noughts."""
        from captum.metrics import infidelity

        rng = np.random.default_rng(0)
        side = min(self.x.shape[2:]) // 4

        def perturb(inputs: Tensor) -> tuple[Tensor, Tensor]:
            hidden = torch.zeros_like(inputs)
            for one in hidden:
                i, j = rng.integers(0, inputs.shape[-1] - side, 2)
                one[:, i : i + side, j : j + side] = 1
            return hidden, inputs * (1 - hidden)

        maps = torch.from_numpy(self.maps).expand_as(self.x)
        with torch.no_grad():
            return infidelity(
                self.network, perturb, self.x, maps, target=torch.from_numpy(self.y),
                n_perturb_samples=RUNS, max_examples_per_batch=32, normalize=True,
            )  # fmt: skip

    def captum_sensitivity(self) -> Any:
        """Return captum's max-sensitivity of its Saliency."""
        from captum.attr import Saliency
        from captum.metrics import sensitivity_max

        return sensitivity_max(
            Saliency(self.network).attribute, self.x, target=torch.from_numpy(self.y),
            n_perturb_samples=DRAWS,
        )  # fmt: skip


def plain_gradient(model: Any, inputs: Any, targets: Any, **given: Any) -> Any:
    """Explain as Quantus wants it: arrays in, arrays out."""
    leaf = torch.as_tensor(np.asarray(inputs), dtype=torch.float32).requires_grad_()
    ids = torch.as_tensor(np.asarray(targets)).long().reshape(-1, 1)
    (made,) = torch.autograd.grad(model(leaf).gather(1, ids).sum(), leaf)
    return made.abs().amax(1, keepdim=True).numpy()
