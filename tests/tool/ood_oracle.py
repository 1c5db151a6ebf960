"""The head of an OoDNet, number by number."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Head = dict[str, Array]


def scores(features: Array, class_weights: Array) -> Array:
    """Cosines (N, K), each norm 1e-4 longer."""
    result = np.zeros((len(features), len(class_weights)))
    for n, k in np.ndindex(result.shape):
        product = sum(a * b for a, b in zip(features[n], class_weights[k], strict=True))
        lengths = [
            math.sqrt(sum(a * a for a in row)) + 1e-4 for row in (features[n], class_weights[k])
        ]
        result[n, k] = product / lengths[0] / lengths[1]
    return result


def temperature(features: Array, head: Head) -> Array:
    """Dense layer, batch normalisation over the N samples, sigmoid, at least 0.01: (N,)."""
    z = [
        sum(w * f for w, f in zip(head["temperature_weights"][0], row, strict=True))
        for row in features
    ]
    mean = sum(z) / len(z)
    variance = sum((value - mean) ** 2 for value in z) / len(z)
    scale, shift = head["temperature_scale"][0], head["temperature_shift"][0]
    normalised = [(value - mean) / math.sqrt(variance + 1e-5) * scale + shift for value in z]
    return np.array([max(0.01, 1 / (1 + math.exp(-value))) for value in normalised])


def logits(features: Array, head: Head) -> Array:
    return scores(features, head["class_weights"]) / temperature(features, head)[:, None]


def cross_entropy(made: Array, labels: npt.NDArray[np.int64]) -> float:
    """Mean over the samples of -log softmax at the label."""
    total = 0.0
    for row, label in zip(made, labels, strict=True):
        total += math.log(sum(math.exp(value) for value in row)) - row[label]
    return total / len(made)
