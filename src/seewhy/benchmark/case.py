"""The explanations that a metric is given to judge, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer import Explainer
from seewhy.explainer.door import check_inputs
from seewhy.network.protocol import Network, Ops, Tensor
from seewhy.network.targets import class_ids
from seewhy.perturb.by_saliency import ranks


@dataclass(frozen=True, eq=False)
class Subject:
    """An explainer, and N samples for it to explain.

    Attributes
    ----------
    explainer
        What makes the maps.
    network
        What they explain, with the metric's own `activation_fn` if it has one.
    inputs
        Native tensor (N, C, H, W).
    """

    explainer: Explainer
    network: Network
    inputs: Tensor

    @property
    def ops(self) -> Ops:
        """The operations of the network's framework."""
        return self.network.ops

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the inputs."""
        return int(self.inputs.shape[2]), int(self.inputs.shape[3])

    def __len__(self) -> int:
        return int(self.inputs.shape[0])


@dataclass(frozen=True, eq=False)
class Case(Subject):
    """One explanation of each of the samples.

    Attributes
    ----------
    ids
        The class (N,) that each map explains.
    maps
        (N, H, W), finite.
    masks
        Where the object of the class is (N, H, W); `None` if nobody said.
    """

    ids: npt.NDArray[np.int64]
    maps: npt.NDArray[np.float64]
    masks: npt.NDArray[np.bool_] | None = None

    @cached_property
    def ranked(self) -> npt.NDArray[np.int64]:
        """Rank (N, H, W) of each pixel: 0 is the largest value of its map."""
        return ranks(self.maps)

    @cached_property
    def orders(self) -> tuple[bytes, ...]:
        """Digest of each sample's ranks: maps that rank alike have the same."""
        return tuple(blake2b(row.tobytes(), digest_size=16).digest() for row in self.ranked)

    def part(self, samples: npt.NDArray[np.int64]) -> Case:
        """Return the case of some of the samples."""
        return replace(
            self,
            inputs=self.inputs[self.ops.tensor(samples)],
            ids=self.ids[samples],
            maps=self.maps[samples],
            masks=None if self.masks is None else self.masks[samples],
        )


def check_explainer(explainer: Any) -> Explainer:
    """Raise TypeError unless it is an explainer."""
    if not isinstance(explainer, Explainer):
        raise TypeError(f"`explainer` must be an explainer, got {type(explainer).__name__}")
    return explainer


def check_targets(inputs: Any, targets: Any, num_labels: int, ops: Ops) -> npt.NDArray[np.int64]:
    """Return class ids (N, L); TypeError or ValueError if the inputs or they are no such."""
    check_inputs(inputs, ops)
    ids = class_ids(targets, inputs.shape[0], ops)
    if ids.max() >= num_labels:
        raise ValueError(f"`targets` must be in 0..{num_labels - 1}, got {ids.max()}")
    return ids


def check_saliency(
    saliency: Any, inputs: Tensor, num_targets: int, ops: Ops
) -> npt.NDArray[np.float64]:
    """Return maps (N, L, H, W); TypeError or ValueError if they are no finite ones."""
    array = _array("saliency", saliency, ops, "").astype(np.float64)
    expected = (inputs.shape[0], num_targets, *inputs.shape[2:])
    if array.shape != expected:
        raise ValueError(f"`saliency` must have shape {expected}, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("`saliency` must be finite, got NaN or infinity")
    return array


def check_mask(mask: Any, inputs: Tensor, num_targets: int, ops: Ops) -> npt.NDArray[np.bool_]:
    """Return masks (N, L, H, W) of an array or tensor of that shape; (N, 1, H, W) serves all L.

    Raises
    ------
    TypeError
        If it is of another type.
    ValueError
        If its shape does not fit or a value is neither 0 nor 1.
    """
    array = _array("mask", mask, ops, ", True or 1 where the object is")
    expected = (int(inputs.shape[0]), num_targets, *map(int, inputs.shape[2:]))
    if array.shape not in (expected, (expected[0], 1, *expected[2:])):
        raise ValueError(f"`mask` must have shape {expected}, got {array.shape}")
    if array.dtype != bool and not np.isin(array, (0, 1)).all():
        raise ValueError("`mask` must hold nothing but 0 and 1, or booleans")
    return np.broadcast_to(array.astype(bool), expected)


def _array(name: str, value: Any, ops: Ops, what: str) -> npt.NDArray[Any]:
    if ops.is_tensor(value):
        return ops.numpy(value)
    if not isinstance(value, np.ndarray):
        raise TypeError(
            f"`{name}` must be a {ops.tensor_type} or an array{what}, got {type(value).__name__}"
        )
    return value
