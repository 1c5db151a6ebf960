"""Which samples, in which order: filters and sorting as SQL that never counts or skips rows.

A page starts after the last row of the page before (keyset paging), so a deep page costs what the
first one costs. Filters are joint: with labels and kinds given, a sample matches if **one** of
its inferences has one of the labels and one of the kinds. Sorting by probability looks at the
matching inferences only: the highest counts when descending, the lowest when ascending.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from seewhy.store.records import KINDS, Kind
from seewhy.store.rows import KIND_BITS, kind_mask

Sort = Literal["id", "prob", "-prob"]
SORTS: tuple[Sort, ...] = ("id", "prob", "-prob")
MAX_LABELS = 100
MAX_LIMIT = 1000


class Cursor(NamedTuple):
    """Place in a sorted list: probability sorted by (None when sorted by id) and sample id."""

    prob: float | None
    sample_id: int


@dataclass(frozen=True, slots=True)
class SampleQuery:
    """Filter, order and place.

    Attributes
    ----------
    labels : tuple of int
        At most 100 class indices; empty: any.
    kinds : tuple of {"TP", "FN", "FP"}
        Empty: any, unknown included.
    sort : {"id", "prob", "-prob"}
        Data set order, or probability ascending or descending.
    after, before : Cursor or None
        Start behind a row, or end in front of one; not both.
    limit : int
        Rows of a page, 1 to 1000.

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
        if self.after and self.before:
            raise ValueError("`after` and `before` must not both be given")
        for cursor in (self.after, self.before):
            if cursor and (cursor.prob is None) != (self.sort == "id"):
                raise ValueError(f"the cursor {cursor} does not fit `sort` {self.sort!r}")


class Rows(NamedTuple):
    """A page of cursors in order, and whether there are more on either side."""

    rows: list[Cursor]
    has_previous: bool
    has_next: bool


def page(connection: sqlite3.Connection, query: SampleQuery) -> Rows:
    """Fetch the rows of one page."""
    backwards = query.before is not None
    start = query.before or query.after
    rows = _fetch(connection, query, start, backwards, query.limit + 1)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    if backwards:
        rows.reverse()
    if not rows:
        return Rows([], False, False)
    beyond = _fetch(connection, query, rows[-1] if backwards else rows[0], not backwards, 1)
    behind = bool(beyond) if start else False
    return Rows(rows, more, behind) if backwards else Rows(rows, behind, more)


def _fetch(
    connection: sqlite3.Connection,
    query: SampleQuery,
    start: Cursor | None,
    backwards: bool,
    limit: int,
) -> list[Cursor]:
    up = (query.sort == "-prob") == backwards
    if query.labels or (query.kinds and query.sort != "id"):
        sql, values = _merged(query, start, up)
    else:
        sql, values = _plain(query, start, up)
    direction = "ASC" if up else "DESC"
    by_id = query.sort == "id"
    order = f"key {direction}" if by_id else f"key {direction}, id {direction}"
    sql += f" ORDER BY {order} LIMIT {limit}"
    return [
        Cursor(None if by_id else key, number) for key, number in connection.execute(sql, values)
    ]


def _plain(query: SampleQuery, start: Cursor | None, up: bool) -> tuple[str, list[Any]]:
    """Unfiltered, or data set order filtered by kinds: read from `sample`."""
    column = {"id": "id", "prob": "min_prob", "-prob": "max_prob"}[query.sort]
    conditions, values = _behind(column, "id", start, up)
    if query.kinds:
        conditions.append(f"kinds & {kind_mask(query.kinds)}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {column} AS key, id FROM sample{where}", values


def _merged(query: SampleQuery, start: Cursor | None, up: bool) -> tuple[str, list[Any]]:
    """One index scan for each (label, kind), merged by SQLite as it goes."""
    column = "i.sample_id" if query.sort == "id" else "i.prob"
    kinds: tuple[Kind | None, ...] = query.kinds or (*KINDS, None)
    conditions, values = _behind(column, "i.sample_id", start, up)
    first = _first_match(query)
    arms, parameters = [], []
    for label in query.labels or (None,):
        for kind in kinds:
            arm = [f"i.kind IS {'NULL' if kind is None else repr(kind)}", *conditions]
            if label is not None:
                arm.insert(0, f"i.label_id = {int(label)}")
            arms.append(
                f"SELECT {column} AS key, i.sample_id AS id FROM inference AS i "
                f"WHERE {' AND '.join(arm)} AND {first}"
            )
            parameters.extend(values)
    return " UNION ALL ".join(arms), parameters


def _behind(
    column: str, number: str, start: Cursor | None, up: bool
) -> tuple[list[str], list[Any]]:
    if start is None:
        return [], []
    sign = ">" if up else "<"
    if start.prob is None:
        return [f"{number} {sign} ?"], [start.sample_id]
    return [f"({column}, {number}) {sign} (?, ?)"], [start.prob, start.sample_id]


def _first_match(query: SampleQuery) -> str:
    """Keep of each sample only the matching inference that decides its place."""
    better = {
        "id": "o.label_id < i.label_id",
        "prob": "(o.prob < i.prob OR (o.prob = i.prob AND o.label_id < i.label_id))",
        "-prob": "(o.prob > i.prob OR (o.prob = i.prob AND o.label_id < i.label_id))",
    }[query.sort]
    return (
        "NOT EXISTS (SELECT 1 FROM inference AS o "
        f"WHERE o.sample_id = i.sample_id{_match('o', query)} AND {better})"
    )


def _match(table: str, query: SampleQuery) -> str:
    sql = ""
    if query.labels:
        sql += f" AND {table}.label_id IN ({', '.join(str(int(label)) for label in query.labels)})"
    if query.kinds:
        sql += f" AND {table}.kind IN ({', '.join(map(repr, query.kinds))})"
    return sql


def count(connection: sqlite3.Connection, query: SampleQuery) -> int:
    """Count the samples that match; the place and the limit do not matter."""
    if not query.labels:
        mask = kind_mask(query.kinds) if query.kinds else sum(KIND_BITS.values())
        condition = f"kinds & {mask}" if query.kinds else "1"
        sql = f"SELECT coalesce(sum(n), 0) FROM sample_count WHERE {condition}"
    elif len(query.labels) == 1:
        sql = f"SELECT coalesce(sum(n), 0) FROM facet WHERE 1{_match('facet', query)}"
    else:
        sql = f"SELECT count(DISTINCT sample_id) FROM inference AS i WHERE 1{_match('i', query)}"
    return int(connection.execute(sql).fetchone()[0])


def neighbours(
    connection: sqlite3.Connection, query: SampleQuery, at: Cursor
) -> tuple[Cursor | None, Cursor | None]:
    """Find the rows just before and just after `at`."""
    place = replace(query, after=None, before=None)
    before = _fetch(connection, place, at, True, 1)
    after = _fetch(connection, place, at, False, 1)
    return (before[0] if before else None), (after[0] if after else None)
