"""What the parameters of an untrained network look like, whatever the framework."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network.names import check_layer

SCALES = ("weight", "gamma", "running_var", "moving_variance")
"""Last names of the vectors that scale, and so begin as ones; others begin as zeros."""


def untrained(name: str, shape: Sequence[int], seed: Sequence[int]) -> npt.NDArray[np.float32]:
    """Return the values that a parameter begins training with.

    Of two axes or more: normal numbers with variance 2 / fan-in (He et al., 2015), where the
    fan-in is the product of all axes but the first. Vectors: ones where they scale, else zeros; so
    running statistics are those of inputs that are normalised already.

    Parameters
    ----------
    name
        Dotted name of the parameter. With the seed it decides the numbers: they do not depend on
        which other parameters are drawn, nor on the framework.
    shape
        Its shape, of one axis or more.
    seed
        Words of a seed; see `seewhy.network.seeds`.
    """
    if len(shape) == 1:
        return np.full(shape, name.rpartition(".")[2] in SCALES, np.float32)
    drawn = np.random.default_rng([*seed, *name.encode()]).standard_normal(shape, np.float32)
    scaled: npt.NDArray[np.float32] = drawn * np.float32(np.sqrt(2 / np.prod(shape[1:])))
    return scaled


def check_layers(layers: Any, known: Collection[str]) -> None:
    """Raise TypeError or ValueError unless `layers` is a list of known names or ''."""
    check_names("layers", layers)
    for layer in layers:
        if layer:
            check_layer(layer, known)


def check_names(name: str, value: Any) -> None:
    """Raise TypeError or ValueError unless `value` is a list of strings that holds any."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"`{name}` must be a list of names, got {type(value).__name__}")
    for one in value:
        if not isinstance(one, str):
            raise TypeError(f"`{name}` must be a list of names, got {one!r} in it")
    if not value:
        raise ValueError(f"`{name}` must hold at least one name, got none")


def within(names: Sequence[str], layers: Sequence[str]) -> bool:
    """Whether a parameter of these dotted names is in one of the layers or below it."""
    return any(not layer or name.startswith(f"{layer}.") for layer in layers for name in names)
