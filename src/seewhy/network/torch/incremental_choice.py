"""Choosing which nodes of a graph are computed patch by patch, by an estimate of the time."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TypeAlias

import numpy as np
from torch import fx

from seewhy.network.torch.fused_operators import FusedConvolution, FusedLinear
from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.incremental_local import POINTWISE, Axes, Local, Reading
from seewhy.network.torch.incremental_rules import local_of
from seewhy.network.torch.incremental_spans import Spans
from seewhy.network.torch.incremental_values import Values

MOVED = 15.0
"""Multiply-adds that take as long as copying one number."""

TOUCHED = 12.0
"""Multiply-adds that take as long as reading or writing one number in an operator."""

Margins: TypeAlias = tuple[int, int, int, int]
"""Rows above and below a map, columns to its left and right."""


@dataclass(frozen=True)
class Part:
    """What `reader` needs of a map to make a patch: the part under `window`, or the whole map.

    It is cut out of the map kept from the unchanged image, with `margins` of `fill` around that,
    and the patch of `source` is put over it.
    """

    source: fx.Node
    reader: fx.Node
    window: Axes
    margins: Margins = (0, 0, 0, 0)
    fill: float = 0.0
    whole: bool = False

    @property
    def kept(self) -> tuple[fx.Node, Margins, float]:
        """Which map it is cut out of."""
        return self.source, self.margins, self.fill if any(self.margins) else 0.0


@dataclass(frozen=True)
class Choice:
    """Nodes computed patch by patch.

    Attributes
    ----------
    local
        These nodes, in the order of the graph.
    parts
        What each of them reads.
    whole
        The maps that other nodes read although there are only patches of them.
    cost
        Estimated time for one box, in multiply-adds.
    """

    local: dict[fx.Node, Local]
    parts: dict[fx.Node, list[Part]]
    whole: dict[fx.Node, Part]
    cost: float


class Chooser:
    """Weighs the choices for a program and a size of boxes.

    `cost_whole` is the estimated time of one forward of the program, in multiply-adds.
    """

    def __init__(self, program: Program, values: Values, spans: tuple[Spans, Spans]) -> None:
        self.program = program
        self.values = values
        self.spans = spans
        self.nodes = list(program.graph.nodes)
        self.possible: dict[fx.Node, Local] = {}
        for node in self.nodes:
            if node.op not in ("placeholder", "output") and node in values.varying:
                self._add(node, local_of(program.modules, node, values))
        self.cost_whole = sum(map(self._cost_of_whole, self.nodes))

    def best(self) -> Choice:
        """Return the choice with the least cost: patches up to some share of their maps."""
        shares = {self._share(node) for node in self.possible}
        return min(map(self.up_to, sorted({0.0, *shares})), key=lambda choice: choice.cost)

    def up_to(self, share: float) -> Choice:
        """Take the nodes whose patches are at most this share of their maps."""
        return self._choice({node for node in self.possible if self._share(node) <= share})

    def is_patch(self, part: Part) -> bool:
        """Whether a part is just the patch of its source, wherever the box is."""
        at_the_same_place = part.window == POINTWISE and not part.whole
        return at_the_same_place and all(s.same(part.source, part.reader) for s in self.spans)

    def _add(self, node: fx.Node, local: Local | None) -> None:
        if local is None or not all(r.source in self.spans[0].first for r in local.readings):
            return
        self.possible[node] = local
        for spans, length in zip(self.spans, self.values.places(node), strict=True):
            spans.add(node, length, local.readings)

    def _patch(self, node: fx.Node) -> int:
        return prod(spans.largest(node) for spans in self.spans)

    def _share(self, node: fx.Node) -> float:
        return self._patch(node) / prod(self.values.places(node))

    def _choice(self, wanted: set[fx.Node]) -> Choice:
        """Take the nodes of `wanted` as far as their inputs allow."""
        local: dict[fx.Node, Local] = {}
        for node, found in self.possible.items():
            sources = [reading.source for reading in found.readings]
            if node in wanted and all(s in local or s.op == "placeholder" for s in sources):
                local[node] = found
        parts = {
            node: [self._part(node, reading) for reading in found.readings]
            for node, found in local.items()
        }
        others = [node for node in self.nodes if node not in local]
        read = dict.fromkeys(s for node in others if not reads_shape(node)
                             for s in node.all_input_nodes)  # fmt: skip
        whole = {s: Part(s, s, POINTWISE, whole=True) for s in read
                 if s in local or s.op == "placeholder"}  # fmt: skip
        cost = sum(self._cost_of_patch(node, local[node], parts[node]) for node in local)
        cost += sum(map(self._cost_of_whole, others))
        cost += sum(MOVED * 1.5 * self.values.numbers(node) for node in whole)
        return Choice(local, parts, whole, cost)

    def _part(self, node: fx.Node, reading: Reading) -> Part:
        margins = []
        inputs, outputs = self.values.places(reading.source), self.values.places(node)
        for window, length, made in zip(reading.window, inputs, outputs, strict=True):
            end = (made - 1) * window.stride + window.extent - window.padding
            margins += [window.padding, max(0, end - length)]
        top, bottom, left, right = margins
        return Part(reading.source, node, reading.window, (top, bottom, left, right), reading.fill)

    def _cost_of_whole(self, node: fx.Node) -> float:
        if node.op in ("placeholder", "output") or node not in self.values.varying:
            return 0.0
        operator, work = self.program.operators.get(str(node.target)), 0
        if isinstance(operator, FusedLinear):
            work = operator.weight.read().numel()
        elif isinstance(operator, FusedConvolution):
            taps = operator.convolution.weight.read().numel()
            work = taps * prod(self.values.places(node))
        return work + TOUCHED * sum(map(self.values.numbers, [node, *node.all_input_nodes]))

    def _cost_of_patch(self, node: fx.Node, local: Local, parts: list[Part]) -> float:
        size = [spans.largest(node) for spans in self.spans]
        cost = (local.work + TOUCHED * self.values[node].shape[1]) * prod(size)
        for part in parts:
            channels, patch = self.values[part.source].shape[1], self._patch(part.source)
            if self.is_patch(part):
                cost += TOUCHED * channels * patch
                continue
            nowhere = np.zeros(1, int)
            area = prod(w.read(nowhere, n)[1] for w, n in zip(part.window, size, strict=True))
            cost += channels * (MOVED * (area + patch) + TOUCHED * area)
        return float(cost)


def reads_shape(node: fx.Node) -> bool:
    """Whether `node` only asks for the shape or the kind of a tensor."""
    if node.op == "call_method":
        return node.target in ("size", "dim", "numel")
    return node.target is getattr and node.args[1] in ("shape", "ndim", "dtype", "device")
