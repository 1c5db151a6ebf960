"""What an export carried, changed and left out."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Tally: TypeAlias = Counter[str]
"""How often something happened, by what it was in words."""
NEVER = (
    "settings, parameters and versions",
    "the value range of each map: every map fills the scale of greys",
    "intervals of mean scores, and how many explanations are behind them",
    "means of the uncertainty passes",
    "the trees and single steps of searches for counterfactuals",
)
"""What the format has no place for, in any job."""


@dataclass(frozen=True)
class JobReport:
    """What became of a job.

    Attributes
    ----------
    name : str
        Of the job.
    folder : str
        Below `out`.
    samples, maps, scores, counterfactuals : int
        Written; scores are means of an explainer under a metric.
    uncertainty : bool
        Whether standard deviations and intervals were written.
    renamed : mapping of str to mapping of str to str
        Names that had to change, old to new, of each "label", "explainer" and "metric".
    notes : tuple of str
        What was not carried, or differently, a sentence each.
    """

    name: str
    folder: str
    samples: int
    maps: int
    scores: int
    counterfactuals: int
    uncertainty: bool
    renamed: Mapping[str, Mapping[str, str]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ExportReport:
    """What became of all jobs.

    Attributes
    ----------
    out : Path
        Folder that was made.
    jobs : tuple of JobReport
        Exported.
    left_out : mapping of str to str
        Jobs that were not, by the path of their store, and why.
    unreadable : mapping of str to str
        Stores that are damaged or not SeeWhy's, and what is wrong.
    """

    out: Path
    jobs: tuple[JobReport, ...]
    left_out: Mapping[str, str]
    unreadable: Mapping[str, str]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        content = {
            "jobs": [dataclasses.asdict(job) for job in self.jobs],
            "left_out": dict(self.left_out),
            "never_carried": NEVER,
            "unreadable": dict(self.unreadable),
        }
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def in_sentences(tally: Tally) -> tuple[str, ...]:
    """Say what was counted, the number last."""
    return tuple(f"{what}: {count}" for what, count in tally.items())
