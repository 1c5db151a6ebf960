"""Slow definitions, loop by loop, straight from the papers: the only second copy of any maths.

Everything is NumPy in float64. A layer knows its forward and, for the explainers that change the
backward rule, how it hands a gradient down; what must be an ordinary derivative is checked against
`numeric_gradient`, which knows nothing of layers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def numeric_gradient(function: Callable[[Array], Array], x: Array, step: float = 1e-6) -> Array:
    """d function(x)[k] / d x by central differences: (K, *x.shape) where function gives (K,)."""
    columns = []
    for index in np.ndindex(x.shape):
        shift = np.zeros(x.shape)
        shift[index] = step
        columns.append((function(x + shift) - function(x - shift)) / (2 * step))
    return np.stack(columns, axis=-1).reshape(-1, *x.shape)


class Layer(Protocol):
    """One sample at a time: no batch axis."""

    def forward(self, x: Array) -> Array: ...

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        """What arrives at the input x when `gradient` arrives at the output."""


@dataclass
class Conv:
    """Cross-correlation with a square stride and zero padding; weight (O, C, kh, kw)."""

    weight: Array
    bias: Array
    stride: int = 1
    padding: int = 0

    def forward(self, x: Array) -> Array:
        y = np.zeros(self._size(x))
        padded = self._pad(x)
        for o, i, j in np.ndindex(y.shape):
            y[o, i, j] = np.sum(self._window(padded, i, j) * self.weight[o]) + self.bias[o]
        return y

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        padded = np.zeros_like(self._pad(x))
        for o, i, j in np.ndindex(gradient.shape):
            window = self._window(padded, i, j)
            window += gradient[o, i, j] * self.weight[o]
        inner = slice(self.padding, -self.padding or None)
        return padded[:, inner, inner]

    def _size(self, x: Array) -> tuple[int, int, int]:
        outputs, _, kh, kw = self.weight.shape
        _, height, width = self._pad(x).shape
        return outputs, (height - kh) // self.stride + 1, (width - kw) // self.stride + 1

    def _pad(self, x: Array) -> Array:
        return np.pad(x, ((0, 0), (self.padding,) * 2, (self.padding,) * 2))

    def _window(self, padded: Array, i: int, j: int) -> Array:
        kh, kw = self.weight.shape[2:]
        top, left = i * self.stride, j * self.stride
        return padded[:, top : top + kh, left : left + kw]


@dataclass
class BatchNorm:
    """In evaluation mode: the running statistics, not those of the batch."""

    gamma: Array
    beta: Array
    mean: Array
    variance: Array
    epsilon: float = 1e-5

    def forward(self, x: Array) -> Array:
        return np.stack(
            [self._scale(c) * (x[c] - self.mean[c]) + self.beta[c] for c in range(len(x))]
        )

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        return np.stack([self._scale(c) * gradient[c] for c in range(len(x))])

    def _scale(self, c: int) -> float:
        return float(self.gamma[c] / np.sqrt(self.variance[c] + self.epsilon))


@dataclass
class ReLU:
    """min(max(x, 0), top); rules of Zeiler & Fergus (2014) and Springenberg et al. (2015)."""

    top: float = np.inf

    def forward(self, x: Array) -> Array:
        return np.minimum(np.maximum(x, 0), self.top)

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        handed_down = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            passes = 0 < x[index] < self.top
            arrives = gradient[index] > 0
            if {None: passes, "deconvolution": arrives, "guided": passes and arrives}[rule]:
                handed_down[index] = gradient[index]
        return handed_down


@dataclass
class SpatialMean:
    """(C, h, w) -> (C,)."""

    def forward(self, x: Array) -> Array:
        return np.array([channel.sum() / channel.size for channel in x])

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        return np.stack([np.full(x.shape[1:], g / x[0].size) for g in gradient])


@dataclass
class Dense:
    """Of an input that is flattened first; weight (K, inputs)."""

    weight: Array
    bias: Array

    def forward(self, x: Array) -> Array:
        return np.array([row @ x.ravel() for row in self.weight]) + self.bias

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        return sum(g * row for g, row in zip(gradient, self.weight, strict=True)).reshape(x.shape)


@dataclass
class Chain:
    """Layers one after the other."""

    layers: Sequence[Layer]

    def forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        inputs = [x]
        for layer in self.layers:
            inputs.append(layer.forward(inputs[-1]))
        for layer, seen in zip(reversed(self.layers), reversed(inputs[:-1]), strict=True):
            gradient = layer.backward(seen, gradient, rule)
        return gradient


@dataclass
class Residual:
    """branch(x) + x."""

    branch: Layer

    def forward(self, x: Array) -> Array:
        return self.branch.forward(x) + x

    def backward(self, x: Array, gradient: Array, rule: str | None) -> Array:
        return self.branch.backward(x, gradient, rule) + gradient


def logits(network: Layer, x: Array) -> Array:
    """(N, C, H, W) -> (N, K)."""
    return np.stack([network.forward(sample) for sample in x.astype(np.float64)])


def gradients(network: Layer, x: Array, targets: Array, rule: str | None = None) -> Array:
    """d output[n, targets[n, l]] / d x[n], or what `rule` makes of it: (N, L, C, H, W)."""
    x = x.astype(np.float64)
    classes = len(network.forward(x[0]))
    if rule is None:
        every = [numeric_gradient(network.forward, sample) for sample in x]
        return np.stack([every[n][targets[n]] for n in range(len(x))])
    return np.stack(
        [
            [network.backward(sample, np.eye(classes)[target], rule) for target in row]
            for sample, row in zip(x, targets, strict=True)
        ]
    )


def largest_over_channels(gradient: Array) -> Array:
    """max over c of |gradient|: (N, L, C, H, W) -> (N, L, H, W)."""
    samples, labels, channels, height, width = gradient.shape
    result = np.zeros((samples, labels, height, width))
    for n, label, i, j in np.ndindex(result.shape):
        result[n, label, i, j] = max(abs(gradient[n, label, c, i, j]) for c in range(channels))
    return result


def grad_cam(activation: Array, gradient: Array) -> Array:
    """Selvaraju et al. (2017), equations 1, 2: (N, C, h, w), (N, L, C, h, w) -> (N, L, h, w)."""
    samples, labels, channels, height, width = gradient.shape
    result = np.zeros((samples, labels, height, width))
    for n, label in np.ndindex(samples, labels):
        total = np.zeros((height, width))
        for c in range(channels):
            alpha = sum(gradient[n, label, c].ravel()) / (height * width)
            total += alpha * activation[n, c]
        result[n, label] = np.maximum(total, 0)
    return result


def bilinear(maps: Array, size: tuple[int, int]) -> Array:
    """Resize the last two axes; pixel i has its centre at i + 1/2; edges are repeated outwards."""
    old = maps.shape[-2:]
    result = np.zeros(maps.shape[:-2] + size)
    for i, j in np.ndindex(size):
        y = min(max((i + 0.5) * old[0] / size[0] - 0.5, 0), old[0] - 1)
        x = min(max((j + 0.5) * old[1] / size[1] - 0.5, 0), old[1] - 1)
        top, left = int(y), int(x)
        bottom, right = min(top + 1, old[0] - 1), min(left + 1, old[1] - 1)
        down, across = y - top, x - left
        result[..., i, j] = (
            (1 - down) * (1 - across) * maps[..., top, left]
            + (1 - down) * across * maps[..., top, right]
            + down * (1 - across) * maps[..., bottom, left]
            + down * across * maps[..., bottom, right]
        )
    return result
