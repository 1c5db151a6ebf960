"""Counterfactuals as records and as rows of the store's tables."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from seewhy.store.sample_records import Kind

CounterfactualTable: TypeAlias = Literal[
    "counterfactual", "counterfactual_layer", "counterfactual_step"
]

INSERTS: dict[CounterfactualTable, str] = {
    "counterfactual": (
        "INSERT INTO counterfactual (sample_id, label_id, direction, mask, width, height, output, "
        "target, reason, start, region_output, region_area, images, steps, kind) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
        "(SELECT kind FROM inference WHERE sample_id = ?1 AND label_id = ?2)) "
        "ON CONFLICT DO NOTHING"
    ),
    "counterfactual_layer": (
        "INSERT INTO counterfactual_layer VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "counterfactual_step": (
        "INSERT INTO counterfactual_step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    ),
}


class Outcome(NamedTuple):
    """Output of the network with some boxes edited, and the share of the image they cover."""

    output: float
    area: float


class Edit(NamedTuple):
    """A box that the search edited.

    Attributes
    ----------
    layer : int
        0 for the largest boxes.
    parent : int or None
        Position among the steps of the larger box that this one lies in; None: the whole image.
    x, y, w, h : int
        In pixels of the network's input.
    output, change : float
        Output after this edit, on top of those before it, and how much this edit changed it.
    needed : bool
        Whether the box is part of the region.
    """

    layer: int
    parent: int | None
    x: int
    y: int
    w: int
    h: int
    output: float
    change: float
    needed: bool

    @property
    def box(self) -> tuple[int, int, int, int]:
        """x, y, width, height."""
        return self.x, self.y, self.w, self.h


class CounterfactualRecord(NamedTuple):
    """The region that decides a prediction, or the reason why there is none.

    Attributes
    ----------
    sample_id, label : int
        What was searched.
    direction : {"reveal", "hide"}
        Whether the region alone keeps the prediction, or its absence breaks it.
    mask : str
        What covers the rest (the region, for "hide"): "gaussian:<radius>", numbers, or "image".
    width, height : int
        Of the network's input.
    output, target : float
        Output on the image itself, and the output that had to be reached.
    reason : str or None
        Why there is no region; None if there is one.
    start : float or None
        Output before the first edit.
    region : Outcome or None
        Of the steps that are needed.
    images : int
        Distinct edited images that the network was asked about. 0 of an imported search with a
        region: then of the steps only the boxes are known; `output` is that of their layer,
        `change` is 0, and which box lies in which is told by where they are.
    layers : tuple of Outcome
        From large boxes to small ones.
    steps : tuple of Edit
        In the order of the search.
    """

    sample_id: int
    label: int
    direction: str
    mask: str
    width: int
    height: int
    output: float
    target: float
    reason: str | None
    start: float | None
    region: Outcome | None
    images: int
    layers: tuple[Outcome, ...] = ()
    steps: tuple[Edit, ...] = ()

    def layer_boxes(self, layer: int) -> list[tuple[int, int, int, int]]:
        """Boxes edited in the outcome of a layer: its own, and leaves of the layers above it."""
        parents = {step.parent for step in self.steps}
        return [
            step.box
            for position, step in enumerate(self.steps)
            if step.layer == layer or (step.layer < layer and position not in parents)
        ]

    def step_boxes(self) -> list[list[tuple[int, int, int, int]]]:
        """Retell the search: the boxes that were edited when each step's `output` was seen."""
        children: dict[int | None, list[int]] = defaultdict(list)
        for position, step in enumerate(self.steps):
            children[step.parent].append(position)

        def refined(position: int, layer: int) -> list[int]:
            """What stands for a step once the search has reached a layer."""
            if self.steps[position].layer == layer or position not in children:
                return [position]
            return [end for child in children[position] for end in refined(child, layer)]

        before: list[list[int]] = []
        told = []
        for position, step in enumerate(self.steps):
            siblings = children[step.parent]
            siblings = siblings[: siblings.index(position)]
            earlier = [] if step.parent is None else before[step.parent]
            before.append([*earlier, *siblings])
            shown = [end for one in earlier for end in refined(one, step.layer)]
            told.append([self.steps[one].box for one in (*shown, *siblings, position)])
        return told

    @property
    def region_boxes(self) -> list[tuple[int, int, int, int]]:
        """Boxes of the region."""
        return [step.box for step in self.steps if step.needed]


class CounterfactualEntry(NamedTuple):
    """A sample in a list, with the label that gave it its place.

    Attributes
    ----------
    sample_id, name, label
        Which sample, and class index.
    kind : {"TP", "FN", "FP"} or None
        Of the label; None if the ground truth is not known.
    output : float
        On the image itself.
    reason : str or None
        Why there is no region; None if there is one.
    area : float or None
        Share of the image that the region covers; None if there is none.
    steps : int
        Edits of the search.
    """

    sample_id: int
    name: str
    label: int
    kind: Kind | None
    output: float
    reason: str | None
    area: float | None
    steps: int


def counterfactual_rows(
    record: CounterfactualRecord, labels: int
) -> dict[CounterfactualTable, list[tuple[Any, ...]]]:
    """Rows of a counterfactual by table; `labels` is the number of classes."""
    if not 0 <= record.label < labels:
        raise ValueError(f"`label` must be in 0..{labels - 1}, got {record.label}")
    numbers = [record.output, record.target]
    numbers += [value for outcome in record.layers for value in outcome]
    numbers += [value for step in record.steps for value in (step.output, step.change)]
    if not np.isfinite(numbers).all():
        raise ValueError(f"`counterfactual` must be finite, got {record}")
    key = int(record.sample_id), int(record.label)
    region = (None, None) if record.region is None else tuple(map(float, record.region))
    start = None if record.start is None else float(record.start)
    row = (
        *(*key, record.direction, record.mask, int(record.width), int(record.height)),
        *(float(record.output), float(record.target), record.reason, start),
        *(*region, int(record.images), len(record.steps)),
    )
    return {
        "counterfactual": [row],
        "counterfactual_layer": [
            (*key, layer, float(outcome.output), float(outcome.area))
            for layer, outcome in enumerate(record.layers)
        ],
        "counterfactual_step": [
            (
                *(*key, position, int(step.layer), step.parent, *map(int, step.box)),
                *(float(step.output), float(step.change), int(step.needed)),
            )
            for position, step in enumerate(record.steps)
        ],
    }


def fetch_counterfactuals(
    connection: sqlite3.Connection, sample_ids: Sequence[int]
) -> tuple[CounterfactualRecord, ...]:
    """Read the counterfactuals of some samples, by sample and label."""
    where = f"WHERE sample_id IN ({','.join('?' * len(sample_ids))})"
    layers: dict[tuple[int, int], list[Outcome]] = defaultdict(list)
    for sample, label, *outcome in connection.execute(
        f"SELECT sample_id, label_id, output, area FROM counterfactual_layer {where} "
        "ORDER BY sample_id, label_id, layer",
        sample_ids,
    ):
        layers[sample, label].append(Outcome(*outcome))
    steps: dict[tuple[int, int], list[Edit]] = defaultdict(list)
    for sample, label, *step, needed in connection.execute(
        "SELECT sample_id, label_id, layer, parent, x, y, w, h, output, change, needed "
        f"FROM counterfactual_step {where} ORDER BY sample_id, label_id, position",
        sample_ids,
    ):
        steps[sample, label].append(Edit._make([*step, bool(needed)]))
    made = []
    for sample, label, *rest, output, area, images in connection.execute(
        "SELECT sample_id, label_id, direction, mask, width, height, output, target, reason, "
        f"start, region_output, region_area, images FROM counterfactual {where} "
        "ORDER BY sample_id, label_id",
        sample_ids,
    ):
        region = None if output is None else Outcome(output, area)
        key = sample, label
        made.append(
            CounterfactualRecord._make(
                [*key, *rest, region, images, tuple(layers[key]), tuple(steps[key])]
            )
        )
    return tuple(made)


def fetch_entries(
    connection: sqlite3.Connection, keys: Sequence[tuple[int, int]]
) -> tuple[CounterfactualEntry, ...]:
    """Read the entries of (sample, label), in that order."""
    sql = (
        "SELECT sample_id, name, label_id, kind, output, reason, region_area, steps "
        "FROM counterfactual JOIN sample ON sample.id = sample_id "
        "WHERE sample_id = ? AND label_id = ?"
    )
    rows = (connection.execute(sql, key).fetchone() for key in keys)
    return tuple(CounterfactualEntry(*row) for row in rows)


def count_counterfactuals(connection: sqlite3.Connection) -> tuple[int, int]:
    """Count the labels with a region, and all that were searched."""
    found, searched = connection.execute(
        "SELECT coalesce(sum(n) FILTER (WHERE bit < 16), 0), coalesce(sum(n), 0) "
        "FROM counterfactual_facet"
    ).fetchone()
    return int(found), int(searched)
