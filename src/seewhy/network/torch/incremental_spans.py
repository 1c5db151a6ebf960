"""Which places of each map of a graph a box of the image can change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from torch import fx

from seewhy.network.torch.incremental_local import Reading
from seewhy.network.torch.incremental_sliding import Positions

Size: TypeAlias = tuple[int, int]
"""Height and width."""


class Spans:
    """For each map the places [first, end) along one axis that a box can change, by its start.

    Parameters
    ----------
    axis
        0 for rows, 1 for columns.
    image
        The placeholder.
    length, box
        Pixels of the image and of the box along the axis.
    """

    def __init__(self, axis: int, image: fx.Node, length: int, box: int) -> None:
        starts = np.arange(length - box + 1)
        self.axis = axis
        self.length = {image: length}
        self.first: dict[fx.Node, Positions] = {image: starts}
        self.end: dict[fx.Node, Positions] = {image: starts + box}

    def add(self, node: fx.Node, length: int, readings: Sequence[Reading]) -> None:
        """Add a map of `length` places that is computed from others."""
        reached = [
            reading.reach[self.axis].reached(self.first[reading.source], self.end[reading.source])
            for reading in readings
        ]
        first = np.min([low for low, _ in reached], 0).clip(0, length)
        end = np.max([high for _, high in reached], 0).clip(0, length)
        self.first[node], self.end[node] = first, np.maximum(first, end)
        self.length[node] = length

    def largest(self, node: fx.Node) -> int:
        """Return how many places of a map a box can change at the most, at least 1."""
        return max(1, int((self.end[node] - self.first[node]).max()))

    def same(self, one: fx.Node, other: fx.Node) -> bool:
        """Whether a box changes the same places of both maps, wherever it is."""
        return (
            self.length[one] == self.length[other]
            and np.array_equal(self.first[one], self.first[other])
            and np.array_equal(self.end[one], self.end[other])
        )
