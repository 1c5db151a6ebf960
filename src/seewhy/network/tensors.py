"""Tensors of whichever framework is loaded, where there is no network to tell which one."""

from __future__ import annotations

import sys
from typing import Any

import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor


def loaded_ops() -> list[Ops]:
    """Return the operations of the frameworks that the user has imported; imports none itself."""
    made: list[Ops] = []
    if "torch" in sys.modules:
        from seewhy.network.torch import TorchOps

        made.append(TorchOps())
    if "mindspore" in sys.modules:
        from seewhy.network.mindspore import MindSporeOps

        made.append(MindSporeOps())
    return made


def ops_of(value: object) -> Ops | None:
    """Return the operations of the framework that `value` is a tensor of; None if of none."""
    return next((ops for ops in loaded_ops() if ops.is_tensor(value)), None)


class AnyTensor:
    """Reads the tensors of any loaded framework, as `seewhy.network.targets.class_ids` asks."""

    def is_tensor(self, value: object) -> bool:
        """Whether `value` is a tensor of a loaded framework."""
        return ops_of(value) is not None

    def numpy(self, x: Tensor) -> npt.NDArray[Any]:
        """Copy `x` to the host."""
        ops = ops_of(x)
        if ops is None:
            raise TypeError(f"`x` must be a tensor of a loaded framework, got {type(x).__name__}")
        return ops.numpy(x)
