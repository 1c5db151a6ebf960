"""Tiny networks with the same weights in PyTorch, in MindSpore and in slow NumPy (`tests.oracles`).

`make("torch", spec)` and `make("mindspore", spec)` give a native network of a spec, `slow(spec)`
its oracle.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from tests import oracles

Weights = dict[str, npt.NDArray[np.float32]]

SMALL_CNN_LAYERS = ["features", "features.0", "features.1", "features.2", "conv", "relu6", "fc"]


@dataclass(frozen=True)
class Spec:
    """A kind of network, and what its weights are drawn from.

    Kinds: "small_cnn" (convolution, BatchNorm and ReLU in a container `features`; `conv` with
    stride 2, `relu6`, mean, `fc`), "reused_relu" (one ReLU that runs twice, and a branch around
    `conv2` and its second run), "relu_dense" (ReLU, flatten, `fc`), "dense" (flatten, `fc`) and
    "dropout_dense" (Dropout(0.25), flatten, `fc`); the dense ones take images of 1x4x4.
    """

    kind: str = "small_cnn"
    channels: int = 3
    classes: int = 5
    seed: int = 0
    weights: Weights = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", _draw(self))


def make(framework: str, spec: Spec | None = None) -> Any:
    """A native network in evaluation mode."""
    library(framework)
    build = import_module(f"tests.{framework}_networks").build
    return build(spec or Spec())


def library(framework: str) -> Any:
    """The framework itself. MindSpore's import warns, and a warning in a test is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(framework)


def tensor(framework: str, array: npt.ArrayLike) -> Any:
    """A native tensor; not through `Ops`, which is under test."""
    native = library(framework)
    copied = np.array(array)
    return native.from_numpy(copied) if framework == "torch" else native.Tensor(copied)


def numpy(native: Any) -> npt.NDArray[Any]:
    """The values of a native tensor of either framework."""
    return np.array(native.asnumpy() if hasattr(native, "asnumpy") else native.detach().numpy())


def images(
    number: int = 2, channels: int = 3, size: tuple[int, int] = (5, 4), seed: int = 1
) -> npt.NDArray[np.float32]:
    """Random images (N, C, H, W), by default not square, as a normalised photograph is."""
    return np.random.default_rng(seed).normal(size=(number, channels, *size)).astype(np.float32)


def slow(spec: Spec | None = None) -> oracles.Chain:
    """The oracle of a spec."""
    spec = spec or Spec()
    w = {name: array.astype(np.float64) for name, array in spec.weights.items()}
    dense = oracles.Dense(w["fc.weight"], w["fc.bias"])
    if spec.kind == "small_cnn":
        return oracles.Chain(
            [
                oracles.Conv(w["conv1.weight"], w["conv1.bias"], padding=1),
                oracles.BatchNorm(w["bn.gamma"], w["bn.beta"], w["bn.mean"], w["bn.variance"]),
                oracles.ReLU(),
                oracles.Conv(w["conv2.weight"], w["conv2.bias"], stride=2, padding=1),
                oracles.ReLU(6),
                oracles.SpatialMean(),
                dense,
            ]
        )
    if spec.kind == "reused_relu":
        second = oracles.Conv(w["conv2.weight"], w["conv2.bias"], padding=1)
        return oracles.Chain(
            [
                oracles.Conv(w["conv1.weight"], w["conv1.bias"], padding=1),
                oracles.ReLU(),
                oracles.Residual(oracles.Chain([second, oracles.ReLU()])),
                oracles.SpatialMean(),
                dense,
            ]
        )
    return oracles.Chain([oracles.ReLU(), dense] if spec.kind == "relu_dense" else [dense])


def small_cnn_at(layer: str) -> int:
    """How many layers of the slow "small_cnn" have run when `layer` ends."""
    ends = {"": 0, "features.0": 1, "features.1": 2, "features.2": 3, "features": 3, "conv": 4}
    return {**ends, "relu6": 5}[layer]


def _draw(spec: Spec) -> Weights:
    random = np.random.default_rng(spec.seed)

    def normal(*shape: int, scale: float = 1.0, mean: float = 0.0) -> npt.NDArray[np.float32]:
        return random.normal(mean, scale, shape).astype(np.float32)

    if spec.kind in ("relu_dense", "dense", "dropout_dense"):
        return {"fc.weight": normal(spec.classes, 16), "fc.bias": normal(spec.classes)}
    if spec.kind not in ("small_cnn", "reused_relu"):
        raise ValueError(f"`kind` must be one that Spec lists, got {spec.kind!r}")
    return {
        "conv1.weight": normal(4, spec.channels, 3, 3, scale=0.4),
        "conv1.bias": normal(4, scale=0.2),
        "bn.gamma": normal(4, scale=0.3, mean=1),
        "bn.beta": normal(4, scale=0.3),
        "bn.mean": normal(4, scale=0.3),
        "bn.variance": np.exp(normal(4, scale=0.3)),
        # Wide enough for ReLU6 to meet values below 0, between 0 and 6, and above 6.
        "conv2.weight": normal(4, 4, 3, 3, scale=1.2),
        "conv2.bias": normal(4, mean=1),
        "fc.weight": normal(spec.classes, 4),
        "fc.bias": normal(spec.classes),
    }
