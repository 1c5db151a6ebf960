"""Layers of boxes, which is all that a summary tells of a search, as a counterfactual."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from seewhy.store.counterfactuals import CounterfactualRecord, Edit, Outcome
from seewhy.store.export.counterfactuals import GAUSSIAN
from seewhy.store.export.messages import Hoc

Box = tuple[int, int, int, int]
Layers = list[tuple[float, list[Box]]]
THRESHOLD = 0.5
"""Of the search that wrote summaries."""
MOST_BOXES = 2000
"""Of a layer; real ones have some dozens."""


def to_record(
    number: int, hoc: Hoc, output: float, size: tuple[int, int]
) -> CounterfactualRecord | None:
    """Turn layers into a record; None if they make no sense.

    The steps within a layer, their outputs and the tree are not in a summary. Which box lies in
    which is told by where they are; `output` of a step is that of its layer, `change` is 0, and
    `images` is 0, by which such a record is known.

    Parameters
    ----------
    number, output
        Sample, and output on the image itself.
    hoc
        Message.
    size
        (width, height) of the original, in whose pixels boxes are.
    """
    if not GAUSSIAN.fullmatch(hoc.mask or ""):
        return None
    layers: Layers = []
    for layer in hoc.layer:
        boxes = _boxes(layer.box, size)
        if not 0 < len(boxes) <= MOST_BOXES or layer.prob is None or not math.isfinite(layer.prob):
            return None
        layers.append((layer.prob, boxes))
    if not layers:
        return None
    region = layers[-1]
    # A last layer of fewer boxes is what our exports add: the region itself.
    if len(layers) > 1 and set(region[1]) < set(layers[-2][1]):
        layers.pop()
    record = _record(number, hoc, output, size, layers, region)
    if [sorted(record.layer_boxes(n)) for n in range(len(layers))] == [
        sorted(boxes) for _, boxes in layers
    ]:
        return record
    # What became of a box cannot be told.
    return _record(number, hoc, output, size, layers[-1:], region)


def _record(
    number: int,
    hoc: Hoc,
    output: float,
    size: tuple[int, int],
    layers: Layers,
    region: tuple[float, list[Box]],
) -> CounterfactualRecord:
    return CounterfactualRecord(
        sample_id=number,
        label=hoc.label or 0,
        direction="reveal",
        mask=hoc.mask or "",
        width=size[0],
        height=size[1],
        output=output,
        target=THRESHOLD,
        reason=None,
        start=None,
        region=Outcome(region[0], _area(region[1], size)),
        images=0,
        layers=tuple(Outcome(prob, _area(boxes, size)) for prob, boxes in layers),
        steps=tuple(_steps(layers, region[1])),
    )


def _boxes(flat: Sequence[int], size: tuple[int, int]) -> list[Box]:
    """Boxes within the image, without repetition."""
    made: dict[Box, None] = {}
    for at in range(0, len(flat) - 3, 4):
        x, y, width, height = flat[at : at + 4]
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, size[0]), min(y + height, size[1])
        if right > left and bottom > top:
            made[left, top, right - left, bottom - top] = None
    return list(made)


def _steps(layers: Layers, region: Sequence[Box]) -> list[Edit]:
    """Steps of all layers: the boxes that come with each, within those that go."""
    steps: list[Edit] = []
    places: dict[Box, int] = {}
    for number, (prob, boxes) in enumerate(layers):
        gone = [box for box in places if box not in boxes]
        come = [box for box in boxes if box not in places]
        for box, parent in zip(come, _parents(gone, come), strict=True):
            at = None if parent is None else places[parent]
            steps.append(Edit(number, at, *box, prob, 0.0, False))
        places |= {box: len(steps) - len(come) + place for place, box in enumerate(come)}
        for box in gone:
            del places[box]
    kept = {place for box, place in places.items() if box in region}
    return [step._replace(needed=place in kept) for place, step in enumerate(steps)]


def _parents(gone: Sequence[Box], come: Sequence[Box]) -> list[Box | None]:
    """Give each new box the old one that it overlaps most, and each old one a new one, if any."""
    if not gone or not come:
        return [None] * len(come)
    shares = np.array([[_overlap(old, new) for new in come] for old in gone])
    chosen = shares.argmax(0)
    for old in range(len(gone)):
        counts = np.bincount(chosen, minlength=len(gone))
        spare = np.where(counts[chosen] > 1, shares[old], 0)
        if not counts[old] and spare.max() > 0:
            chosen[spare.argmax()] = old
    return [gone[old] for old in chosen]


def _overlap(one: Box, other: Box) -> int:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0)


def _area(boxes: Sequence[Box], size: tuple[int, int]) -> float:
    """Share of the image that boxes cover together."""
    covered = np.zeros((size[1], size[0]), bool)
    for x, y, width, height in boxes:
        covered[y : y + height, x : x + width] = True
    return float(covered.mean())
