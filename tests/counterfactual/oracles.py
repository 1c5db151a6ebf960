"""Hierarchical occlusion by its definition, an image at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

Image = npt.NDArray[Any]
Corner = tuple[int, int]


class Node:
    """A box with its children; `layer` -1 is the whole image."""

    def __init__(self, layer: int, corner: Corner, side: int, output: float, change: float) -> None:
        self.layer, self.corner, self.side = layer, corner, side
        self.output, self.change = output, change
        self.children: list[Node] = []

    def leaves(self) -> list[Node]:
        if not self.children:
            return [self]
        return [leaf for child in self.children for leaf in child.leaves()]

    def at_or_above(self, layer: int) -> list[Node]:
        """Nodes of a layer, and leaves that ended earlier."""
        if self.layer == layer or (not self.children and self.layer >= 0):
            return [self]
        return [node for child in self.children for node in child.at_or_above(layer)]

    def plain(self) -> Any:
        return (self.corner, self.side, [child.plain() for child in self.children])

    def all(self) -> list[Node]:
        return [self, *(node for child in self.children for node in child.all())]


def slow_search(
    answer: Callable[[Image], float],
    image: Image,
    cover: Image,
    windows: list[int],
    strides: list[int],
    target: float,
    hide: bool = False,
) -> tuple[Node, list[float]]:
    """The tree and the outputs of its layers, down to the deepest that reaches the target.

    No layer at all if nothing was found.
    """
    start, edit = (image, cover) if hide else (cover, image)
    sign = -1 if hide else 1

    def output(nodes: list[Node], extra: tuple[Corner, int] | None = None) -> float:
        shown = start.copy()
        boxes = [(node.corner, node.side) for node in nodes] + ([extra] if extra else [])
        for (x, y), side in boxes:
            shown[:, y : y + side, x : x + side] = edit[:, y : y + side, x : x + side]
        return sign * answer(shown)

    goal = sign * target
    root = Node(-1, (0, 0), 0, 0, 0)
    root.output = sign * output([])
    queue: list[tuple[Node, list[Node]]] = [(root, [])]
    while queue:
        parent, before = queue.pop(0)
        layer = parent.layer + 1
        window, stride = windows[layer], strides[layer]
        height, width = image.shape[1:] if parent is root else (parent.side, parent.side)
        left = [
            (parent.corner[0] + x, parent.corner[1] + y)
            for x in positions(width, window, stride)
            for y in positions(height, window, stride)
        ]
        base = [leaf for node in before for leaf in node.leaves()]
        first = last = output(base)
        chosen: list[Node] = []
        further: list[tuple[Node, list[Node]]] = []
        while last < goal:
            if not left:
                chosen, further = [], []
                break
            tried = [output([*base, *chosen], (corner, window)) for corner in left]
            best = max(tried)
            place = next(i for i, one in enumerate(tried) if one >= best - 1e-5 * abs(best))
            node = Node(layer, left.pop(place), window, sign * tried[place], 0)
            node.change = sign * (tried[place] - last)
            if layer + 1 < len(windows) and tried[place] > last:
                further.append((node, [*before, *chosen]))
            chosen.append(node)
            last = tried[place]
            if layer > 0 and last - first >= sign * parent.change:
                break
        parent.children = chosen
        queue += further
    if not root.children:
        return root, []
    outputs = []
    for layer in range(max(node.layer for node in root.all()) + 1):
        outputs.append(output(root.at_or_above(layer)))
    deepest = max(layer for layer, one in enumerate(outputs) if one >= goal)
    for node in root.all():
        if node.layer == deepest:
            node.children = []
    return root, [sign * one for one in outputs[: deepest + 1]]


def positions(size: int, window: int, stride: int) -> list[int]:
    made = []
    place = 0
    while place < size - window:
        made.append(place)
        place += stride
    return [*made, size - window]
