"""The state of the importance page: what a query string says, parsed once and formatted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from seewhy.viewer.query_string import Query
from seewhy.viewer.rows.state import MOST_SHOWN


@dataclass(frozen=True, slots=True)
class ImportanceState:
    """What the importance page shows.

    Attributes
    ----------
    label : str
        Whose attributions are summarised; empty: the label that is predicted or true most often.
    view : str
        Class from which coefficients are seen; empty: from all others.
    shown : int
        Features that a chart shows.
    find : str
        Text that listed labels must contain.
    """

    label: str = ""
    view: str = ""
    shown: int = 10
    find: str = ""

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> ImportanceState:
        """Read the pairs of a query string; unknown keys are ignored, as a proxy may add some.

        Raises
        ------
        BadQuery
            If a value cannot be.
        """
        given = Query.parse(items)
        return cls(
            label=given.one.get("label", ""),
            view=given.one.get("view", ""),
            shown=max(given.number("k", 10, MOST_SHOWN), 1),
            find=given.one.get("find", "")[:100],
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = {"label": self.label, "view": self.view, "k": str(self.shown), "find": self.find}
        return [pair for pair in pairs.items() if pair[1] != {"k": "10"}.get(pair[0], "")]

    def href(self) -> str:
        """Link to this state on the page that shows it."""
        return "?" + urlencode(self.items())

    def of_label(self, label: str) -> ImportanceState:
        """Summarise another label."""
        return replace(self, label=label, view="")

    def seen_from(self, view: str) -> ImportanceState:
        """See coefficients from another class; empty: from all others."""
        return replace(self, view=view)

    def drawn(self, shown: int) -> ImportanceState:
        """Change how many features the charts show."""
        return replace(self, shown=shown)
