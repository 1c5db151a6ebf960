"""Running a plan: the maps of the unchanged image are kept, patches go through the graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, fx
from torch.nn import functional

from seewhy.network.torch.incremental_batches import Batch, Cut
from seewhy.network.torch.incremental_choice import Part, reads_shape
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.incremental_values import call, evaluated


class Kept:
    """The maps of an unchanged image that parts are cut out of, (H, W, C) with their margins.

    Parameters
    ----------
    plan
        Whose parts are meant.
    x
        The image, (1, C, H, W).
    other
        What the boxes show, (1, C, H, W).
    """

    def __init__(self, plan: Plan, x: Tensor, other: Tensor) -> None:
        self.other = _places_first(other)[0]
        self.maps: dict[Any, Tensor] = {}
        left = {part.kept for part in plan.cut_parts}
        for node, value in evaluated(plan.program, x):
            for key in [key for key in left if key[0] is node]:
                self.maps[key] = _framed(value, *key[1:])
                left.remove(key)
            if not left:
                break


def run(plan: Plan, kept: Kept, batch: Batch) -> Tensor:
    """Return the logits (b, K) of the image with each box of a batch replaced."""
    with torch.no_grad(), plan.program.arithmetic():
        made: Tensor = plan.program.in_float32(_Run(plan, kept, batch).output())
        return made


class _Run:
    """One pass through the graph: `patches` and `whole` are the values that are still needed."""

    def __init__(self, plan: Plan, kept: Kept, batch: Batch) -> None:
        self.plan, self.kept, self.batch = plan, kept, batch
        height, width = plan.box
        boxes = [kept.other[y : y + height, x : x + width] for y, x in batch.corners]
        self.patches = {plan.image: torch.stack(boxes).permute(0, 3, 1, 2)}
        self.whole: dict[fx.Node, Any] = {}

    def output(self) -> Tensor:
        choice, varying = self.plan.choice, self.plan.values.varying
        *nodes, output = self.plan.nodes
        for node in nodes:
            if node in choice.local:
                parts = choice.parts[node]
                made = [self._part(part) for part in parts]
                # What was cut out is read by nobody else.
                self.patches[node] = choice.local[node].run(made, parts[-1] in self.batch.cuts)
            elif node in varying and node is not self.plan.image:
                self.whole[node] = self._call(node)
            for done in self.plan.done_after.get(node, ()):
                self.patches.pop(done, None)
                self.whole.pop(done, None)
        made_last: Tensor = self._whole(output.args[0])
        return made_last

    def _part(self, part: Part) -> Tensor:
        patch, cut = self.patches[part.source], self.batch.cuts.get(part)
        return patch if cut is None else _cut_out(self.kept.maps[part.kept], patch, cut)

    def _call(self, node: fx.Node) -> Any:
        return call(
            self.plan.program, node, self._of_same_shape if reads_shape(node) else self._whole
        )

    def _whole(self, node: fx.Node) -> Any:
        """Return the value of a node for all boxes of the batch."""
        if node not in self.plan.values.varying:
            return self.plan.values[node]
        if node not in self.whole:
            self.whole[node] = self._part(self.plan.choice.whole[node])
        return self.whole[node]

    def _of_same_shape(self, node: fx.Node) -> Any:
        """Return a tensor that has but the shape of that of a node."""
        if node not in self.patches:
            return self._whole(node)
        shape = (len(self.batch), *self.plan.values[node].shape[1:])
        return self.kept.other.new_empty(()).expand(shape)


def _cut_out(kept: Tensor, patch: Tensor, cut: Cut) -> Tensor:
    """Return the parts (b, C, h, w) of a kept map (H, W, C), with the patches put over them."""
    height, width = cut.height, cut.width
    parts = torch.stack([kept[y : y + height, x : x + width] for y, x in cut.begins])
    patch = _places_first(patch)
    for put, taken in cut.pastes:
        parts[put] = patch[taken]
    return parts.permute(0, 3, 1, 2)


def _framed(value: Tensor, margins: Iterable[int], fill: float) -> Tensor:
    """Return the map (1, C, H, W) as (H, W, C) with its margins, in memory of its own."""
    top, bottom, left, right = margins
    framed = functional.pad(_places_first(value)[0], (0, 0, left, right, top, bottom), value=fill)
    return framed.clone(memory_format=torch.contiguous_format)


def _places_first(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1)
