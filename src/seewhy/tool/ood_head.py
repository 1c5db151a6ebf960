"""The maths of an out-of-distribution head, on the native tensors of either framework."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Tensor

NAMES = ("class_weights", "temperature_weights", "temperature_scale", "temperature_shift")
"""The parameters of a head; files use these names too."""

NORM_EPSILON = 1e-4
BATCH_NORM_EPSILON = 1e-5
LEAST_TEMPERATURE = 0.01


def initial_head(
    num_features: int, num_classes: int, seed: int | None
) -> dict[str, npt.NDArray[np.float32]]:
    """Draw the parameters of a head, the same ones for each framework.

    The class weights (K, F) are He-normal, the temperature's (1, F) uniform in +-1 / sqrt(F), the
    usual start of a dense layer. Its normalisation starts with scale (1,) 1 and shift (1,) 0.
    """
    random = np.random.default_rng(seed)
    bound = num_features**-0.5
    return {
        "class_weights": random.normal(
            0, (2 / num_features) ** 0.5, (num_classes, num_features)
        ).astype(np.float32),
        "temperature_weights": random.uniform(-bound, bound, (1, num_features)).astype(np.float32),
        "temperature_scale": np.ones(1, np.float32),
        "temperature_shift": np.zeros(1, np.float32),
    }


def cosines(features: Tensor, class_weights: Tensor) -> Tensor:
    """Cosine (N, K) of each of the features (N, F) with each of the class weights (K, F).

    Each norm is increased by 1e-4, so features that are all 0 give 0.
    """
    lengths = (_norm(features) + NORM_EPSILON) * (_norm(class_weights) + NORM_EPSILON).T
    return (features @ class_weights.T) / lengths


def temperature(features: Tensor, head: Mapping[str, Tensor]) -> Tensor:
    """Temperature (N, 1) in 0.01..1: a dense layer, normalised over the batch, and a sigmoid.

    The dense layer needs no bias, which the normalisation would take away. Without a least
    temperature, a well fitted head drives it towards 0 until one wrong sample makes the loss
    explode.
    """
    z = features @ head["temperature_weights"].T
    centred = z - z.mean(0)
    normalised = centred / ((centred * centred).mean(0) + BATCH_NORM_EPSILON).sqrt()
    raw = normalised * head["temperature_scale"] + head["temperature_shift"]
    return raw.sigmoid().clamp(min=LEAST_TEMPERATURE)


def _norm(rows: Tensor) -> Tensor:
    # Inside the root, a trifle keeps the derivative at a row of zeros finite.
    return ((rows * rows).sum(1) + 1e-12).sqrt().reshape(-1, 1)
