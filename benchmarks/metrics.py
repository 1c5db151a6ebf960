"""Metrics beside their limit and beside Quantus and captum: `python -m benchmarks.metrics`.

The limit of a metric is the number of its distinct forwards, each at the best time known: the
fused graph, eight images at once. What explainers cost is not part of it, so the metrics that
explain anew (max-sensitivity) have the gradient's own time as theirs.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.machine import load, machine_line
from benchmarks.measure import Times, interleave, whole
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
from seewhy.network.torch.fused import fuse

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


def run(network: str, images: int, only: list[str], rounds: int) -> Iterator[dict[str, Any]]:
    """Measure all cases; yield a record for each contender."""
    bench = Bench(network, images)
    fused = fuse(bench.network, bench.x)
    eight = noise_images(8)
    forward = whole(lambda: fused(eight) if fused else bench.network(eight))
    forward(lambda: 0.0)
    backward = interleave({"": whole(lambda: bench.explainer(bench.x, bench.y))}, forward, 3)[""]
    for case in bench.cases():
        if only and not any(part.lower() in case.name.lower() for part in only):
            continue
        case.ours()  # builds the fused graph and learns the batch size
        contenders = {"seewhy": quietly(case.ours)}
        for name, call in case.peers:
            try:
                quietly(call)()
                contenders[name] = quietly(call)
            except Exception as error:  # of a peer: whatever it cannot do
                yield failure(case, name, error)
        times = interleave(
            {name: whole(call) for name, call in contenders.items()}, forward, rounds, 40.0
        )
        for name, taken in times.items():
            yield record(case, name, taken, times["seewhy"], backward, images)


def failure(case: Case, name: str, error: Exception) -> dict[str, Any]:
    """Say what a peer cannot do."""
    return {"case": case.name, "contender": name, "failed": f"{error}".splitlines()[0][:60]}


def record(
    case: Case, name: str, taken: Times, ours: Times, gradient: Times, images: int
) -> dict[str, Any]:
    """Put what was measured of a contender into units: forwards of one image are 1/8 of eight."""
    limit = case.forwards / 8
    if case.backwards:
        limit = case.backwards * gradient.relative / images
    return {
        "case": case.name,
        "contender": name,
        "forwards": case.forwards,
        "cpu ms": 1e3 * taken.median,
        "x limit": taken.relative / limit if limit else None,
        "x seewhy": taken.relative / ours.relative,
        "aim": case.faster,
    }


def quietly(call: Callable[[], Any]) -> Callable[[], Any]:
    """Keep what other libraries print and warn of to themselves."""

    def quiet() -> None:
        with warnings.catch_warnings(), _silent():
            warnings.simplefilter("ignore")
            call()

    return quiet


@contextmanager
def _silent() -> Iterator[None]:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--network", default="efficientnet_lite0", choices=sorted(NETWORKS))
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="parts of names")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(machine_line())
    made = list(run(arguments.network, arguments.images, arguments.only, arguments.repeats))
    table = Table(title=f"Metrics, {arguments.network}, {arguments.images} images", box=None)
    for column in ("metric", "contender", "forwards", "CPU ms", "x limit", "x seewhy"):
        table.add_column(column, justify="left" if column in ("metric", "contender") else "right")
    for row in made:
        if "failed" in row:
            table.add_row("", row["contender"], "", f"fails: {row['failed']}", "", "")
            continue
        ours = row["contender"] == "seewhy"
        limit = "" if row["x limit"] is None else f"{row['x limit']:.2f}"
        met = "" if ours or row["x seewhy"] >= row["aim"] * 0.95 else f"  (aim {row['aim']:g})"
        table.add_row(
            row["case"] if ours else "", row["contender"], str(row["forwards"]) if ours else "",
            f"{row['cpu ms']:.0f}", limit, "" if ours else f"{row['x seewhy']:.2f}{met}",
        )  # fmt: skip
    console.print(table)
    console.print(f"load at the end {load()}")
    if arguments.json:
        arguments.json.write_text(json.dumps(made, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
