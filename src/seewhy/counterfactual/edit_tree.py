"""The edits that a hierarchical search made, as a tree of boxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Mask: TypeAlias = npt.NDArray[np.bool_]


class Box(NamedTuple):
    """A box in pixels of the input."""

    x: int
    y: int
    width: int
    height: int


@dataclass
class EditStep:
    """A box that was edited, and the smaller boxes that turned out to do in its place.

    Attributes
    ----------
    layer
        0 for the largest boxes, -1 for the root, which stands for the whole image.
    box
        Where the edit is.
    network_output
        Output of the network after this edit, on top of those before it; of the root before any.
    step_change
        How much this edit changed the output; 0 for the root.
    children
        In the order in which they were chosen.
    """

    layer: int
    box: Box
    network_output: float
    step_change: float
    children: list[EditStep] = field(default_factory=list)

    @property
    def is_leaf(self) -> bool:
        """Whether nothing smaller stands in for this step."""
        return not self.children

    def __iter__(self) -> Iterator[EditStep]:
        """Go through this step and all below it, layer by layer, in the order of the search."""
        waiting = [self]
        while waiting:
            yield from waiting
            waiting = [child for step in waiting for child in step.children]

    @property
    def max_layer(self) -> int:
        """The deepest layer that has a step."""
        return max(step.layer for step in self)

    @property
    def leaf_steps(self) -> list[EditStep]:
        """The steps that have nothing below them; the root alone counts as none."""
        return [step for step in self if step.is_leaf and step.layer >= 0]

    def layer_steps(self, layer: int) -> list[EditStep]:
        """Return the steps of a layer."""
        return [step for step in self if step.layer == layer]

    def layer_or_leaf_steps(self, layer: int) -> list[EditStep]:
        """Return the steps of a layer, and the leaves of the layers above it."""
        return [
            step
            for step in self
            if step.layer == layer or (0 <= step.layer < layer and step.is_leaf)
        ]

    def cut_below(self, layer: int) -> None:
        """Remove all steps of deeper layers."""
        for step in self:
            if step.layer >= layer:
                step.children = []

    def process(self) -> list[tuple[EditStep, list[Box]]]:
        """Retell the search: each step with all boxes that were edited at its `network_output`."""
        told: list[tuple[EditStep, list[Box]]] = []
        waiting: list[tuple[EditStep, list[EditStep]]] = [(self, [])]
        while waiting:
            parent, before = waiting.pop(0)
            # What came before this parent counts as far as it was refined by then.
            layer = parent.layer + 1
            shown = [one.box for step in before for one in step.layer_or_leaf_steps(layer)]
            for place, step in enumerate(parent.children):
                shown = [*shown, step.box]
                told.append((step, shown))
                waiting.append((step, [*before, *parent.children[:place]]))
        return told


def paint(size: tuple[int, int], boxes: Iterable[Box]) -> Mask:
    """Return where the boxes are on an image of `size` = (H, W)."""
    painted = np.zeros(size, bool)
    for x, y, width, height in boxes:
        painted[y : y + height, x : x + width] = True
    return painted
