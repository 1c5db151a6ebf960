"""What the nodes of a program give: all values, or for one sample constants and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.node import map_arg

from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.incremental_spans import Size


class Values(dict[fx.Node, Any]):
    """The values of the nodes of a graph for one sample.

    `varying` are the nodes whose value depends on the sample; their tensors have no numbers here,
    only shape and dtype.
    """

    def __init__(self) -> None:
        super().__init__()
        self.varying: set[fx.Node] = set()

    def is_map(self, node: fx.Node) -> bool:
        """Whether the value depends on the sample and is (1, C, H, W) with several places."""
        value = self[node]
        if node not in self.varying or not isinstance(value, Tensor) or value.ndim != 4:
            return False
        return value.shape[2] * value.shape[3] > 1

    def places(self, node: fx.Node) -> Size:
        """Return the height and width of a map."""
        height, width = self[node].shape[2:]
        return int(height), int(width)

    def numbers(self, node: fx.Node) -> int:
        """Return how many numbers a tensor holds; 0 for other values."""
        value = self[node]
        return value.numel() if isinstance(value, Tensor) else 0


def values_of(program: Program, example: Tensor) -> Values:
    """Run a program on one sample (1, C, H, W) and return what its nodes give."""
    values = Values()
    for node, value in evaluated(program, example):
        if node.op == "placeholder" or not values.varying.isdisjoint(node.all_input_nodes):
            values.varying.add(node)
            value = value.to("meta") if isinstance(value, Tensor) else value
        values[node] = value
    return values


def evaluated(program: Program, x: Tensor) -> Iterator[tuple[fx.Node, Any]]:
    """Run a program node by node; yield each with its value, which a later node may overwrite."""
    needed_by = last_readers(program.graph)
    held: dict[fx.Node, Any] = {}
    for node in program.graph.nodes:
        if node.op == "output":
            return
        with torch.no_grad(), program.arithmetic():
            held[node] = x if node.op == "placeholder" else call(program, node, held.__getitem__)
        yield node, held[node]
        for done in needed_by.get(node, ()):
            del held[done]


def call(program: Program, node: fx.Node, value_of: Callable[[fx.Node], Any]) -> Any:
    """Return what a node gives for the values of the nodes that it reads."""
    name = str(node.target)
    args, kwargs = map_arg((node.args, node.kwargs), value_of)
    if node.op == "call_module":
        return program.modules[name](*args, **kwargs)
    if node.op == "call_method":
        return getattr(args[0], name)(*args[1:], **kwargs)
    if node.op == "get_attr":
        owner, _, attribute = name.rpartition(".")
        return getattr(program.modules[owner], attribute)
    function: Any = node.target
    return function(*args, **kwargs)


def last_readers(graph: fx.Graph) -> dict[fx.Node, list[fx.Node]]:
    """Return after which node the values of others are no longer needed."""
    position = {node: index for index, node in enumerate(graph.nodes)}
    last: dict[fx.Node, list[fx.Node]] = {}
    for node in graph.nodes:
        if node.op != "output":
            reader = max(node.users, key=position.__getitem__, default=node)
            last.setdefault(reader, []).append(node)
    return last
