"""The state of the job list, and of two jobs side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from seewhy.viewer.job_data import Data, segment
from seewhy.viewer.query_string import BadQuery, Query

SORTS = {"-updated": "Last written first", "name": "By name", "-samples": "Most samples first"}
# A page of a job with its query string: never another address.
PLACE = re.compile(r"(|[a-z]+(\?[^#\s]*)?)")


@dataclass(frozen=True, slots=True)
class JobsState:
    """What the job list shows.

    Attributes
    ----------
    find : str
        Words that must all occur in a job's name, folder, network, explainers or state.
    sort : {"-updated", "name", "-samples"}
        Order.
    beside : str
        Id of the job beside which another one is to be opened.
    """

    find: str = ""
    sort: str = "-updated"
    beside: str = ""

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> JobsState:
        """Read the pairs of a query string; BadQuery if a value cannot be."""
        given = Query.parse(items)
        return cls(
            find=given.one.get("find", "")[:100],
            sort=given.choice("sort", tuple(SORTS), "-updated"),
            beside=given.one.get("beside", ""),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        pairs = [("find", self.find), ("sort", self.sort), ("beside", self.beside)]
        return [pair for pair in pairs if pair[1] not in ("", "-updated")]

    def href(self) -> str:
        """Link to this state."""
        return "./?" + urlencode(self.items())

    def live(self) -> str:
        """Address of the part that changes while jobs run."""
        return "jobs/live?" + urlencode(self.items())

    def sorted_by(self, sort: str) -> JobsState:
        """Change the order."""
        return replace(self, sort=sort)

    def choosing(self, beside: str) -> JobsState:
        """Choose a job to open beside this one; "": not any more."""
        return replace(self, beside=beside)

    def everything(self) -> JobsState:
        """Without the search."""
        return replace(self, find="")

    def matches(self, job: Data) -> bool:
        """Whether a job is found."""
        settings = job.get("settings", {})
        texts = [job["name"], job.get("folder", ""), job.get("state", ""), job.get("kind", "")]
        texts += [str(settings.get(key, "")) for key in ("network", "predictor")]
        texts += [explainer["name"] for explainer in job.get("explainers", [])]
        text = " ".join(texts).casefold()
        return all(word in text for word in self.find.casefold().split())


@dataclass(frozen=True, slots=True)
class CompareState:
    """Two jobs side by side, and the page that each shows, with its query string."""

    left: str
    right: str
    left_page: str = ""
    right_page: str = ""

    @classmethod
    def parse(cls, items: Sequence[tuple[str, str]]) -> CompareState:
        """Read the pairs of a query string; BadQuery if a job is missing or a page is none."""
        given = Query.parse(items).one
        if not given.get("left") or not given.get("right"):
            raise BadQuery("`left` and `right` must each name a job")
        pages = {key: given.get(key, "") for key in ("left_page", "right_page")}
        for key, page in pages.items():
            if not PLACE.fullmatch(page):
                raise BadQuery(f"`{key}` must be a page of a job, got {page[:50]!r}")
        return cls(given["left"], given["right"], **pages)

    def frame(self, side: str) -> str:
        """Address of the page on the left or on the right."""
        return f"j/{segment(getattr(self, side))}/{getattr(self, f'{side}_page')}"

    def swapped(self) -> str:
        """Link to the same with the sides exchanged."""
        pairs = [("left", self.right), ("right", self.left)]
        pairs += [("left_page", self.right_page), ("right_page", self.left_page)]
        return "?" + urlencode([pair for pair in pairs if pair[1]])
