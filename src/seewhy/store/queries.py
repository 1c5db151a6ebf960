"""Which samples, in which order: SQL that reads a page and never counts or skips rows.

A page starts after the last row of the page before (keyset paging), so a deep page costs what the
first one costs. What the filters and orders mean is said in `sample_query`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from seewhy.store.rows import KIND_BITS, kind_mask
from seewhy.store.sample_query import STD_LEVELS, Cursor, SampleQuery
from seewhy.store.sample_records import KINDS, Kind

Part = Literal["all", "estimated", "unestimated"]
"""A list sorted by uncertainty has two parts: what has an estimate, and behind it the rest."""


class Rows(NamedTuple):
    """A page of cursors in order, and whether there are more on either side."""

    rows: list[Cursor]
    has_previous: bool
    has_next: bool


def page(connection: sqlite3.Connection, query: SampleQuery) -> Rows:
    """Fetch the rows of one page."""
    backwards = query.before is not None
    start = query.before or query.after
    rows = fetch(connection, query, start, backwards, query.limit + 1)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    if backwards:
        rows.reverse()
    if not rows:
        return Rows([], False, False)
    beyond = fetch(connection, query, rows[-1] if backwards else rows[0], not backwards, 1)
    behind = bool(beyond) if start else False
    return Rows(rows, more, behind) if backwards else Rows(rows, behind, more)


def neighbours(
    connection: sqlite3.Connection, query: SampleQuery, at: Cursor
) -> tuple[Cursor | None, Cursor | None]:
    """Find the rows just before and just after `at`."""
    place = replace(query, after=None, before=None)
    before = fetch(connection, place, at, True, 1)
    after = fetch(connection, place, at, False, 1)
    return (before[0] if before else None), (after[0] if after else None)


def place(connection: sqlite3.Connection, query: SampleQuery, sample_id: int) -> Cursor | None:
    """Find the place of a sample in the list; None if it does not match."""
    best = {"prob": "min(prob)", "-prob": "max(prob)", "sd": "min(std)", "-sd": "max(std)"}
    matches, value = connection.execute(
        f"SELECT count(*), {best.get(query.sort, 'NULL')} FROM inference AS i "
        f"WHERE sample_id = ?{_match('i', query)}",
        (sample_id,),
    ).fetchone()
    if not matches:
        filtered = query.labels or query.kinds or query.min_std is not None
        known = connection.execute("SELECT 1 FROM sample WHERE id = ?", (sample_id,)).fetchone()
        if filtered or not known:
            return None
        # Without inferences, it stands where its columns in `sample` put it.
        value = 0.0 if query.sort in ("prob", "-prob") else None
    return Cursor(value, sample_id)


def count(connection: sqlite3.Connection, query: SampleQuery) -> int:
    """Count the samples that match; the place and the limit do not matter."""
    if query.min_std is not None:
        sql = _count_uncertain(query, query.min_std)
    elif not query.labels:
        mask = kind_mask(query.kinds) if query.kinds else sum(KIND_BITS.values())
        condition = f"kinds & {mask}" if query.kinds else "1"
        sql = f"SELECT coalesce(sum(n), 0) FROM sample_count WHERE {condition}"
    elif len(query.labels) == 1:
        sql = f"SELECT coalesce(sum(n), 0) FROM facet WHERE 1{_match('facet', query)}"
    else:
        sql = f"SELECT count(DISTINCT sample_id) FROM inference AS i WHERE 1{_match('i', query)}"
    return int(connection.execute(sql).fetchone()[0])


def _count_uncertain(query: SampleQuery, min_std: float) -> str:
    """Count from the tables that are kept, or from an index where none fits."""
    if min_std in STD_LEVELS and len(query.labels) < 2:
        level = STD_LEVELS.index(min_std) + 1
        if query.labels:
            only = _match("label_level", replace(query, min_std=None))
            return f"SELECT coalesce(sum(n), 0) FROM label_level WHERE level >= {level}{only}"
        # Three bits for each kind, in the order of KINDS, and for unknown ones.
        shifts = [3 * KINDS.index(kind) for kind in query.kinds] or range(0, 12, 3)
        reached = " OR ".join(f"(levels >> {shift} & 7) >= {level}" for shift in shifts)
        return f"SELECT coalesce(sum(n), 0) FROM level_count WHERE {reached}"
    if query.labels or query.kinds:
        arms = (f"SELECT i.sample_id AS id FROM inference AS i WHERE {arm}" for arm in _arms(query))
        return f"SELECT count(DISTINCT id) FROM ({' UNION ALL '.join(arms)})"
    return f"SELECT count(*) FROM sample WHERE max_std >= {min_std!r}"


def fetch(
    connection: sqlite3.Connection,
    query: SampleQuery,
    start: Cursor | None,
    backwards: bool,
    limit: int,
) -> list[Cursor]:
    """Fetch at most `limit` rows behind `start`, or backwards in front of it, as they are met."""
    rows: list[Cursor] = []
    for part in _parts(query, start, backwards):
        if len(rows) < limit:
            rows += _fetch_part(connection, query, part, start, backwards, limit - len(rows))
            start = None
    return rows


def _parts(query: SampleQuery, start: Cursor | None, backwards: bool) -> Sequence[Part]:
    """The parts of the list from `start` on, in the order in which they are read."""
    if not query.by_uncertainty:
        return ("all",)
    parts: list[Part] = ["estimated"]
    if query.min_std is None:
        parts.append("unestimated")
    if backwards:
        parts.reverse()
    if start:
        first: Part = "unestimated" if start.value is None else "estimated"
        parts = parts[parts.index(first) :] if first in parts else []
    return parts


def _fetch_part(
    connection: sqlite3.Connection,
    query: SampleQuery,
    part: Part,
    start: Cursor | None,
    backwards: bool,
    limit: int,
) -> list[Cursor]:
    up = query.descending == backwards
    by_id = query.sort == "id" or part == "unestimated"
    # In data set order the samples themselves are read; no index has kinds in that order.
    merged = query.labels or (query.sort != "id" and (query.kinds or query.min_std is not None))
    sql, values = (_merged if merged else _plain)(query, part, start, up)
    direction = "ASC" if up else "DESC"
    order = f"key {direction}" if by_id else f"key {direction}, id {direction}"
    sql += f" ORDER BY {order} LIMIT {limit}"
    return [
        Cursor(None if by_id else key, number) for key, number in connection.execute(sql, values)
    ]


def _plain(query: SampleQuery, part: Part, start: Cursor | None, up: bool) -> tuple[str, list[Any]]:
    """Unfiltered, or data set order filtered by kinds or uncertainty: read from `sample`."""
    columns = {"prob": "min_prob", "-prob": "max_prob", "sd": "min_std", "-sd": "max_std"}
    column = "id" if part == "unestimated" else columns.get(query.sort, "id")
    conditions, values = _behind(column, "id", start, up)
    if part == "estimated":
        conditions.append(f"{column} IS NOT NULL")
    elif part == "unestimated":
        conditions.append("max_std IS NULL")
    if query.kinds:
        conditions.append(f"kinds & {kind_mask(query.kinds)}")
    if query.min_std is not None:
        conditions.append(f"max_std >= {query.min_std!r}")
        if query.kinds:
            conditions.append(
                "EXISTS (SELECT 1 FROM inference AS i "
                f"WHERE i.sample_id = sample.id{_match('i', query)})"
            )
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"SELECT {column} AS key, id FROM sample{where}", values


def _merged(
    query: SampleQuery, part: Part, start: Cursor | None, up: bool
) -> tuple[str, list[Any]]:
    """One index scan for each (label, kind), merged by SQLite as it goes."""
    columns = {"id": "i.sample_id", "sd": "i.std", "-sd": "i.std"}
    column = "i.sample_id" if part == "unestimated" else columns.get(query.sort, "i.prob")
    conditions, values = _behind(column, "i.sample_id", start, up)
    if part != "all":
        conditions.append(f"i.std IS {'NOT ' if part == 'estimated' else ''}NULL")
    conditions.append(_first_match(query, part))
    arms = [
        f"SELECT {column} AS key, i.sample_id AS id FROM inference AS i "
        f"WHERE {' AND '.join([arm, *conditions])}"
        for arm in _arms(query)
    ]
    return " UNION ALL ".join(arms), values * len(arms)


def _arms(query: SampleQuery) -> list[str]:
    """The filter as alternatives that an index scan each can answer."""
    kinds: tuple[Kind | None, ...] = query.kinds or (*KINDS, None)
    std = "" if query.min_std is None else f" AND i.std >= {query.min_std!r}"
    arms = [f"i.kind IS {'NULL' if kind is None else repr(kind)}{std}" for kind in kinds]
    if not query.labels:
        return arms
    return [f"i.label_id = {int(label)} AND {arm}" for label in query.labels for arm in arms]


def _behind(
    column: str, number: str, start: Cursor | None, up: bool
) -> tuple[list[str], list[Any]]:
    if start is None:
        return [], []
    sign = ">" if up else "<"
    if start.value is None:
        return [f"{number} {sign} ?"], [start.sample_id]
    return [f"({column}, {number}) {sign} (?, ?)"], [start.value, start.sample_id]


def _first_match(query: SampleQuery, part: Part) -> str:
    """Keep of each sample only the matching inference that decides its place."""
    if part == "unestimated":
        better = "(o.std IS NOT NULL OR o.label_id < i.label_id)"
    elif query.sort == "id":
        better = "o.label_id < i.label_id"
    else:
        column, sign = "std" if query.by_uncertainty else "prob", "<>"[query.descending]
        better = (
            f"(o.{column} {sign} i.{column} OR "
            f"(o.{column} = i.{column} AND o.label_id < i.label_id))"
        )
    return (
        "NOT EXISTS (SELECT 1 FROM inference AS o "
        f"WHERE o.sample_id = i.sample_id{_match('o', query, '+')} AND {better})"
    )


def _match(table: str, query: SampleQuery, sign: str = "") -> str:
    """Conditions of a query; "+" as a sign keeps SQLite from looking the kinds up in an index."""
    sql = ""
    if query.labels:
        sql += f" AND {table}.label_id IN ({', '.join(str(int(label)) for label in query.labels)})"
    if query.kinds:
        sql += f" AND {sign}{table}.kind IN ({', '.join(map(repr, query.kinds))})"
    if query.min_std is not None:
        sql += f" AND {table}.std >= {query.min_std!r}"
    return sql
