"""Splitting boxes into batches whose patches have the same sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from seewhy.network.torch.incremental_choice import Part
from seewhy.network.torch.incremental_layout import AxisCut, AxisLayout
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.incremental_sliding import Positions

MOST_PHASES = 2
"""Alignments along an axis that get patches of their own size; each means one more set-up."""

Places: TypeAlias = tuple[slice, slice, slice]
"""Boxes, rows and columns of (N, H, W, C)."""


@dataclass(frozen=True)
class Cut:
    """One part for a batch: where it begins for each box, its size, what of the patches goes where.

    Runs of boxes whose patches go to the same place share an entry (to, from) of `pastes`.
    """

    begins: list[tuple[int, int]]
    height: int
    width: int
    pastes: list[tuple[Places, Places]]

    def of(self, low: int, high: int) -> Cut:
        """Return that of the boxes from `low` to `high`."""
        pastes = []
        for (boxes, *to), (_, *source) in self.pastes:
            start, stop = max(boxes.start, low) - low, min(boxes.stop, high) - low
            if start < stop:
                run = slice(start, stop)
                pastes.append(((run, to[0], to[1]), (run, source[0], source[1])))
        return replace(self, begins=self.begins[low:high], pastes=pastes)


@dataclass(frozen=True)
class Batch:
    """Boxes that are computed together; like a tensor, it can be sliced along its boxes.

    Attributes
    ----------
    indices
        Which of the boxes these are.
    corners
        Their first row and column.
    cuts
        How the parts are made; those that are just patches are not here.
    """

    indices: Positions
    corners: list[tuple[int, int]]
    cuts: dict[Part, Cut]

    @property
    def shape(self) -> tuple[int]:
        return (len(self.corners),)

    def __len__(self) -> int:
        return len(self.corners)

    def __getitem__(self, boxes: slice) -> Batch:
        low, high, _ = boxes.indices(len(self))
        cuts = {part: cut.of(low, high) for part, cut in self.cuts.items()}
        return Batch(self.indices[low:high], self.corners[low:high], cuts)


def batches(plan: Plan, corners: Positions, most: int) -> list[Batch]:
    """Split boxes with the corners (b, 2), each (y, x), into batches of at most `most`."""
    phases = np.stack([_phases(corners[:, axis], plan.stride) for axis in (0, 1)], 1)
    made: list[Batch] = []
    for phase in np.unique(phases, axis=0):
        group = np.flatnonzero((phases == phase).all(1))
        made += _of_group(plan, corners, group, most)
    return made


def _phases(starts: Positions, stride: int) -> Positions:
    """Remainders of the starts by the largest power of two up to `stride` that leaves few."""
    period = 1
    while 2 * period <= stride and len(np.unique(starts % (2 * period))) <= MOST_PHASES:
        period *= 2
    return starts % period


def _of_group(plan: Plan, corners: Positions, group: Positions, most: int) -> list[Batch]:
    layouts, places = [], []
    for axis in (0, 1):
        starts, place = np.unique(corners[group, axis], return_inverse=True)
        layouts.append(AxisLayout(plan, axis, starts))
        places.append(place)
    order = _order(plan, layouts, places)
    made = []
    for part in np.array_split(order, -(-len(order) // most)):
        cuts = _cuts(layouts, places[0][part], places[1][part])
        made.append(Batch(group[part], list(map(tuple, corners[group[part]].tolist())), cuts))
    return made


def _order(plan: Plan, layouts: list[AxisLayout], places: list[Positions]) -> Positions:
    """Put boxes together whose patches go to the same place of the deepest part."""
    keys = [places[1], places[0]]
    if plan.cut_parts:
        deepest = plan.cut_parts[-1]
        keys += [layouts[axis].cuts[deepest].code[places[axis]] for axis in (1, 0)]
    order: Positions = np.lexsort(keys)
    return order


def _cuts(layouts: list[AxisLayout], rows: Positions, columns: Positions) -> dict[Part, Cut]:
    along_y, along_x = (layout.cuts for layout in layouts)
    return {
        part: _cut(along_y[part], along_x[part], rows, columns)
        for part in along_y
        if not (along_y[part].is_patch and along_x[part].is_patch)
    }


def _cut(along_y: AxisCut, along_x: AxisCut, rows: Positions, columns: Positions) -> Cut:
    code_y, code_x = along_y.code[rows], along_x.code[columns]
    changes = np.flatnonzero((code_y[1:] != code_y[:-1]) | (code_x[1:] != code_x[:-1])) + 1
    limits = [0, *changes.tolist(), len(rows)]
    pastes = []
    for low, high in pairwise(limits):
        down, across = along_y.paste(rows[low]), along_x.paste(columns[low])
        if down is not None and across is not None:
            boxes = slice(low, high)
            pastes.append(((boxes, down[0], across[0]), (boxes, down[1], across[1])))
    begins = zip(along_y.origin[rows].tolist(), along_x.origin[columns].tolist(), strict=True)
    return Cut(list(begins), along_y.length, along_x.length, pastes)
