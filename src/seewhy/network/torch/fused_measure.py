"""Running a graph node by node, or a network, to learn the shapes and sizes of what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Measure(fx.Interpreter):
    """Runs a graph; notes each tensor's shape on its node and the size of the largest.

    Attributes
    ----------
    largest
        Bytes of the largest tensor met so far.
    """

    def __init__(self, root: nn.Module, graph: fx.Graph) -> None:
        super().__init__(root, graph=graph)
        self.largest = 0

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor) and n.op != "get_attr":
            n.meta["shape"] = tuple(value.shape)
            self.largest = max(self.largest, value.nbytes)
        return value


def random_batch(example: Tensor) -> Tensor:
    """Return the example (1, ...) between two random inputs of its mean and spread, (3, ...)."""
    generator = torch.Generator().manual_seed(0)
    spread = example.std(correction=0)
    noise = torch.randn(2, *example.shape[1:], generator=generator)
    noise = noise * torch.where(spread > 0, spread, 1.0) + example.mean()
    return torch.cat([noise[:1], example, noise[1:]])


class _Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the bytes of the largest tensor that an operation returns."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = [leaf.nbytes for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.bytes = max([self.bytes, *made])
        return result


def largest_tensor(forward: Callable[[Tensor], Any], x: Tensor) -> int:
    """Return the bytes of the largest tensor that an operation of `forward(x)` returns."""
    largest = _Largest()
    with largest:
        forward(x)
    return largest.bytes
