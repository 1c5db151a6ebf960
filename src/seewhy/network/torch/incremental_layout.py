"""Where patches lie along an axis, and how each is put into the parts that read it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import fx

from seewhy.network.torch.incremental_choice import Part
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.incremental_sliding import Positions


@dataclass(frozen=True)
class AxisCut:
    """One part along one axis, for each start of a box.

    The part begins at `origin` of the map with its margins and has `length` places. `count` places
    of the patch from `taken` on are put into it from `put` on.
    """

    origin: Positions
    length: int
    put: Positions
    taken: Positions
    count: Positions
    is_patch: bool

    @property
    def code(self) -> Positions:
        """A number that is the same where the patch is put in the same way."""
        return (self.put << 40) + (self.taken << 20) + self.count

    def paste(self, start: int) -> tuple[slice, slice] | None:
        """Return which places of the part, and of the patch, are meant; None if there are none."""
        put, taken, count = (int(of[start]) for of in (self.put, self.taken, self.count))
        return (slice(put, put + count), slice(taken, taken + count)) if count else None


class AxisLayout:
    """The parts along an axis for boxes that start at `starts`.

    All boxes share the sizes of their patches; where a patch would leave the map it is moved.
    """

    def __init__(self, plan: Plan, axis: int, starts: Positions) -> None:
        self.cuts: dict[Part, AxisCut] = {}
        spans = plan.spans[axis]
        size: dict[fx.Node, int] = {}
        first: dict[fx.Node, Positions] = {}
        for node in (plan.image, *plan.choice.local):
            low, high = spans.first[node][starts], spans.end[node][starts]
            size[node] = max(1, int((high - low).max()))
            first[node] = low.clip(0, spans.length[node] - size[node])
        for part in plan.cut_parts:
            source = part.source
            if part.whole:
                origin, length = np.zeros_like(starts), spans.length[source]
            else:
                origin, length = part.window[axis].read(first[part.reader], size[part.reader])
            begin = np.maximum(origin, first[source])
            end = np.minimum(origin + length, first[source] + size[source])
            self.cuts[part] = AxisCut(
                origin + part.margins[2 * axis],
                length,
                begin - origin,
                begin - first[source],
                np.maximum(end - begin, 0),
                length == size[source] and np.array_equal(origin, first[source]),
            )
