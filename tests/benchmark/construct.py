"""Every metric of the package, made ready to call, cheaply: a new one needs a line in `ENTRIES`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import seewhy.benchmark
from seewhy.benchmark import LabelAgnosticMetric, Metric
from seewhy.explainer import Explainer
from tests.networks import Spec, library, tensor

CLASSES = Spec().classes
SIZE = (5, 4)
PIXELS = SIZE[0] * SIZE[1]

MASK = np.zeros((1, 1, *SIZE), bool)
MASK[..., 1:4, 2:] = True
SHARE = MASK.mean()


@dataclass(frozen=True)
class Entry:
    """A metric and what its documentation says of maps that tell nothing.

    `constant` and `zero` are the neutral scores of a map of ones and of zeros, which come with a
    warning; None where such a map has a score of its own. An explainer has two maps to make for a
    label-agnostic metric, and gives that constant.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    constant: float | None = None
    zero: float | None = None

    def __str__(self) -> str:
        words = [value for value in self.settings.values() if isinstance(value, str)]
        return "-".join([self.kind, *words])

    @property
    def type(self) -> type[Metric]:
        found: type[Metric] = getattr(seewhy.benchmark, self.kind)
        return found

    @property
    def agnostic(self) -> bool:
        return issubclass(self.type, LabelAgnosticMetric)

    def make(self, framework: str = "") -> Any:
        """The metric itself; only with a framework can it be evaluated."""
        known = inspect.signature(self.type).parameters
        given: dict[str, Any] = {} if self.agnostic else {"num_labels": CLASSES}
        if "activation_fn" in known:
            given["activation_fn"] = library(framework).nn.Softmax(-1) if framework else abs
        return self.type(**{**given, **self.settings})

    def evaluate(
        self, framework: str, explainer: Explainer, x: Any, targets: Any, maps: Any = None
    ) -> Any:
        """Scores (N,); of arrays."""
        metric, native = self.make(framework), tensor(framework, x)
        if self.agnostic:
            return metric.evaluate(explainer, native)
        masked = {"mask": np.repeat(MASK, len(x), axis=0)} if metric.needs_mask else {}
        return metric.evaluate(explainer, native, targets, maps, **masked)


def of(kind: str, constant: float | None, zero: float | None, **settings: Any) -> Entry:
    return Entry(kind, settings, constant, zero)


ENTRIES = [
    of("Faithfulness", 0.5, 0.5, metric="NaiveFaithfulness"),
    of("Faithfulness", 0.0, 0.0, metric="DeletionAUC"),
    of("Faithfulness", 0.5, 0.5, metric="InsertionAUC"),
    of("FaithfulnessCorrelation", 0.0, 0.0, subsets=10),
    of("ROAD", 0.0, 0.0, order="MoRF"),
    of("ROAD", 0.0, 0.0, order="LeRF"),
    of("ROAD", 0.0, 0.0, order="combined"),
    of("Sparseness", None, 0.0),
    of("Complexity", None, np.log(PIXELS)),
    of("Localization", SHARE, SHARE, metric="PointingGame"),
    of("Localization", SHARE, SHARE, metric="IoSR"),
    of("RelevanceMass", SHARE, SHARE),
    of("RelevanceRank", SHARE, SHARE),
    of("EnergyPointingGame", SHARE, SHARE),
    # With a limit of 0 all tries are needed, and no two squares are equal: the costs are exact.
    of("Robustness", None, np.exp(-1), draws=3, limit=0),
    of("MaxSensitivity", None, 1.0, draws=3),
    of("Infidelity", None, None, perturbation="square", draws=3),
    of("Infidelity", None, None, perturbation="noise", draws=3),
    of("ClassSensitivity", 0.5, 0.5),
    of("ParameterRandomisation", 0.0, 0.0, order="cascading", steps=2),
    of("ParameterRandomisation", 0.0, 0.0, order="independent", steps=2),
]


def kinds() -> set[str]:
    """Names of all public metrics, found where users find them."""
    found = {name: getattr(seewhy.benchmark, name) for name in seewhy.benchmark.__all__}
    return {
        name
        for name, kind in found.items()
        if isinstance(kind, type) and issubclass(kind, Metric) and not inspect.isabstract(kind)
    }


class Brightness(Explainer):
    """A map of the label and of how bright the image is; does not ask the network, but counts."""

    def __init__(self, network: Any) -> None:
        super().__init__(network)
        self.explained = 0

    def _explain(self, x: Any, targets: Any) -> Any:
        ops = self._network.ops
        self.explained += int(np.prod(targets.shape))
        grey = ops.numpy(x).mean(1, keepdims=True)
        turns = ops.numpy(targets)[:, :, None, None]
        return ops.tensor((1.5 + np.cos(grey + turns)).astype(np.float32), like=x)


class Constant(Explainer):
    """The same value everywhere, whatever the image."""

    def __init__(self, network: Any, value: float) -> None:
        super().__init__(network)
        self.value = value

    def _explain(self, x: Any, targets: Any) -> Any:
        shape = (*targets.shape, *x.shape[2:])
        return self._network.ops.tensor(np.full(shape, self.value, np.float32), like=x)
