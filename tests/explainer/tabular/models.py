"""Tiny models of rows, the same in both frameworks and in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.networks import library, tensor

Array = npt.NDArray[Any]

# The linear network of the predecessor's tutorial on iris.
IRIS_WEIGHT = np.array(
    [[0.648, 1.440, -2.05, -0.977], [0.507, -0.276, -0.028, -0.626], [-1.125, -1.183, 2.099, 1.605]]
)
IRIS_BIAS = np.array([0.308, 0.343, -0.652])


def softmax_network(framework: str, weight: Array = IRIS_WEIGHT, bias: Array = IRIS_BIAS) -> Any:
    """A linear layer and a softmax, in training mode."""
    native = library(framework)
    outputs, inputs = weight.shape
    values = [tensor(framework, array.astype(np.float32)) for array in (weight, bias)]
    if framework == "torch":
        layer = native.nn.Linear(inputs, outputs)
        layer.weight.data, layer.bias.data = values
        return native.nn.Sequential(layer, native.nn.Softmax(-1)).train()
    layer = native.nn.Dense(inputs, outputs)
    layer.weight.set_data(values[0])
    layer.bias.set_data(values[1])
    return native.nn.SequentialCell(layer, native.nn.Softmax(-1)).set_train()


def probabilities(rows: Array, weight: Array = IRIS_WEIGHT, bias: Array = IRIS_BIAS) -> Array:
    """The same in NumPy."""
    logits = np.asarray(rows) @ weight.T + bias
    powers = np.exp(logits - logits.max(1, keepdims=True))
    made: Array = powers / powers.sum(1, keepdims=True)
    return made
