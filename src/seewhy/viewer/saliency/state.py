"""The state of the saliency page: what a query string says, parsed once and formatted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlencode

from seewhy.store import KINDS, SORTS, Cursor, Kind, SampleQuery, Sort
from seewhy.viewer.colormaps import SEQUENTIAL
from seewhy.viewer.query_string import SIZES, BadQuery, Query, choice, whole_number

COLOR_MAPS = tuple(color_map.name for color_map in SEQUENTIAL)
MAX_LABELS = 40


@dataclass(frozen=True, slots=True)
class ViewState:
    """What the saliency page shows, and how.

    Attributes
    ----------
    labels : tuple of str
        Label filter; empty: any.
    kinds : tuple of {"TP", "FN", "FP"}
        Must hold on the same inference as the label; empty: any.
    sort : {"id", "prob", "-prob"}
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
    color_map : str
        Colours of unsigned maps.
    opacity : int
        Of the overlays, in per cent.
    cut : bool
        Whether colours end at the 99th percentile of a map instead of at its maximum.
    overlay, boxes : bool
        Whether maps and ground-truth boxes are drawn.
    """

    labels: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    sort: Sort = "id"
    after: Cursor | None = None
    before: Cursor | None = None
    size: int = 24
    find: str = ""
    picks: tuple[tuple[int, int], ...] = ()
    zoom: tuple[int, int] | None = None
    color_map: str = COLOR_MAPS[0]
    opacity: int = 60
    cut: bool = True
    overlay: bool = True
    boxes: bool = False

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
        kinds = {choice("kind", kind, KINDS) for kind in given.all("kind")}
        if "after" in one and "before" in one:
            raise BadQuery("`after` and `before` cannot both be given")
        return cls(
            labels=labels,
            kinds=tuple(kind for kind in KINDS if kind in kinds),
            sort=sort,
            after=_cursor("after", one.get("after"), sort),
            before=_cursor("before", one.get("before"), sort),
            size=int(given.choice("n", tuple(map(str, SIZES)), "24")),
            find=one.get("find", "")[:100],
            picks=tuple(dict(_pair("pick", pair) for pair in many.get("pick", [])).items()),
            zoom=_pair("zoom", one["zoom"]) if "zoom" in one else None,
            color_map=given.choice("cmap", COLOR_MAPS, COLOR_MAPS[0]),
            opacity=given.number("op", 60, 100),
            cut=given.switch("cut", True),
            overlay=given.switch("ov", True),
            boxes=given.switch("box", False),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = [("label", label) for label in self.labels]
        pairs += [("kind", kind) for kind in self.kinds]
        single = {
            "sort": self.sort,
            "after": _format(self.after),
            "before": _format(self.before),
            "n": str(self.size),
            "find": self.find,
            "cmap": self.color_map,
            "op": str(self.opacity),
            "cut": str(int(self.cut)),
            "ov": str(int(self.overlay)),
            "box": str(int(self.boxes)),
        }
        pairs += [pair for pair in single.items() if pair[1] != DEFAULTS[pair[0]]]
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
        chosen = tuple(index[label] for label in self.labels)
        return SampleQuery(chosen, self.kinds, self.sort, self.after, self.before, self.size)

    def filtered(
        self, labels: tuple[str, ...] | None = None, kinds: tuple[Kind, ...] | None = None
    ) -> ViewState:
        """Change the filters; goes back to the first page."""
        return replace(
            self._first_page(),
            labels=self.labels if labels is None else labels,
            kinds=self.kinds if kinds is None else kinds,
        )

    def toggle_label(self, label: str) -> ViewState:
        """Choose a label, or not any more."""
        rest = tuple(chosen for chosen in self.labels if chosen != label)
        return self.filtered(labels=rest if len(rest) < len(self.labels) else (*rest, label))

    def toggle_kind(self, kind: Kind) -> ViewState:
        """Choose a kind, or not any more."""
        chosen = {*self.kinds} ^ {kind}
        return self.filtered(kinds=tuple(kind for kind in KINDS if kind in chosen))

    def sorted_by(self, sort: Sort) -> ViewState:
        """Change the order; goes back to the first page."""
        return replace(self._first_page(), sort=sort)

    def sized(self, size: int) -> ViewState:
        """Change the number of samples a page; goes back to the first page."""
        return replace(self._first_page(), size=size)

    def first(self) -> ViewState:
        """The first page."""
        return self._first_page()

    def page(self, after: Cursor | None = None, before: Cursor | None = None) -> ViewState:
        """Another page."""
        return replace(self._first_page(), after=after, before=before)

    def picked(self, sample: int, label: int) -> ViewState:
        """Switch the label of a sample."""
        return replace(self, zoom=None, picks=tuple({**dict(self.picks), sample: label}.items()))

    def zoomed(self, sample: int, label: int) -> ViewState:
        """Open the zoom dialog."""
        return replace(self, zoom=(sample, label))

    def closed(self) -> ViewState:
        """Close the zoom dialog."""
        return replace(self, zoom=None)

    def colored(self, name: str) -> ViewState:
        """Change the colour map."""
        return replace(self, color_map=name)

    def toggle_cut(self) -> ViewState:
        """End the colours at the 99th percentile, or not any more."""
        return replace(self, cut=not self.cut)

    def toggle_overlay(self) -> ViewState:
        """Draw the maps, or not any more."""
        return replace(self, overlay=not self.overlay)

    def toggle_boxes(self) -> ViewState:
        """Draw the ground-truth boxes, or not any more."""
        return replace(self, boxes=not self.boxes)

    def _first_page(self) -> ViewState:
        # Switched labels belong to the samples of a page.
        return replace(self, after=None, before=None, picks=(), zoom=None)


DEFAULTS = {
    "sort": "id",
    "after": "",
    "before": "",
    "n": "24",
    "find": "",
    "cmap": COLOR_MAPS[0],
    "op": "60",
    "cut": "1",
    "ov": "1",
    "box": "0",
}


def _pair(key: str, value: str) -> tuple[int, int]:
    sample, dot, label = value.partition(".")
    if not dot:
        raise BadQuery(f"`{key}` must be SAMPLE.LABEL, got {value[:50]!r}")
    return whole_number(key, sample), whole_number(key, label)


def _cursor(key: str, value: str | None, sort: Sort) -> Cursor | None:
    if value is None:
        return None
    prob, line, sample = value.rpartition("_")
    if bool(line) == (sort == "id"):
        raise BadQuery(f"`{key}` does not fit `sort` = {sort}: {value[:50]!r}")
    if not line:
        return Cursor(None, whole_number(key, sample))
    try:
        number = float(prob)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise BadQuery(f"`{key}` must be PROBABILITY_SAMPLE, got {value[:50]!r}")
    return Cursor(number, whole_number(key, sample))


def _format(cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    return str(cursor.sample_id) if cursor.prob is None else f"{cursor.prob!r}_{cursor.sample_id}"
