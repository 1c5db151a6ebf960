"""How a fused graph runs on images in which one box was replaced."""

from __future__ import annotations

from math import prod

import numpy as np
from torch import fx

from seewhy.network.memory import MemoryLimit
from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.fused_stream import LARGEST_BLOCK
from seewhy.network.torch.incremental_choice import Chooser, Margins, Part
from seewhy.network.torch.incremental_spans import Size, Spans
from seewhy.network.torch.incremental_values import Values, last_readers

MOST_BOXES = 32
"""Boxes of a batch: more are no faster."""

KEPT_BYTES = 512 * 2**20
"""Bytes of the maps that are kept of an unchanged image, at the most."""

PREPARING = 2.0
"""Forwards that take as long as what is done once for an image."""

WORTH_IT = 0.9
"""Share of the time of whole forwards above which there is no plan: estimates err."""


class Plan:
    """Patches where a box of `box` = (height, width) reaches a small part of a map.

    Where a patch covers most of its map, where an operation is not known, and from there on, maps
    are computed whole.

    Parameters
    ----------
    program
        The fused graph.
    values
        What its nodes give for one sample.
    box
        Not larger than the image.
    share
        Up to which share of its map a patch is computed; None finds what is quickest.

    Attributes
    ----------
    choice
        The nodes computed patch by patch, and what they read.
    spans
        The places that a box can change, along y and along x.
    cut_parts
        The parts of maps to cut out for a box, in the order of the graph.
    done_after
        After which node the values of others are no longer needed.
    stride
        Pixels of the image for a step in the smallest map that is computed patch by patch.
    memory
        What is known about the batches that fit.
    """

    def __init__(
        self, program: Program, values: Values, box: Size, share: float | None = None
    ) -> None:
        self.program = program
        self.values = values
        self.box = box
        self.nodes = list(program.graph.nodes)
        self.image = next(node for node in self.nodes if node.op == "placeholder")
        self.memory = MemoryLimit()
        size = values.places(self.image)
        self.spans = (Spans(0, self.image, size[0], box[0]), Spans(1, self.image, size[1], box[1]))
        chooser = Chooser(program, values, self.spans)
        self.cost_whole = chooser.cost_whole
        self.choice = chooser.best() if share is None else chooser.up_to(share)
        parts = [part for parts in self.choice.parts.values() for part in parts]
        parts += self.choice.whole.values()
        self.cut_parts = [part for part in parts if not chooser.is_patch(part)]
        self.done_after = last_readers(program.graph)
        rows = [values.places(node)[0] for node in self.choice.local]
        self.stride = -(-size[0] // min([size[0], *rows]))

    @property
    def summary(self) -> str:
        """What was planned, in words."""
        height, width = self.box
        return (
            f"boxes of {height} x {width}: {len(self.choice.local)} operators on patches, "
            f"about {self.choice.cost / self.cost_whole:.2f} of a forward"
        )

    def reason_against(self, boxes: int, kept_bytes: int = KEPT_BYTES) -> str | None:
        """Return why whole forwards are better for so many boxes of an image, or None.

        `kept_bytes` is what the maps of the unchanged image may take.
        """
        alone = PREPARING * self.cost_whole + boxes * self.choice.cost
        if not alone <= WORTH_IT * boxes * self.cost_whole:
            return f"{self.summary}, which saves too little for {boxes} boxes"
        kept = sum(map(self._kept_bytes, {part.kept for part in self.cut_parts}))
        if kept > kept_bytes:
            return f"{self.summary}, but {kept / 2**20:.0f} MiB of maps would be kept"
        return None

    def most_at_once(self, limit: int | None) -> int:
        """Return how many boxes to compute together: no tensor should exceed 32 MiB."""
        whole = [self.values.numbers(node) for node in self.nodes
                 if node in self.values.varying and node not in self.choice.local
                 and node is not self.image]  # fmt: skip
        largest = 4 * max([1, *whole, *map(self._part_numbers, self.cut_parts)])
        most = min(MOST_BOXES, max(1, LARGEST_BLOCK // largest))
        return most if limit is None else min(most, limit)

    def _part_numbers(self, part: Part) -> int:
        """Return how many numbers a part has, or the patch made of it if that has more."""
        made = [spans.largest(part.reader) for spans in self.spans]
        nowhere = np.zeros(1, np.int64)
        read = [w.read(nowhere, n)[1] for w, n in zip(part.window, made, strict=True)]
        outputs = self.values[part.reader].shape[1] * prod(made)
        return int(max(self.values[part.source].shape[1] * prod(read), outputs))

    def _kept_bytes(self, kept: tuple[fx.Node, Margins, float]) -> int:
        source, (top, bottom, left, right), _ = kept
        height, width = self.values.places(source)
        places = (height + top + bottom) * (width + left + right)
        return 4 * int(self.values[source].shape[1]) * places
