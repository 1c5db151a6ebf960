"""The state of the rows page: what a query string says, parsed once and formatted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from seewhy.store import KINDS, Cursor, Kind
from seewhy.viewer.query_string import BadQuery, Query, choice, whole_number
from seewhy.viewer.rows.intervals import (
    MAX_CHOSEN,
    Filters,
    Interval,
    format_interval,
    read_filters,
    read_number,
)

MOST_SHOWN = 2000
SHOWN = (5, 10, 20, 50, MOST_SHOWN)
"""Numbers of features in a chart that one can choose from."""
CHARTS = ("waterfall", "bars")
SORTS = ("id", "prob", "-prob", "residual", "-residual")


@dataclass(frozen=True, slots=True)
class RowsState:
    """What the rows page shows, and how.

    Attributes
    ----------
    labels, kinds
        Filters that must hold on the same label.
    name : str
        Text in the names of rows.
    cells : tuple of (feature, intervals)
        Values that features must have.
    sort : str
        One of `SORTS`, or "f.NAME" or "-f.NAME": by the value of a feature.
    after, before : Cursor or None
        Place in that order.
    size : int
        Rows a page.
    columns : tuple of str or None
        Features whose values the list shows; None: the first few.
    find, feature : str
        Text that listed labels and features must contain.
    row : int or None
        Row that is shown in detail.
    target : int or None
        Label that is explained there.
    shown : int
        Features that a chart shows.
    chart : {"waterfall", "bars"}
        How Shapley values are drawn.
    """

    labels: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    name: str = ""
    cells: Filters = ()
    sort: str = "id"
    after: Cursor | None = None
    before: Cursor | None = None
    size: int = 24
    columns: tuple[str, ...] | None = None
    find: str = ""
    feature: str = ""
    row: int | None = None
    target: int | None = None
    shown: int = 10
    chart: str = "waterfall"

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> RowsState:
        """Read the pairs of a query string; unknown keys are ignored, as a proxy may add some.

        Raises
        ------
        BadQuery
            If a value cannot be.
        """
        given = Query.parse(items)
        one = given.one
        sort = one.get("sort", "id")
        if not sort.removeprefix("-").startswith("f."):
            choice("sort", sort, (*SORTS, "f.FEATURE", "-f.FEATURE"))
        given.at_most_one("after", "before")
        return cls(
            labels=_few("label", given.all("label")),
            kinds=given.choices("kind", KINDS),
            name=one.get("q", "")[:200],
            cells=read_filters(given),
            sort=sort,
            after=_cursor("after", one.get("after"), sort),
            before=_cursor("before", one.get("before"), sort),
            size=given.size(),
            columns=_few("col", given.all("col")) if "col" in given.many else None,
            find=one.get("find", "")[:100],
            feature=one.get("feature", "")[:100],
            row=given.optional_number("row"),
            target=given.optional_number("target"),
            shown=max(given.number("k", 10, MOST_SHOWN), 1),
            chart=given.choice("chart", CHARTS, "waterfall"),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = [("label", label) for label in self.labels]
        pairs += [("kind", kind) for kind in self.kinds]
        pairs += [
            (f"f.{feature}", format_interval(interval))
            for feature, intervals in self.cells
            for interval in intervals
        ]
        if self.columns is not None:
            pairs += [("col", column) for column in self.columns or ("",)]
        single = {
            "q": self.name,
            "sort": self.sort,
            "after": _format(self.after),
            "before": _format(self.before),
            "n": str(self.size),
            "find": self.find,
            "feature": self.feature,
            "row": "" if self.row is None else str(self.row),
            "target": "" if self.target is None else str(self.target),
            "k": str(self.shown),
            "chart": self.chart,
        }
        return pairs + [pair for pair in single.items() if pair[1] != DEFAULTS.get(pair[0], "")]

    def href(self) -> str:
        """Link to this state on the page that shows it."""
        return "?" + urlencode(self.items())

    def first(self) -> RowsState:
        """The first page of the list."""
        return replace(self, after=None, before=None, row=None, target=None)

    def filtered(
        self,
        labels: tuple[str, ...] | None = None,
        kinds: tuple[Kind, ...] | None = None,
        name: str | None = None,
        cells: Filters | None = None,
    ) -> RowsState:
        """Change filters; goes back to the first page."""
        return replace(
            self.first(),
            labels=self.labels if labels is None else labels,
            kinds=self.kinds if kinds is None else kinds,
            name=self.name if name is None else name,
            cells=self.cells if cells is None else cells,
        )

    def unfiltered(self) -> RowsState:
        """Drop all filters."""
        return self.filtered((), (), "", ())

    def toggle_label(self, label: str) -> RowsState:
        """Choose a label, or not any more."""
        rest = tuple(chosen for chosen in self.labels if chosen != label)
        return self.filtered(labels=rest if len(rest) < len(self.labels) else (*rest, label))

    def toggle_kind(self, kind: Kind) -> RowsState:
        """Choose a kind, or not any more."""
        chosen = {*self.kinds} ^ {kind}
        return self.filtered(kinds=tuple(kind for kind in KINDS if kind in chosen))

    def intervals(self, feature: str) -> tuple[Interval, ...]:
        """Values that a feature must have; empty: any."""
        return dict(self.cells).get(feature, ())

    def toggle_value(self, feature: str, value: float) -> RowsState:
        """Let a feature have a value, or not any more."""
        value, chosen = float(value), dict.fromkeys(self.intervals(feature), True)
        if not chosen.pop((value, value), False):
            chosen[value, value] = True
        return self.with_intervals(feature, tuple(chosen))

    def with_intervals(self, feature: str, intervals: tuple[Interval, ...]) -> RowsState:
        """Change what values a feature must have; none: any."""
        cells = {**dict(self.cells), feature: intervals}
        return self.filtered(cells=tuple(pair for pair in cells.items() if pair[1]))

    def sorted_by(self, sort: str) -> RowsState:
        """Change the order; goes back to the first page."""
        return replace(self.first(), sort=sort)

    def sized(self, size: int) -> RowsState:
        """Change the number of rows a page; goes back to the first page."""
        return replace(self.first(), size=size)

    def page(self, after: Cursor | None = None, before: Cursor | None = None) -> RowsState:
        """Another page."""
        return replace(self.first(), after=after, before=before)

    def toggle_column(self, feature: str, columns: Sequence[str]) -> RowsState:
        """Show a feature besides those that the list shows, or not any more."""
        rest = tuple(column for column in columns if column != feature)
        return replace(self, columns=rest if len(rest) < len(columns) else (*rest, feature))

    def opened(self, row: int | None, target: int | None = None) -> RowsState:
        """Show a row in detail; None: the list."""
        return replace(self, row=row, target=target)

    def drawn(self, shown: int | None = None, chart: str | None = None) -> RowsState:
        """Change how many features the charts show, or what they are."""
        return replace(self, shown=shown or self.shown, chart=chart or self.chart)


DEFAULTS = {"sort": "id", "n": "24", "k": "10", "chart": "waterfall"}


def _few(key: str, values: list[str]) -> tuple[str, ...]:
    if len(values) > MAX_CHOSEN:
        raise BadQuery(f"at most {MAX_CHOSEN} of `{key}` can be chosen, got {len(values)}")
    return tuple(values)


def _cursor(key: str, value: str | None, sort: str) -> Cursor | None:
    if value is None:
        return None
    number, line, row = value.rpartition("_")
    if bool(line) == (sort == "id"):
        raise BadQuery(f"`{key}` does not fit `sort` = {sort[:50]}: {value[:50]!r}")
    at = whole_number(key, row)
    return Cursor(read_number(key, number, value) if line else None, at)


def _format(cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    return str(cursor.sample_id) if cursor.value is None else f"{cursor.value!r}_{cursor.sample_id}"
