"""Models of rows with known answers, and Shapley values by the slowest definition."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.networks import library, tensor

Floats = npt.NDArray[np.float64]
Model = Callable[[Floats], Floats]

IRIS_WEIGHTS = np.array(
    [[0.648, 1.44, -2.05, -0.977], [0.507, -0.276, -0.028, -0.626], [-1.125, -1.183, 2.099, 1.605]]
)
IRIS_BIAS = np.array([0.308, 0.343, -0.652])


def table(rows: int, features: int, seed: int = 0) -> Floats:
    """Random rows, nothing equal."""
    return np.random.default_rng(seed).normal(size=(rows, features))


def curved(features: int, outputs: int = 1, seed: int = 0) -> Model:
    """A smooth model with interactions of all orders: a random hidden layer of 16 tanh."""
    random = np.random.default_rng(seed)
    inner = random.normal(size=(features, 16)) * 2 / features**0.5
    shift, outer = random.normal(size=16), random.normal(size=(16, outputs))

    def model(rows: Floats) -> Floats:
        return np.asarray(np.tanh(rows @ inner + shift) @ outer)

    return model


def by_permutations(model: Model, background: Floats, row: Floats) -> Floats:
    """Values (K, L): the mean gain of a feature over all orders of joining, one by one."""
    orders = list(itertools.permutations(range(len(row))))
    total = np.zeros((len(row), model(row[None]).shape[1]))
    for order in orders:
        mixed = background.copy()
        before = model(mixed).mean(0)
        for feature in order:
            mixed[:, feature] = row[feature]
            after = model(mixed).mean(0)
            total[feature] += after - before
            before = after
    return total / len(orders)


def hidden_layer(framework: str, features: int = 5, outputs: int = 3, seed: int = 0) -> Any:
    """A native network of one hidden layer, in evaluation mode.

    Of sigmoids: MindSpore's tanh is off by 1e-4.
    """
    random = np.random.default_rng(seed)
    weights = [random.normal(size=(8, features)), random.normal(size=(outputs, 8))]
    nn = library(framework).nn
    if framework == "torch":
        made = nn.Sequential(nn.Linear(features, 8), nn.Sigmoid(), nn.Linear(8, outputs)).eval()
        for layer, weight in zip((made[0], made[2]), weights, strict=True):
            layer.weight.data = tensor(framework, weight.astype(np.float32))
            layer.bias.data.fill_(0.25)
        return made
    layers = [nn.Dense(features, 8), nn.Sigmoid(), nn.Dense(8, outputs)]
    for layer, weight in zip((layers[0], layers[2]), weights, strict=True):
        layer.weight.set_data(tensor(framework, weight.astype(np.float32)))
        layer.bias.set_data(tensor(framework, np.full(len(weight), 0.25, np.float32)))
    return nn.SequentialCell(layers).set_train(False)


def hidden_layer_in_numpy(features: int = 5, outputs: int = 3, seed: int = 0) -> Model:
    """The same model on arrays."""
    random = np.random.default_rng(seed)
    inner, outer = random.normal(size=(8, features)), random.normal(size=(outputs, 8))
    inner, outer = inner.astype(np.float32).astype(float), outer.astype(np.float32).astype(float)
    return lambda rows: (1 / (1 + np.exp(-rows @ inner.T - 0.25))) @ outer.T + 0.25


def iris_network(framework: str) -> Any:
    """The linear classifier of the predecessor's tutorial."""
    nn = library(framework).nn
    linear = nn.Linear(4, 3) if framework == "torch" else nn.Dense(4, 3)
    weight = tensor(framework, IRIS_WEIGHTS.astype(np.float32))
    bias = tensor(framework, IRIS_BIAS.astype(np.float32))
    if framework == "torch":
        linear.weight.data, linear.bias.data = weight, bias
        return nn.Sequential(linear, nn.Softmax(-1))
    linear.weight.set_data(weight)
    linear.bias.set_data(bias)
    return nn.SequentialCell([linear, nn.Softmax(-1)])
