"""Running a graph node by node to learn the shapes and sizes of what it makes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, fx, nn


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
