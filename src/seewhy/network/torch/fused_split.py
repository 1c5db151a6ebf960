"""Cutting a network at a layer: the fused head up to it, the plain tail after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, fx, nn, no_grad

from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.fused_trace import NotFusableError, Source


class Split:
    """The two programs of a network cut at the last call of one layer.

    Raises
    ------
    NotFusableError
        If the layer does not run, gives other than one tensor, or the output does not depend
        on it.
    """

    def __init__(self, source: Source, layer: nn.Module) -> None:
        cut = source.last_call.get(id(layer))
        if cut is None or "shape" not in cut.meta:
            raise NotFusableError("the layer does not run, or gives other than one tensor")
        after = dependents(source.graph, cut)
        output = next(node for node in source.graph.nodes if node.op == "output")
        if output not in after:
            raise NotFusableError("the output does not depend on the layer")
        crossing = [
            node
            for node in source.graph.nodes
            if node is not cut
            and node not in after
            and node.op != "get_attr"
            and any(user in after for user in node.users)
        ]
        self.head = Program(source.root, head_graph(source.graph, cut, crossing))
        self.tail = Program(source.root, _tail(source.graph, cut, crossing, after), fused=False)

    def pack(self) -> None:
        """Read the network's weights anew."""
        self.head.pack()
        self.tail.pack()


class Head:
    """A network up to the last call of one layer, fused; `tail` is the rest, plain.

    Obtained from `FusedGraph.head`; new weights are seen as by the graph itself.
    """

    def __init__(self, split: Split, refresh: Callable[[], str | None]) -> None:
        self._split = split
        self._refresh = refresh

    def __call__(self, x: Tensor) -> tuple[Tensor, tuple[Any, ...]]:
        """Run up to the layer, without autograd.

        Parameters
        ----------
        x
            (N, C, H, W), float32, on the CPU.

        Returns
        -------
        activation, crossing
            What the layer's last call gives, and the other values that the tail reads.

        Raises
        ------
        RuntimeError
            If the network was changed in more than its weights since the graph was fused.
        """
        reason = self._refresh()
        if reason is not None:
            raise RuntimeError(f"`network` must be fused again: {reason}")
        with no_grad():
            activation, crossing = self._split.head.run(x)
        return activation, tuple(crossing)

    def tail(self, activation: Tensor, crossing: tuple[Any, ...]) -> Tensor:
        """Run the rest on the network's plain modules, under autograd where it is on.

        Parameters
        ----------
        activation
            The layer's output, perhaps with `requires_grad`.
        crossing
            The second result of the head.
        """
        output: Tensor = self._split.tail.run(activation, *crossing)
        return output


def dependents(graph: fx.Graph, cut: fx.Node) -> set[fx.Node]:
    """Return what is computed from `cut`, without it."""
    after: set[fx.Node] = set()
    for node in graph.nodes:
        if any(source is cut or source in after for source in node.all_input_nodes):
            after.add(node)
    return after


def head_graph(graph: fx.Graph, cut: fx.Node, crossing: list[fx.Node]) -> fx.Graph:
    """Copy what `cut` and `crossing` are computed by; it returns them."""
    needed: set[fx.Node] = set()
    waiting = [cut, *crossing]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting.extend(node.all_input_nodes)
    head = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if node in needed or node.op == "placeholder":
            copies[node] = head.node_copy(node, copies.__getitem__)
    head.output((copies[cut], [copies[node] for node in crossing]))
    return head


def _tail(graph: fx.Graph, cut: fx.Node, crossing: list[fx.Node], after: set[fx.Node]) -> fx.Graph:
    tail = fx.Graph()
    copies = {
        node: tail.placeholder(f"value_{index}") for index, node in enumerate([cut, *crossing])
    }
    for node in graph.nodes:
        if node in after or (node.op == "get_attr" and node not in copies):
            copies[node] = tail.node_copy(node, copies.__getitem__)
    return tail
