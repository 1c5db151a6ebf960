"""The state of the counterfactual page: what a query string says, parsed and formatted once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast
from urllib.parse import urlencode

from seewhy.store import (
    COUNTERFACTUAL_SORTS,
    KINDS,
    CounterfactualQuery,
    CounterfactualSort,
    Kind,
    Place,
)
from seewhy.viewer.query_string import BadQuery, Query, whole_number

MAX_STEP = 10**6


@dataclass(frozen=True, slots=True)
class CounterfactualState:
    """Which counterfactuals are listed, and which moment of which one is shown.

    Attributes
    ----------
    label : str
        Label filter; "": any.
    kinds : tuple of {"TP", "FN", "FP"}
        Must hold for the same label; empty: any.
    empty : bool
        Whether labels without a region are listed too.
    sort : str
        Order, one of `COUNTERFACTUAL_SORTS`.
    after, before : Place or None
        Place in that order.
    size : int
        Samples a page.
    find : str
        Text that listed labels must contain.
    sample, target : int or None
        Which sample is shown, and for which class index; None: the first one of the page.
    step, layer : int or None
        Which moment of the search is shown: after so many steps, or the outcome of a layer, from
        1; neither: the region.
    swipe : int
        How much of the outcome the original is drawn over, in per cent.
    """

    label: str = ""
    kinds: tuple[Kind, ...] = ()
    empty: bool = False
    sort: CounterfactualSort = "id"
    after: Place | None = None
    before: Place | None = None
    size: int = 24
    find: str = ""
    sample: int | None = None
    target: int | None = None
    step: int | None = None
    layer: int | None = None
    swipe: int = 0

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> CounterfactualState:
        """Read the pairs of a query string; unknown keys are ignored, as a proxy may add some.

        Raises
        ------
        BadQuery
            If a value cannot be.
        """
        given = Query.parse(items)
        one = given.one
        given.at_most_one("after", "before")
        given.at_most_one("step", "layer")
        sort = cast(CounterfactualSort, given.choice("sort", COUNTERFACTUAL_SORTS, "id"))
        state = cls(
            label=one.get("label", ""),
            kinds=given.choices("kind", KINDS),
            empty=given.switch("empty", False),
            sort=sort,
            after=_place("after", one.get("after"), sort),
            before=_place("before", one.get("before"), sort),
            size=given.size(),
            find=one.get("find", "")[:100],
            sample=given.optional_number("sample"),
            target=given.optional_number("target"),
            step=given.optional_number("step", MAX_STEP),
            layer=given.optional_number("layer", MAX_STEP),
            swipe=given.number("swipe", 0, 100),
        )
        if state.target is not None and state.sample is None:
            raise BadQuery("`target` must come with `sample`")
        return state

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = [("label", self.label)] if self.label else []
        pairs += [("kind", kind) for kind in self.kinds]
        single = {
            "empty": ("1" if self.empty else "", ""),
            "sort": (self.sort, "id"),
            "after": (_format(self.after), ""),
            "before": (_format(self.before), ""),
            "n": (str(self.size), "24"),
            "find": (self.find, ""),
            "sample": (_number(self.sample), ""),
            "target": (_number(self.target), ""),
            "step": (_number(self.step), ""),
            "layer": (_number(self.layer), ""),
            "swipe": (str(self.swipe), "0"),
        }
        return pairs + [(key, value) for key, (value, usual) in single.items() if value != usual]

    def href(self) -> str:
        """Link to this state on the page that shows it."""
        return "?" + urlencode(self.items())

    def query(self, labels: Sequence[str]) -> CounterfactualQuery:
        """The question to the store, whose labels by class index are `labels`.

        Raises
        ------
        BadQuery
            If the label is unknown.
        """
        if self.label and self.label not in labels:
            raise BadQuery(f"this job has no label {self.label!r}")
        label = labels.index(self.label) if self.label else None
        return CounterfactualQuery(
            label, self.kinds, self.empty, self.sort, self.after, self.before, self.size
        )

    def first(self) -> CounterfactualState:
        """The first page."""
        return replace(self.result(), after=None, before=None, sample=None, target=None)

    def labelled(self, label: str) -> CounterfactualState:
        """Filter by a label; by none if it is the one chosen. Goes back to the first page."""
        return replace(self.first(), label="" if label == self.label else label)

    def toggle_kind(self, kind: Kind) -> CounterfactualState:
        """Choose a kind, or not any more; goes back to the first page."""
        chosen = {*self.kinds} ^ {kind}
        return replace(self.first(), kinds=tuple(kind for kind in KINDS if kind in chosen))

    def toggle_empty(self) -> CounterfactualState:
        """List labels without a region, or not any more; goes back to the first page."""
        return replace(self.first(), empty=not self.empty)

    def unfiltered(self) -> CounterfactualState:
        """Without filters."""
        return replace(self.first(), label="", kinds=())

    def sorted_by(self, sort: CounterfactualSort) -> CounterfactualState:
        """Change the order; goes back to the first page."""
        return replace(self.first(), sort=sort)

    def sized(self, size: int) -> CounterfactualState:
        """Change the number of samples a page; goes back to the first page."""
        return replace(self.first(), size=size)

    def page(
        self,
        after: Place | None = None,
        before: Place | None = None,
        sample: int | None = None,
    ) -> CounterfactualState:
        """Another page, showing its first sample or another one."""
        return replace(self.first(), after=after, before=before, sample=sample)

    def showing(self, sample: int, target: int) -> CounterfactualState:
        """Show a sample for a label."""
        return replace(self.result(), sample=sample, target=target)

    def result(self) -> CounterfactualState:
        """Show the region itself."""
        return replace(self, step=None, layer=None)

    def at(self, kind: str, number: int) -> CounterfactualState:
        """Show a moment of the search, as `search.frames` names it."""
        if kind in ("start", "step"):
            return replace(self, step=number, layer=None)
        return replace(self, step=None, layer=number) if kind == "layer" else self.result()


def _place(key: str, value: str | None, sort: CounterfactualSort) -> Place | None:
    if value is None:
        return None
    number, line, sample = value.rpartition("_")
    if bool(line) == (sort == "id"):
        raise BadQuery(f"`{key}` does not fit `sort` = {sort}: {value[:50]!r}")
    if not line:
        return Place(None, whole_number(key, sample))
    try:
        at = float(number)
    except ValueError:
        at = math.nan
    if not math.isfinite(at):
        raise BadQuery(f"`{key}` must be NUMBER_SAMPLE, got {value[:50]!r}")
    return Place(at, whole_number(key, sample))


def _format(place: Place | None) -> str:
    if place is None:
        return ""
    return str(place.sample_id) if place.value is None else f"{place.value!r}_{place.sample_id}"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
