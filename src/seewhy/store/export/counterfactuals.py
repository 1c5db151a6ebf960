"""Counterfactuals as MindInsight draws them: boxes that are shown on a blurred original."""

from __future__ import annotations

import re
from collections.abc import Iterable

from seewhy.store.counterfactuals import CounterfactualRecord
from seewhy.store.export.messages import Hoc, HocLayer
from seewhy.store.export.report import Tally

GAUSSIAN = re.compile(r"gaussian:([1-9]\d{0,4})")

Box = tuple[int, int, int, int]


def to_hoc(record: CounterfactualRecord, size: tuple[int, int], tally: Tally) -> Hoc | None:
    """Turn a counterfactual into a message, or say why that cannot be.

    Parameters
    ----------
    record
        Boxes in pixels of the network's input.
    size
        (width, height) of the exported original. Boxes and the blur are scaled to it.
    tally
        Takes what is not carried.
    """
    if record.reason is not None:
        tally[f"labels without a counterfactual ({record.reason})"] += 1
        return None
    if record.direction != "reveal":
        tally["counterfactuals that hide a region, which MindInsight cannot show, left out"] += 1
        return None
    blur = GAUSSIAN.fullmatch(record.mask)
    if blur is None:
        tally[
            f"counterfactuals with mask {record.mask!r}, which MindInsight cannot draw, left out"
        ] += 1
        return None
    scale = size[0] / record.width, size[1] / record.height
    radius = max(1, round(int(blur[1]) * (scale[0] * scale[1]) ** 0.5))
    layers = [
        HocLayer(outcome.output, _flat(record.layer_boxes(number), scale))
        for number, outcome in enumerate(record.layers)
    ]
    if record.region is not None and sorted(record.region_boxes) != sorted(
        record.layer_boxes(len(record.layers) - 1)
    ):
        layers.append(HocLayer(record.region.output, _flat(record.region_boxes, scale)))
        tally[
            "counterfactuals with a layer more, the last one without the boxes it does not need"
        ] += 1
    return Hoc(record.label, f"gaussian:{radius}", layers)


def _flat(boxes: Iterable[Box], scale: tuple[float, float]) -> list[int]:
    """x, y, width and height of one box after the other; edges are rounded, not sizes."""
    made = []
    for x, y, width, height in boxes:
        left, right = round(x * scale[0]), round((x + width) * scale[0])
        top, bottom = round(y * scale[1]), round((y + height) * scale[1])
        made += [left, top, max(1, right - left), max(1, bottom - top)]
    return made
