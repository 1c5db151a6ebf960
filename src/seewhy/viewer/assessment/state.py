"""The state of the assessment page: what a query string says, parsed once and formatted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast
from urllib.parse import urlencode

from seewhy.viewer.query_string import BadQuery, Query, whole_number

Across = Literal["explainers", "metrics"]
ACROSS: tuple[Across, ...] = ("explainers", "metrics")
FORMS = ("bars", "heat")
WEIGHT = 50
HIGHEST_WEIGHT = 100
FEW = 12


@dataclass(frozen=True, slots=True)
class AssessmentState:
    """What the assessment page shows.

    Attributes
    ----------
    weights : tuple of (str, int)
        Metrics whose weight is not the usual 50; only how they relate counts.
    rank : str
        Order of the explainers: "score", "wins", "name" or "m.METRIC"; "-" before it turns it.
    across : {"explainers", "metrics"}
        What the columns beside the labels are.
    metric, explainer, label : str
        What is looked at; "": the first that there is, and any label.
    hide : tuple of str
        Columns that are not shown.
    sort : str
        Order of the labels: "n" (explanations), "name" or "c.COLUMN"; "-" before it turns it.
    find : str
        Text that listed labels must contain.
    size, skip : int
        Labels shown, and how many come before them.
    form : {"bars", "heat"}
        How scores of labels are drawn.
    end : {"lowest", "highest"}
        Which samples are listed.
    """

    weights: tuple[tuple[str, int], ...] = ()
    rank: str = "score"
    across: Across = "explainers"
    metric: str = ""
    explainer: str = ""
    label: str = ""
    hide: tuple[str, ...] = ()
    sort: str = "n"
    find: str = ""
    size: int = 24
    skip: int = 0
    form: str = "bars"
    end: str = "lowest"

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> AssessmentState:
        """Read the pairs of a query string; unknown keys are ignored, as a proxy may add some.

        Raises
        ------
        BadQuery
            If a value cannot be.
        """
        given = Query.parse(items)
        weights = {
            key[2:]: whole_number(key, value, HIGHEST_WEIGHT)
            for key, value in given.one.items()
            if key.startswith("w.")
        }
        return cls(
            weights=tuple((name, weight) for name, weight in weights.items() if weight != WEIGHT),
            rank=_order(given, "rank", ("score", "wins", "name"), "m."),
            across=cast(Across, given.choice("across", ACROSS, "explainers")),
            metric=given.one.get("metric", ""),
            explainer=given.one.get("explainer", ""),
            label=given.one.get("label", ""),
            hide=tuple(given.all("hide")),
            sort=_order(given, "sort", ("n", "name"), "c."),
            find=given.one.get("find", "")[:100],
            size=given.size(),
            skip=given.number("skip", 0),
            form=given.choice("form", FORMS, "bars"),
            end=given.choice("end", ("lowest", "highest"), "lowest"),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        single = {
            "rank": self.rank,
            "across": self.across,
            "metric": self.metric,
            "explainer": self.explainer,
            "label": self.label,
            "sort": self.sort,
            "find": self.find,
            "n": str(self.size),
            "skip": str(self.skip),
            "form": self.form,
            "end": self.end,
        }
        pairs = [(f"w.{name}", str(weight)) for name, weight in self.weights]
        pairs += [pair for pair in single.items() if pair[1] != DEFAULTS[pair[0]]]
        return pairs + [("hide", name) for name in self.hide]

    def href(self, place: str = "") -> str:
        """Link to this state on the page that shows it."""
        return "?" + urlencode(self.items()) + (f"#{place}" if place else "")

    def weight(self, metric: str) -> int:
        """Weight of a metric."""
        return dict(self.weights).get(metric, WEIGHT)

    def weight_keys(self) -> list[str]:
        """Keys of the weights in the query string."""
        return [f"w.{name}" for name, _ in self.weights]

    def equal(self) -> AssessmentState:
        """Give all metrics the same weight."""
        return replace(self, weights=())

    def ranked_by(self, rank: str) -> AssessmentState:
        """Order the explainers; once more turns the order."""
        return replace(self, rank=f"-{rank}" if self.rank == rank else rank)

    def looking_across(self, across: str) -> AssessmentState:
        """Put explainers or metrics beside the labels."""
        fresh = replace(self._first(), hide=(), across=cast(Across, across))
        return replace(fresh, sort=self.sort if self.sort.lstrip("-") in ("n", "name") else "n")

    def sorted_by(self, sort: str) -> AssessmentState:
        """Order the labels; once more turns the order."""
        return replace(self._first(), sort=f"-{sort}" if self.sort == sort else sort)

    def toggle(self, column: str) -> AssessmentState:
        """Show a column, or not any more."""
        rest = tuple(name for name in self.hide if name != column)
        return replace(self, hide=rest if len(rest) < len(self.hide) else (*rest, column))

    def drawn(self, form: str) -> AssessmentState:
        """Draw scores of labels as bars or as colours."""
        return replace(self, form=form)

    def sized(self, size: int) -> AssessmentState:
        """Show more or fewer labels."""
        return replace(self._first(), size=size)

    def from_label(self, skip: int) -> AssessmentState:
        """Show labels further down or up."""
        return replace(self, skip=skip)

    def behind(self, metric: str, explainer: str, label: str = "") -> AssessmentState:
        """List the samples behind a number."""
        return replace(self, metric=metric, explainer=explainer, label=label)

    def from_end(self, end: str) -> AssessmentState:
        """List the samples scored lowest or highest."""
        return replace(self, end=end)

    def _first(self) -> AssessmentState:
        return replace(self, skip=0)


DEFAULTS = dict(
    rank="score",
    across="explainers",
    metric="",
    explainer="",
    label="",
    sort="n",
    find="",
    n="24",
    skip="0",
    form="bars",
    end="lowest",
)


def _order(given: Query, key: str, words: Sequence[str], prefix: str) -> str:
    value = given.one.get(key, words[0])
    plain = value.removeprefix("-")
    if plain not in words and not plain.startswith(prefix):
        raise BadQuery(
            f"`{key}` must be one of {', '.join(words)}, {prefix}NAME, got {value[:50]!r}"
        )
    return value
