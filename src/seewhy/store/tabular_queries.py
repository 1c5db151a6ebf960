"""Which rows of a table, in which order, also by what no index knows.

Labels, kinds and the order by output are answered by the indexes of `queries`, whatever the number
of rows. Names, features and residuals are read row by row: a page looks at no more rows than its
budget allows, and tells how many it looked at and where to go on.
"""

from __future__ import annotations

import bisect
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from seewhy.store import queries
from seewhy.store.sample_query import Cursor, SampleQuery
from seewhy.store.tabular_query import RowQuery, RowsFound

CHUNK = 1000


class _Walk(NamedTuple):
    found: list[Cursor]
    last: Cursor | None  # the last row looked at
    looked_at: int
    ended: bool


def page(connection: sqlite3.Connection, query: RowQuery, budget: int) -> RowsFound:
    """Fetch one page."""
    if query.by_cells:
        return _sorted_page(connection, query, budget)
    start, backwards = query.before or query.after, query.before is not None
    walk = _walk(connection, query, start, backwards, query.limit + 1, budget)
    rows = walk.found[: query.limit]
    if len(walk.found) > query.limit:
        far: Cursor | None = rows[-1]
    else:
        far = None if walk.ended else walk.last
    near = None
    if rows and start:
        back = _walk(connection, query, rows[0], not backwards, 1, budget)
        near = rows[0] if back.found or not back.ended else None
    if backwards:
        rows.reverse()
    before, after = (far, near) if backwards else (near, far)
    candidates = queries.count(connection, query.samples())
    looked_at = walk.looked_at if query.in_cells else 0
    matching: int | None = candidates
    if query.in_cells:
        matching = _count(connection, query, budget) if candidates <= budget else None
    return RowsFound(rows, before, after, matching, looked_at, candidates)


def neighbours(
    connection: sqlite3.Connection, query: RowQuery, row_id: int, budget: int
) -> tuple[int | None, int | None]:
    """Find the ids of the rows just before and just after a row, which need not match itself."""
    if query.by_cells:
        keys = _lookup(connection, query, [row_id], filtered=False)
        if row_id not in keys:
            return None, None
        pool = _pool(connection, query, budget)
        place = (keys[row_id], row_id)
        low, high = bisect.bisect_left(pool, place), bisect.bisect_right(pool, place)
        ids = (
            pool[low - 1][1] if low else None,
            pool[high][1] if high < len(pool) else None,
        )
        return (ids[1], ids[0]) if query.sort.startswith("-") else ids
    at = queries.place(connection, query.samples(), row_id)
    if at is None:
        return None, None
    sides = [_walk(connection, query, at, backwards, 1, budget) for backwards in (True, False)]
    before, after = (walk.found[0].sample_id if walk.found else None for walk in sides)
    return before, after


def _walk(
    connection: sqlite3.Connection,
    query: RowQuery,
    start: Cursor | None,
    backwards: bool,
    limit: int,
    budget: int,
) -> _Walk:
    """Go through the rows in the order of an index until enough match or enough were looked at."""
    samples, at = query.samples(), start
    found: list[Cursor] = []
    looked_at, chunk = 0, limit
    while True:
        asked = min(chunk, budget - looked_at) if query.in_cells else limit
        met = queries.fetch(connection, samples, at, backwards, asked)
        keep = _lookup(connection, query, [row.sample_id for row in met]) if query.in_cells else {}
        for row in met:
            looked_at, at = looked_at + 1, row
            if not query.in_cells or row.sample_id in keep:
                found.append(row)
                if len(found) == limit:
                    return _Walk(found, at, looked_at, False)
        if len(met) < asked:
            return _Walk(found, at, looked_at, True)
        if looked_at >= budget:
            return _Walk(found, at, looked_at, False)
        chunk = min(2 * chunk, CHUNK)


def _sorted_page(connection: sqlite3.Connection, query: RowQuery, budget: int) -> RowsFound:
    candidates = queries.count(connection, query.samples())
    pool = _pool(connection, query, budget)
    if query.sort.startswith("-"):
        pool.reverse()
    low, high = 0, query.limit
    if query.after:
        low = _behind(pool, query, query.after, True)
        high = low + query.limit
    elif query.before:
        high = _behind(pool, query, query.before, False)
        low = max(high - query.limit, 0)
    rows = [Cursor(*row) for row in pool[low:high]]
    looked_at = min(candidates, budget)
    return RowsFound(
        rows,
        rows[0] if rows and low else None,
        rows[-1] if rows and high < len(pool) else None,
        len(pool) if looked_at == candidates else None,
        looked_at,
        candidates,
    )


def _behind(pool: list[tuple[float, int]], query: RowQuery, cursor: Cursor, behind: bool) -> int:
    """Index of the first row behind a place, or of the first that is not in front of it."""
    sign = -1 if query.sort.startswith("-") else 1
    place = (sign * cast(float, cursor.value), sign * cursor.sample_id)
    search = bisect.bisect_right if behind else bisect.bisect_left
    return search(pool, place, key=lambda row: (sign * row[0], sign * row[1]))


def _pool(connection: sqlite3.Connection, query: RowQuery, budget: int) -> list[tuple[float, int]]:
    """(value sorted by, id) of what matches among the first rows, ascending."""
    pool = [
        (value, row_id)
        for ids in _chunks(connection, query, budget)
        for row_id, value in _lookup(connection, query, ids).items()
    ]
    return sorted(pool)


def _count(connection: sqlite3.Connection, query: RowQuery, budget: int) -> int:
    return sum(len(_lookup(connection, query, ids)) for ids in _chunks(connection, query, budget))


def _chunks(connection: sqlite3.Connection, query: RowQuery, budget: int) -> Iterator[list[int]]:
    """Ids of the first rows in data set order, by the thousand."""
    samples = SampleQuery(query.labels, query.kinds)
    at: Cursor | None = None
    while budget > 0:
        met = queries.fetch(connection, samples, at, False, min(CHUNK, budget))
        if not met:
            return
        yield [row.sample_id for row in met]
        at = met[-1]
        budget -= len(met)


def _lookup(
    connection: sqlite3.Connection, query: RowQuery, ids: Sequence[int], filtered: bool = True
) -> dict[int, float]:
    """Which of these rows match, with the value that they are sorted by if no index knows it."""
    values: list[float] = [*ids]
    conditions = [f"sample_id IN ({','.join('?' * len(ids))})"]
    if query.sort.endswith("residual"):
        key = "abs(json_extract(outputs, '$[0]') - truth)"
        conditions.append("truth IS NOT NULL")
    else:
        key = f"json_extract(features, '$[{int(query.column)}]')" if query.by_cells else "0"
    for column, intervals in query.cells if filtered else ():
        cell = f"json_extract(features, '$[{int(column)}]')"
        conditions.append(f"({' OR '.join([f'{cell} BETWEEN ? AND ?'] * len(intervals))})")
        values += [end for interval in intervals for end in interval]
    wanted = query.name.casefold() if filtered else ""
    return {
        number: value
        for number, value, name in connection.execute(
            f"SELECT sample_id, {key}, name FROM tabular_row JOIN sample ON sample.id = sample_id "
            f"WHERE {' AND '.join(conditions)}",
            values,
        )
        if wanted in name.casefold()
    }
