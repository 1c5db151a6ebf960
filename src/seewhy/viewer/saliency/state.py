"""The state of the saliency page: what a query string says, parsed once and formatted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from urllib.parse import urlencode

from seewhy.store import KINDS, SORTS, Cursor, Kind, SampleQuery, Sort
from seewhy.viewer.query_string import BadQuery, Query, whole_number
from seewhy.viewer.saliency.look import Look

MAX_LABELS = 40
HIGHEST_STD = 0.5
"""No standard deviation of numbers in [0, 1] is higher."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the saliency page shows, and how.

    Attributes
    ----------
    labels : tuple of str
        Label filter; empty: any.
    kinds : tuple of {"TP", "FN", "FP"}
        Must hold on the same inference as the label; empty: any.
    min_std : float or None
        Lowest standard deviation of the same inference; None: any.
    sort : {"id", "prob", "-prob", "sd", "-sd"}
        Order.
    after, before : Cursor or None
        Place in that order.
    size : int
        Samples a page.
    find : str
        Text that listed labels must contain.
    picks : tuple of (int, int)
        (sample id, class index) where somebody switched the label.
    zoom : (int, int) or None
        (sample id, class index) in the zoom dialog.
    look : Look
        How maps are drawn.
    """

    labels: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    min_std: float | None = None
    sort: Sort = "id"
    after: Cursor | None = None
    before: Cursor | None = None
    size: int = 24
    find: str = ""
    picks: tuple[tuple[int, int], ...] = ()
    zoom: tuple[int, int] | None = None
    look: Look = field(default_factory=Look)

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> ViewState:
        """Read the pairs of a query string; unknown keys are ignored, as a proxy may add some.

        Raises
        ------
        BadQuery
            If a value cannot be.
        """
        given = Query.parse(items)
        one, many = given.one, given.many
        sort = cast(Sort, given.choice("sort", SORTS, "id"))
        labels = tuple(given.all("label"))
        if len(labels) > MAX_LABELS:
            raise BadQuery(f"at most {MAX_LABELS} labels can be chosen, got {len(labels)}")
        given.at_most_one("after", "before")
        return cls(
            labels=labels,
            kinds=given.choices("kind", KINDS),
            min_std=_number("sd", one["sd"], HIGHEST_STD) if "sd" in one else None,
            sort=sort,
            after=_cursor("after", one.get("after"), sort),
            before=_cursor("before", one.get("before"), sort),
            size=given.size(),
            find=one.get("find", "")[:100],
            picks=tuple(dict(_pair("pick", pair) for pair in many.get("pick", [])).items()),
            zoom=_pair("zoom", one["zoom"]) if "zoom" in one else None,
            look=Look.parse(given),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = [("label", label) for label in self.labels]
        pairs += [("kind", kind) for kind in self.kinds]
        single = {
            "sd": "" if self.min_std is None else repr(self.min_std),
            "sort": self.sort,
            "after": _format(self.after),
            "before": _format(self.before),
            "n": str(self.size),
            "find": self.find,
        }
        pairs += [pair for pair in single.items() if pair[1] != DEFAULTS[pair[0]]]
        pairs += self.look.items()
        pairs += [("pick", f"{sample}.{label}") for sample, label in self.picks]
        if self.zoom:
            pairs.append(("zoom", f"{self.zoom[0]}.{self.zoom[1]}"))
        return pairs

    def href(self) -> str:
        """Link to this state on the page that shows it."""
        return "?" + urlencode(self.items())

    def query(self, labels: Sequence[str]) -> SampleQuery:
        """The question to the store, whose labels by class index are `labels`.

        Raises
        ------
        BadQuery
            If a label is unknown.
        """
        index = {label: number for number, label in enumerate(labels)}
        unknown = [label for label in self.labels if label not in index]
        if unknown:
            raise BadQuery(f"this job has no label {unknown[0]!r}")
        return SampleQuery(
            tuple(index[label] for label in self.labels),
            self.kinds,
            self.sort,
            self.after,
            self.before,
            self.size,
            self.min_std,
        )

    @property
    def is_filtered(self) -> bool:
        """Whether any filter is in force."""
        return bool(self.labels or self.kinds or self.min_std is not None)

    def unfiltered(self) -> ViewState:
        """Drop all filters; goes back to the first page."""
        return replace(self.first(), labels=(), kinds=(), min_std=None)

    def toggle_label(self, label: str) -> ViewState:
        """Choose a label, or not any more; goes back to the first page."""
        rest = tuple(chosen for chosen in self.labels if chosen != label)
        labels = rest if len(rest) < len(self.labels) else (*rest, label)
        return replace(self.first(), labels=labels)

    def toggle_kind(self, kind: Kind) -> ViewState:
        """Choose a kind, or not any more; goes back to the first page."""
        chosen = {*self.kinds} ^ {kind}
        return replace(self.first(), kinds=tuple(kind for kind in KINDS if kind in chosen))

    def toggle_std(self, min_std: float) -> ViewState:
        """Choose a lowest standard deviation, or not any more; goes back to the first page."""
        return replace(self.first(), min_std=None if self.min_std == min_std else min_std)

    def sorted_by(self, sort: Sort) -> ViewState:
        """Change the order; goes back to the first page."""
        return replace(self.first(), sort=sort)

    def sized(self, size: int) -> ViewState:
        """Change the number of samples a page; goes back to the first page."""
        return replace(self.first(), size=size)

    def first(self) -> ViewState:
        """The first page. Switched labels belong to the samples of a page."""
        return replace(self, after=None, before=None, picks=(), zoom=None)

    def page(self, after: Cursor | None = None, before: Cursor | None = None) -> ViewState:
        """Another page."""
        return replace(self.first(), after=after, before=before)

    def picked(self, sample: int, label: int) -> ViewState:
        """Switch the label of a sample."""
        return replace(self, zoom=None, picks=tuple({**dict(self.picks), sample: label}.items()))

    def zoomed(self, sample: int, label: int) -> ViewState:
        """Open the zoom dialog."""
        return replace(self, zoom=(sample, label))

    def closed(self) -> ViewState:
        """Close the zoom dialog."""
        return replace(self, zoom=None)

    def looking(self, look: Look) -> ViewState:
        """Draw the maps in another way."""
        return replace(self, look=look)


DEFAULTS = {"sd": "", "sort": "id", "after": "", "before": "", "n": "24", "find": ""}


def _pair(key: str, value: str) -> tuple[int, int]:
    sample, dot, label = value.partition(".")
    if not dot:
        raise BadQuery(f"`{key}` must be SAMPLE.LABEL, got {value[:50]!r}")
    return whole_number(key, sample), whole_number(key, label)


def _number(key: str, value: str, highest: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number <= highest:
        raise BadQuery(f"`{key}` must be a number in 0..{highest:g}, got {value[:50]!r}")
    return number


def _cursor(key: str, value: str | None, sort: Sort) -> Cursor | None:
    if value is None:
        return None
    number, line, sample = value.rpartition("_")
    # By uncertainty, a place behind all estimates is a sample alone.
    if (sort == "id" and line) or (sort in ("prob", "-prob") and not line):
        raise BadQuery(f"`{key}` does not fit `sort` = {sort}: {value[:50]!r}")
    if not line:
        return Cursor(None, whole_number(key, sample))
    return Cursor(_number(key, number, 1), whole_number(key, sample))


def _format(cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    number = str(cursor.sample_id)
    return number if cursor.value is None else f"{cursor.value!r}_{number}"
