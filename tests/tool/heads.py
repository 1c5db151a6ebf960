"""What the tests of OoDNet share: data, heads as arrays, losses."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from seewhy.tool import OoDNet
from seewhy.tool.ood_head import NAMES
from tests.networks import images, library, numpy, tensor


def head_of(ood_net: OoDNet) -> dict[str, npt.NDArray[np.float64]]:
    return {name: numpy(getattr(ood_net, name)).astype(np.float64) for name in NAMES}


def labels(framework: str, number: int) -> Any:
    kind = np.int64 if framework == "torch" else np.int32
    return tensor(framework, (np.arange(number) % 5).astype(kind))


def batches(framework: str, number: int = 2, samples: int = 6) -> list[tuple[Any, Any]]:
    """Random images for "small_cnn" with labels."""
    return [
        (tensor(framework, images(samples, seed=seed)), labels(framework, samples))
        for seed in range(number)
    ]


def softmax_loss(framework: str) -> Any:
    return library(framework).nn.CrossEntropyLoss()


def sigmoid_loss(framework: str) -> Any:
    nn = library(framework).nn
    return nn.BCEWithLogitsLoss()


@cache
def digits() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """scikit-learn's 1797 digits (N, 1, 8, 8) in -1..1 and their labels."""
    data = load_digits()
    return (data.images[:, None] / 8 - 1).astype(np.float32), data.target


@cache
def _digits_weights() -> list[npt.NDArray[np.float32]]:
    """Weights and biases of a network of two dense layers that knows the first 1200 digits."""
    x, y = digits()
    known = MLPClassifier((256,), batch_size=100, random_state=0)
    for _ in range(30):
        known.partial_fit(x[:1200].reshape(1200, -1), y[:1200], classes=range(10))
    pairs = zip(known.coefs_, known.intercepts_, strict=True)
    return [array.T.astype(np.float32) for pair in pairs for array in pair]


def digits_network(framework: str) -> Any:
    """It: flatten, dense, ReLU, dense."""
    native = library(framework)
    first, first_bias, second, second_bias = _digits_weights()
    nn, dense = native.nn, native.nn.Linear if framework == "torch" else native.nn.Dense
    layers = [nn.Flatten(), dense(64, 256), nn.ReLU(), dense(256, 10)]
    for layer, weight, bias in ((layers[1], first, first_bias), (layers[3], second, second_bias)):
        if framework == "torch":
            layer.weight.data = tensor(framework, weight)
            layer.bias.data = tensor(framework, bias)
        else:
            layer.weight.set_data(tensor(framework, weight))
            layer.bias.set_data(tensor(framework, bias))
    return nn.Sequential(*layers) if framework == "torch" else nn.SequentialCell(*layers)
