"""Which samples have counterfactuals, in which order: as `queries`, for the regions found.

A sample matches if **one** of its labels was searched, is of one of the kinds, and, unless the
empty ones are wanted too, has a region. The best of them decides its place: the most probable,
the smallest region and so on, whatever the order begins with.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple, get_args

from seewhy.store.rows import KIND_BITS
from seewhy.store.sample_query import MAX_LIMIT
from seewhy.store.sample_records import KINDS, Kind

CounterfactualSort = Literal["id", "prob", "-prob", "area", "-area", "steps", "-steps"]
COUNTERFACTUAL_SORTS: tuple[CounterfactualSort, ...] = get_args(CounterfactualSort)
COLUMNS = {"id": "sample_id", "prob": "output", "area": "region_area", "steps": "steps"}
EMPTY = 4
"""The bits of what has no region lie this much higher."""


class Place(NamedTuple):
    """Place in a sorted list.

    Attributes
    ----------
    value : float or None
        What is sorted by: probability, area or number of steps; None in data set order.
    sample_id : int
        The sample.
    label : int
        The label that gave it its place; it plays no part when a list is continued.
    """

    value: float | None
    sample_id: int
    label: int = 0


@dataclass(frozen=True, slots=True)
class CounterfactualQuery:
    """Filter, order and place.

    Attributes
    ----------
    label : int or None
        Class index; None: any.
    kinds : tuple of {"TP", "FN", "FP"}
        Empty: any, unknown included.
    empty : bool
        Whether labels without a region match too. They have neither area nor steps, so they are
        left out when these are sorted by.
    sort : {"id", "prob", "-prob", "area", "-area", "steps", "-steps"}
        Data set order, or by the output on the image itself, the area of the region or the
        number of steps, up or down.
    after, before : Place or None
        Start behind a row, or end in front of one; not both.
    limit : int
        Rows of a page, 1 to 1000.

    Raises
    ------
    ValueError
        For any other value.
    """

    label: int | None = None
    kinds: tuple[Kind, ...] = ()
    empty: bool = False
    sort: CounterfactualSort = "id"
    after: Place | None = None
    before: Place | None = None
    limit: int = 24

    def __post_init__(self) -> None:
        """Check the values."""
        for kind in self.kinds:
            if kind not in KINDS:
                raise ValueError(f"`kinds` must be of {', '.join(KINDS)}, got {kind!r}")
        if self.sort not in COUNTERFACTUAL_SORTS:
            known = ", ".join(COUNTERFACTUAL_SORTS)
            raise ValueError(f"`sort` must be one of {known}, got {self.sort!r}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"`limit` must be in 1..{MAX_LIMIT}, got {self.limit}")
        if self.after and self.before:
            raise ValueError("`after` and `before` must not both be given")
        for place in (self.after, self.before):
            if place and (place.value is None) != (self.sort == "id"):
                raise ValueError(f"the place {place} does not fit `sort` {self.sort!r}")

    @property
    def key(self) -> str:
        """What is sorted by."""
        return self.sort.removeprefix("-")

    @property
    def bits(self) -> list[int]:
        """The values of the column `bit` that match."""
        kinds: tuple[Kind | None, ...] = self.kinds or (*KINDS, None)
        found = [KIND_BITS[kind] for kind in kinds]
        with_empty = self.empty and self.key in ("id", "prob")
        return [*found, *(bit << EMPTY for bit in found if with_empty)]


class CounterfactualRows(NamedTuple):
    """A page in order, and the rows just in front of it and just behind it."""

    rows: list[Place]
    previous: Place | None
    next: Place | None


def page(connection: sqlite3.Connection, query: CounterfactualQuery) -> CounterfactualRows:
    """Fetch the rows of one page."""
    backwards = query.before is not None
    start = query.before or query.after
    rows = fetch(connection, query, start, backwards, query.limit + 1)
    onward = rows[query.limit] if len(rows) > query.limit else None
    rows = rows[: query.limit]
    if not rows:
        return CounterfactualRows([], None, None)
    beyond = fetch(connection, query, rows[0], not backwards, 1) if start else []
    behind = beyond[0] if beyond else None
    if backwards:
        return CounterfactualRows(rows[::-1], onward, behind)
    return CounterfactualRows(rows, behind, onward)


def page_holding(
    connection: sqlite3.Connection, query: CounterfactualQuery, sample_id: int | None
) -> CounterfactualRows:
    """Fetch the first page, or the one that begins with a sample where the first has it not."""
    first = page(connection, query)
    started = query.after or query.before
    if sample_id is None or started or any(row.sample_id == sample_id for row in first.rows):
        return first
    place = place_of(connection, query, sample_id)
    ahead = fetch(connection, query, place, True, 1) if place else []
    return page(connection, replace(query, after=ahead[0])) if ahead else first


def fetch(
    connection: sqlite3.Connection,
    query: CounterfactualQuery,
    start: Place | None,
    backwards: bool,
    limit: int,
) -> list[Place]:
    """Fetch rows behind `start`, or in front of it: one index scan a bit, merged by SQLite."""
    up = query.sort.startswith("-") == backwards
    column = f"i.{COLUMNS[query.key]}"
    where, values = _behind(column, start, up)
    where += f" AND {_first_match(query)}"
    if query.label is not None:
        where = f" AND i.label_id = {int(query.label)}{where}"
    arms = [
        f"SELECT {column} AS key, i.sample_id AS id, i.label_id FROM counterfactual AS i "
        f"WHERE i.bit = {bit}{where}"
        for bit in query.bits
    ]
    direction = "ASC" if up else "DESC"
    by_id = query.sort == "id"
    order = f"key {direction}" if by_id else f"key {direction}, id {direction}"
    sql = f"{' UNION ALL '.join(arms)} ORDER BY {order} LIMIT {int(limit)}"
    return [
        Place(None if by_id else key, number, label)
        for key, number, label in connection.execute(sql, values * len(arms))
    ]


def place_of(
    connection: sqlite3.Connection, query: CounterfactualQuery, sample_id: int
) -> Place | None:
    """Find the place of a sample; None if it does not match."""
    column = f"i.{COLUMNS[query.key]}"
    row = connection.execute(
        f"SELECT {column}, i.label_id FROM counterfactual AS i WHERE i.sample_id = ?"
        f"{_match('i', query)} AND {_first_match(query)}",
        (sample_id,),
    ).fetchone()
    return row and Place(None if query.sort == "id" else row[0], sample_id, row[1])


def count(connection: sqlite3.Connection, query: CounterfactualQuery) -> int:
    """Count the samples that match; the place and the limit do not matter."""
    if query.label is None:
        # `sum` without `|`, as no bit stands twice.
        sql = "counterfactual_sample_count WHERE bits & ?"
        values = [sum(query.bits)]
    else:
        sql = f"counterfactual_facet WHERE label_id = ? AND bit IN ({_listed(query.bits)})"
        values = [query.label]
    row = connection.execute(f"SELECT coalesce(sum(n), 0) FROM {sql}", values).fetchone()
    return int(row[0])


def counts(connection: sqlite3.Connection, query: CounterfactualQuery) -> dict[int, int]:
    """Count by label what matches apart from the label."""
    rows = connection.execute(
        "SELECT label_id, sum(n) FROM counterfactual_facet "
        f"WHERE bit IN ({_listed(query.bits)}) GROUP BY label_id"
    )
    return dict(rows.fetchall())


def _behind(column: str, start: Place | None, up: bool) -> tuple[str, list[Any]]:
    if start is None:
        return "", []
    sign = ">" if up else "<"
    if start.value is None:
        return f" AND {column} {sign} ?", [start.sample_id]
    return f" AND ({column}, i.sample_id) {sign} (?, ?)", [start.value, start.sample_id]


def _first_match(query: CounterfactualQuery) -> str:
    """Keep of each sample only the matching label that decides its place."""
    key = "-prob" if query.sort == "id" else query.sort
    column = COLUMNS[key.removeprefix("-")]
    sign = ">" if key.startswith("-") else "<"
    return (
        "NOT EXISTS (SELECT 1 FROM counterfactual AS o WHERE o.sample_id = i.sample_id"
        f"{_match('o', query)} AND (o.{column} {sign} i.{column} OR "
        f"(o.{column} = i.{column} AND o.label_id < i.label_id)))"
    )


def _match(table: str, query: CounterfactualQuery) -> str:
    label = "" if query.label is None else f" AND {table}.label_id = {int(query.label)}"
    return f"{label} AND {table}.bit IN ({_listed(query.bits)})"


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers))
