"""Any explainer of the package, made ready to call, cheaply; by the names of its parameters."""

from __future__ import annotations

import inspect
from typing import Any

import seewhy.explainer
from seewhy.explainer import Explainer
from seewhy.tool import OoDNet
from tests.networks import library

# What a test on tiny images changes, wherever an explainer has a parameter of that name.
CHEAP = {"num_masks": 16, "grid": 3, "perturbation_per_eval": 16}


def kinds() -> list[type[Explainer]]:
    """All public explainers of images, found where users find them."""
    found = [getattr(seewhy.explainer, name) for name in seewhy.explainer.__all__]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, Explainer)]
    return [kind for kind in kinds if not inspect.isabstract(kind)]


def ready(kind: type[Explainer], framework: str, network: Any, **settings: Any) -> Explainer:
    """An explainer of that kind for that network."""
    known = inspect.signature(kind).parameters
    given: dict[str, Any] = {name: value for name, value in CHEAP.items() if name in known}
    if "activation_fn" in known:
        given["activation_fn"] = library(framework).nn.Softmax(-1)
    if "ood_net" in known:
        given["ood_net"] = OoDNet(network, num_classes=5)
    return kind(network=network, **{**given, **settings})


def settings_of(kind: type[Explainer]) -> list[dict[str, Any]]:
    """The settings under which an explainer goes through the invariances: layers, else defaults."""
    if "layer" in inspect.signature(kind).parameters:
        return [{"layer": layer} for layer in ("", "auto", "features.0", "features")]
    return [{}]
