"""What became of the jobs that were imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ImportedJob:
    """What became of a job.

    Attributes
    ----------
    path : Path
        Store that was written.
    source : Path
        Folder of the summary.
    samples, maps, scores, counterfactuals : int
        Read; scores are means of an explainer under a metric, over all labels or for one.
    complete : bool
        Whether the summary was whole: its writer had ended, and no record was lost.
    notes : tuple of str
        What was damaged, left out or changed, the number last.
    """

    path: Path
    source: Path
    samples: int
    maps: int
    scores: int
    counterfactuals: int
    complete: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ImportReport:
    """What became of all jobs.

    Attributes
    ----------
    jobs : tuple of ImportedJob
        Imported.
    unreadable : mapping of str to str
        Folders of summaries that hold nothing that can be read, and why.
    """

    jobs: tuple[ImportedJob, ...]
    unreadable: Mapping[str, str]
