"""What can be asked of the samples of a job: filters, order and place, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from seewhy.store.sample_records import KINDS, Kind

Sort = Literal["id", "prob", "-prob", "sd", "-sd"]
SORTS: tuple[Sort, ...] = ("id", "prob", "-prob", "sd", "-sd")
STD_LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Standard deviations of which the store keeps counts."""
MAX_LABELS = 100
MAX_LIMIT = 1000


class Cursor(NamedTuple):
    """Place in a sorted list: what the list is sorted by, and the sample's id.

    `value` is None in data set order, and behind all estimates when sorted by uncertainty.
    """

    value: float | None
    sample_id: int


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """Filter, order and place.

    Filters are joint: a sample matches if **one** of its inferences meets all of them. Sorting
    looks at the matching inferences only: the highest value counts when descending, the lowest
    when ascending. Samples without an estimate come last in both orders by uncertainty.

    Attributes
    ----------
    labels : tuple of int
        At most 100 class indices; empty: any.
    kinds : tuple of {"TP", "FN", "FP"}
        Empty: any, unknown included.
    sort : {"id", "prob", "-prob", "sd", "-sd"}
        Data set order, or probability or its standard deviation, ascending or descending.
    after, before : Cursor or None
        Start behind a row, or end in front of one; not both.
    limit : int
        Rows of a page, 1 to 1000.
    min_std : float or None
        Lowest standard deviation; None: any, and none at all.

    Raises
    ------
    ValueError
        For any other value.
    """

    labels: tuple[int, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sort: Sort = "id"
    after: Cursor | None = None
    before: Cursor | None = None
    limit: int = 24
    min_std: float | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if len(self.labels) > MAX_LABELS:
            raise ValueError(f"`labels` must be at most {MAX_LABELS}, got {len(self.labels)}")
        for kind in self.kinds:
            if kind not in KINDS:
                raise ValueError(f"`kinds` must be of {', '.join(KINDS)}, got {kind!r}")
        if self.sort not in SORTS:
            raise ValueError(f"`sort` must be one of {', '.join(SORTS)}, got {self.sort!r}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"`limit` must be in 1..{MAX_LIMIT}, got {self.limit}")
        if self.min_std is not None and not (math.isfinite(self.min_std) and self.min_std >= 0):
            raise ValueError(f"`min_std` must be a finite number from 0, got {self.min_std}")
        if self.after and self.before:
            raise ValueError("`after` and `before` must not both be given")
        for cursor in (self.after, self.before):
            if cursor and not self._fits(cursor):
                raise ValueError(f"the cursor {cursor} does not fit `sort` {self.sort!r}")

    @property
    def by_uncertainty(self) -> bool:
        """Whether the order is one by standard deviation."""
        return self.sort in ("sd", "-sd")

    @property
    def descending(self) -> bool:
        """Whether the highest value comes first."""
        return self.sort.startswith("-")

    def _fits(self, cursor: Cursor) -> bool:
        return self.by_uncertainty or (cursor.value is None) == (self.sort == "id")
