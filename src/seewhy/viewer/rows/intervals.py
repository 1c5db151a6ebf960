"""Values that features must have, as query strings say them: `f.NAME=LOW..HIGH`."""

from __future__ import annotations

import math

from seewhy.viewer.query_string import BadQuery, Query

Interval = tuple[float, float]
Filters = tuple[tuple[str, tuple[Interval, ...]], ...]
"""Features with the intervals in one of which their values must lie."""

MAX_CHOSEN = 40


def format_interval(interval: Interval) -> str:
    """Write what a feature must be: a number, or LOW..HIGH, either end open."""
    low, high = ("" if math.isinf(end) else _plain(end) for end in interval)
    return low if low == high and low else f"{low}..{high}"


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def read_filters(given: Query) -> Filters:
    """Filters of `f.NAME=LOW..HIGH`, and of the form that gives `add`, `low` and `high`."""
    cells = {
        key.removeprefix("f."): tuple(dict.fromkeys(_interval(key, text) for text in texts))
        for key in given.many
        if key.startswith("f.") and (texts := given.all(key))
    }
    if "add" in given.one:
        ends = given.one.get("low", "").strip(), given.one.get("high", "").strip()
        cells[given.one["add"]] = (_interval("low and high", "..".join(ends)),) if any(ends) else ()
    if len(cells) > MAX_CHOSEN or sum(map(len, cells.values())) > 5 * MAX_CHOSEN:
        raise BadQuery(f"at most {MAX_CHOSEN} features can be filtered by, got {len(cells)}")
    return tuple(pair for pair in cells.items() if pair[1])


def _interval(key: str, text: str) -> Interval:
    low, dots, high = text.partition("..")
    ends = (
        read_number(key, low, text) if low.strip() else -math.inf,
        read_number(key, high, text) if high.strip() else math.inf,
    )
    return ends if dots else (ends[0], ends[0])


def read_number(key: str, value: str, text: str) -> float:
    """Read a finite number; BadQuery, which quotes `text`, if it is none."""
    try:
        # `float` alone would take underscores and other alphabets' digits.
        number = float(value) if value.isascii() and "_" not in value else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadQuery(f"`{key[:50]}` must be a number or LOW..HIGH, got {text[:50]!r}")
    return number
