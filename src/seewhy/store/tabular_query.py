"""What a page of a table may ask for, and what it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from seewhy.store.sample_query import Cursor, SampleQuery, Sort
from seewhy.store.sample_records import Kind

RowSort = Literal["id", "prob", "-prob", "residual", "-residual", "feature", "-feature"]
INDEXED: tuple[RowSort, ...] = ("id", "prob", "-prob")
ROW_SORTS: tuple[RowSort, ...] = (*INDEXED, "residual", "-residual", "feature", "-feature")

CELLS_LOOKED_AT = 1_000_000
FEWEST_ROWS = 5000


def row_budget(features: int) -> int:
    """Rows that a page may look at, one by one, in a table of that many features."""
    return max(FEWEST_ROWS, CELLS_LOOKED_AT // max(features, 1))


class CellFilter(NamedTuple):
    """Values that a feature must have.

    Attributes
    ----------
    column : int
        The feature.
    intervals : tuple of (float, float)
        Its value must be in one of them, ends included.
    """

    column: int
    intervals: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class RowQuery:
    """Filter, order and place in a table.

    Attributes
    ----------
    labels, kinds, after, before, limit
        As of `SampleQuery`. `Cursor.value` is whatever the rows are sorted by.
    sort : str
        "id": data set order; "prob": the output of the matching label; "residual": |output - truth|
        of a regression, rows without truth left out; "feature": the value of `column`. With "-" the
        highest come first.
    column : int
        Feature sorted by.
    name : str
        Text within the row's name, in whatever case; empty: any.
    cells : tuple of CellFilter
        All must hold.

    Raises
    ------
    ValueError
        For any other value.
    """

    labels: tuple[int, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sort: RowSort = "id"
    column: int = 0
    name: str = ""
    cells: tuple[CellFilter, ...] = ()
    after: Cursor | None = None
    before: Cursor | None = None
    limit: int = 24

    def __post_init__(self) -> None:
        """Check the values."""
        if self.sort not in ROW_SORTS:
            raise ValueError(f"`sort` must be one of {', '.join(ROW_SORTS)}, got {self.sort!r}")
        for cursor in (self.after, self.before):
            if cursor and (cursor.value is None) != (self.sort == "id"):
                raise ValueError(f"the cursor {cursor} does not fit `sort` {self.sort!r}")
        if self.after and self.before:
            raise ValueError("`after` and `before` must not both be given")
        self.samples()

    def samples(self) -> SampleQuery:
        """The part of the question that indexes answer, in their order, from its beginning."""
        sort = cast(Sort, "id" if self.by_cells else self.sort)
        return SampleQuery(self.labels, self.kinds, sort, limit=self.limit)

    @property
    def by_cells(self) -> bool:
        """Whether it is sorted by what no index knows."""
        return self.sort not in INDEXED

    @property
    def in_cells(self) -> bool:
        """Whether it filters by what no index knows."""
        return bool(self.name or self.cells)


class RowsFound(NamedTuple):
    """A page of a table.

    Attributes
    ----------
    rows : list of Cursor
        In order.
    before, after : Cursor or None
        Where there may be more.
    matching : int or None
        Rows that match in all; None: not known, as not all were looked at.
    looked_at : int
        Rows looked at one by one; 0: none had to be.
    candidates : int
        Rows that labels and kinds leave.
    """

    rows: list[Cursor]
    before: Cursor | None
    after: Cursor | None
    matching: int | None
    looked_at: int
    candidates: int
