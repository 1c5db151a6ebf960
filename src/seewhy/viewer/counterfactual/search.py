"""A search moment by moment: what was edited, what the network said, and how much that covers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.store import CounterfactualRecord, Edit
from seewhy.viewer.job_data import Data

Box = tuple[int, int, int, int]

MOST_BOXES = 4000
"""Of so many boxes in all, every moment has a small picture; of more, only layers have."""


def frames(record: CounterfactualRecord) -> list[Data]:
    """Every moment of a search in order: start, steps and outcome of each layer, region.

    Each has `kind`, its `number` (of the step or the layer, from 1), `boxes`, `output` and `area`
    (share of the image); steps also the `box` edited last, its `change` and its `fate`: kept in
    the region, refined by smaller boxes, or left out. An imported search tells of layers only.
    """
    if not record.images:
        return _imported(record)
    told = record.step_boxes()
    few = sum(map(len, told)) <= MOST_BOXES
    made = [_frame(record, "start", 0, [], record.start or 0.0, 0.0)]
    for layer, outcome in enumerate(record.layers):
        made += [
            _frame(record, "step", at + 1, told[at], step.output, None, picture=few)
            | {"box": step.box, "change": step.change, "fate": fate(record.steps, at)}
            | {"layer": layer + 1, "parent": step.parent}
            for at, step in enumerate(record.steps)
            if step.layer == layer
        ]
        boxes = record.layer_boxes(layer)
        made.append(
            _frame(record, "layer", layer + 1, boxes, outcome.output, outcome.area)
            | {"layer": layer + 1}
        )
    if record.region is not None:
        made.append(_frame(record, "region", 0, record.region_boxes, *record.region))
    return made


def _imported(record: CounterfactualRecord) -> list[Data]:
    """Outcomes of the layers, and the region: of the steps nothing but their boxes is known."""
    made = [
        _frame(record, "layer", layer + 1, record.layer_boxes(layer), *outcome)
        | {"layer": layer + 1}
        for layer, outcome in enumerate(record.layers)
    ]
    if record.region is not None:
        made.append(_frame(record, "region", 0, record.region_boxes, *record.region))
    return made


def _frame(
    record: CounterfactualRecord,
    kind: str,
    number: int,
    boxes: Sequence[Box],
    output: float,
    area: float | None,
    picture: bool = True,
) -> Data:
    reached = output >= record.target if record.direction == "reveal" else output <= record.target
    if area is None:
        area = covered_share(boxes, record.width, record.height)
    return {
        "kind": kind,
        "number": number,
        "boxes": boxes,
        "output": output,
        "area": area,
        "reached": reached,
        "picture": picture,
    }


def fate(steps: Sequence[Edit], position: int) -> str:
    """What became of a step in the end."""
    if steps[position].needed:
        return "kept"
    return "refined" if any(step.parent == position for step in steps) else "left out"


def tree(made: Sequence[Data]) -> list[Data]:
    """The steps as nested lists: `frame` is the place among all moments, `children` lie within."""
    nodes: dict[int | None, Data] = {None: {"children": []}}
    for index, frame in enumerate(made):
        if frame["kind"] == "step":
            node: Data = {"frame": index, "children": []}
            nodes[frame["number"] - 1] = node
            nodes[frame["parent"]]["children"].append(node)
    children: list[Data] = nodes[None]["children"]
    return children


def covered_share(boxes: Sequence[Box], width: int, height: int) -> float:
    """Share of an image that boxes cover together."""
    if not boxes:
        return 0.0
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes])
    across, down = np.unique(corners[:, ::2]), np.unique(corners[:, 1::2])
    grid = np.zeros((len(down), len(across)), bool)
    for left, top, right, bottom in corners:
        rows = slice(*np.searchsorted(down, (top, bottom)))
        grid[rows, slice(*np.searchsorted(across, (left, right)))] = True
    pixels = np.diff(down) @ grid[:-1, :-1] @ np.diff(across)
    return float(pixels / (width * height))
