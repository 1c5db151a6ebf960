"""Linear networks of any image size: what a perturbation does to them is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tests.networks import library

Array = npt.NDArray[np.float32]


def weights(classes: int, channels: int, size: tuple[int, int], seed: int = 3) -> Array:
    """(K, C, H, W), such that the logits of a normal image have a spread of about 1."""
    random = np.random.default_rng(seed)
    scale = 1 / np.sqrt(channels * size[0] * size[1])
    return random.normal(0, scale, (classes, channels, *size)).astype(np.float32)


def linear(framework: str, weight: Array, bias: Array | None = None) -> Any:
    """logits = sum over c, i, j of weight[k, c, i, j] * x[c, i, j] + bias[k]."""
    native = library(framework)
    flat = weight.reshape(len(weight), -1)
    offset = np.zeros(len(weight), np.float32) if bias is None else bias
    if framework == "torch":
        dense = native.nn.Linear(*flat.shape[::-1])
        with native.no_grad():
            dense.weight.copy_(native.from_numpy(flat))
            dense.bias.copy_(native.from_numpy(offset))
        return native.nn.Sequential(native.nn.Flatten(), dense).eval()
    dense = native.nn.Dense(*flat.shape[::-1])
    dense.weight.set_data(native.Tensor(flat))
    dense.bias.set_data(native.Tensor(offset))
    return native.nn.SequentialCell(native.nn.Flatten(), dense).set_train(False)


def identity(logits: Any) -> Any:
    """An activation that leaves the logits linear."""
    return logits
