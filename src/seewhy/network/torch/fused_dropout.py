"""Cutting a network at its first dropout: the fused head runs once, the fused tail every pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from torch import Tensor, fx, nn, no_grad

from seewhy.network.dropout_masks import Masks, Place, repeated
from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.fused_split import dependents, head_graph
from seewhy.network.torch.fused_trace import NotFusableError, Source
from seewhy.network.torch.ops import TorchOps


class LiveDropout(nn.Module):
    """Puts the masks of the running forward on a value."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place

    def forward(self, x: Tensor, masks: Masks) -> Tensor:
        """Return `x` with the masks on; without them in a forward that is plain."""
        dropped: Tensor = masks.drop(x, self.place)
        return dropped


class DropoutSplit:
    """The two programs of a network cut where the first value is dropped.

    Raises
    ------
    NotFusableError
        If a place is not a layer of the traced graph, or no output depends on it.
    """

    def __init__(self, source: Source, places: Sequence[Place]) -> None:
        names = {f"network.{place.name}": place for place in places}
        modules = dict(source.root.named_modules())
        # In-place modules were replaced by pure copies, which share these dictionaries.
        originals = {
            id(modules[name]._parameters): place for name, place in names.items() if name in modules
        }
        live = {
            node: place
            for node in source.graph.nodes
            if node.op == "call_module" and (place := _place(node, modules, originals)) is not None
        }
        if len(set(live.values())) != len(places):
            raise NotFusableError("a place of dropout is not a layer of the traced graph")
        first = next(iter(live))
        cut = first.all_input_nodes[0] if live[first].before else first
        after = dependents(source.graph, cut)
        if next(node for node in source.graph.nodes if node.op == "output") not in after:
            raise NotFusableError("the output does not depend on the dropout")
        crossing = [
            node
            for node in source.graph.nodes
            if node is not cut
            and node not in after
            and node.op != "get_attr"
            and any(user in after for user in node.users)
        ]
        root = copy(source.root)
        root.__dict__["_modules"] = dict(source.root._modules)
        self.head = Program(source.root, head_graph(source.graph, cut, crossing))
        self.tail = Program(root, _tail(root, source.graph, [cut, *crossing], after, live))

    def pack(self) -> None:
        """Read the network's weights anew."""
        self.head.pack()
        self.tail.pack()

    def start(self, x: Tensor, masks: Masks) -> tuple[Tensor, Callable[[int, int], Tensor]]:
        """Run the head for `x`; return the logits without dropout, and what gives the passes."""
        ops = TorchOps()
        with no_grad():
            activation, crossing = self.head.run(x)
            masks.begin_plain(len(x))
            plain: Tensor = self.tail.run(masks, activation, *crossing)

        def passes(first: int, count: int) -> Tensor:
            masks.begin(first, count)
            values = repeated([activation, *crossing], count, len(x), ops)
            with no_grad():
                made: Tensor = self.tail.run(masks, *values)
            return made

        return plain, passes


def _place(
    node: fx.Node,
    modules: dict[str, nn.Module],
    originals: dict[int, Place],
) -> Place | None:
    """The place that a call of a module is."""
    name = str(node.target)
    return originals.get(id(modules[name]._parameters)) if name in modules else None


def _tail(
    root: nn.Module,
    graph: fx.Graph,
    inputs: list[fx.Node],
    after: set[fx.Node],
    live: dict[fx.Node, Place],
) -> fx.Graph:
    """What follows the cut, with dropout at its places; takes the masks and the values cut."""
    tail = fx.Graph()
    masks = tail.placeholder("masks")
    copies: dict[fx.Node, fx.Node] = {}

    def dropped(value: fx.Node, place: Place, meta: dict[str, Any]) -> fx.Node:
        name = f"dropout_{len(copies)}"
        root.add_module(name, LiveDropout(place))
        made = tail.create_node("call_module", name, (value, masks))
        made.meta = dict(meta)
        return made

    for index, node in enumerate(inputs):
        copies[node] = tail.placeholder(f"value_{index}")
        copies[node].meta = dict(node.meta)
    cut = inputs[0]
    if cut in live and not live[cut].before:
        copies[cut] = dropped(copies[cut], live[cut], cut.meta)
    for node in graph.nodes:
        read = node.op == "get_attr" and any(user in after for user in node.users)
        if node not in after and not read:
            continue
        place = live.get(node)
        made = tail.node_copy(node, copies.__getitem__)
        if place is not None and place.before:
            with tail.inserting_before(made):
                source = node.all_input_nodes[0]
                made.args = (dropped(copies[source], place, source.meta), *made.args[1:])
        copies[node] = made
        if place is not None and not place.before:
            copies[node] = dropped(made, place, node.meta)
    tail.lint()
    return tail
