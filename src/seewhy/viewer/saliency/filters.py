"""Filters of the saliency page with their counts.

The number beside a choice is that of the samples that match when it is the only one chosen of its
group, with all that is chosen in the other groups: of the labels, for instance, the one alone, but
among the kinds and uncertainties chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from heapq import nsmallest

from seewhy.store import STD_LEVELS, JobReader, Kind, SampleQuery
from seewhy.viewer.job_data import Data
from seewhy.viewer.saliency.state import ViewState

LISTED_LABELS = 40


def std_filters(
    job: JobReader, state: ViewState, query: SampleQuery, highest: float | None
) -> list[Data]:
    """Lowest standard deviations that some probability of the job reaches."""
    levels = [level for level in STD_LEVELS if highest is not None and level <= highest]
    if state.min_std is not None and state.min_std not in levels:
        levels.append(state.min_std)
    return [
        {
            "min_std": level,
            "count": job.count(replace(query, min_std=level)),
            "active": level == state.min_std,
        }
        for level in sorted(levels)
    ]


def label_filters(
    job: JobReader, state: ViewState, query: SampleQuery, limit: int = LISTED_LABELS
) -> tuple[list[Data], int]:
    """The labels chosen, then the most frequent that `find` finds; and how many there are."""
    if state.find or state.labels:
        listed, found = _searched(job, state, limit)
    else:
        frequent, found = job.frequent_labels(state.kinds, limit)
        listed = [_row(job.labels[index], index, count, False) for index, count in frequent]
    if query.min_std is not None:
        # No table is kept of these: they are counted for what is listed only.
        for row in listed:
            row["count"] = job.count(replace(query, labels=(row["index"],)))
        listed.sort(key=lambda row: (not row["active"], -row["count"], row["label"]))
    return listed, found


def _searched(job: JobReader, state: ViewState, limit: int) -> tuple[list[Data], int]:
    wanted = state.find.casefold()
    counts = job.counts()
    # Of thousands of labels, only those listed become more than a tuple.
    found = [
        (name not in state.labels, -_number(counts.get(index, {}), state), name, index)
        for index, name in enumerate(job.labels)
        if name in state.labels or (index in counts and wanted in name.casefold())
    ]
    listed = nsmallest(max(limit, len(state.labels)), found)
    return [_row(name, index, -fewer, not other) for other, fewer, name, index in listed], len(
        found
    )


def _row(name: str, index: int, count: int, active: bool) -> Data:
    return {"label": name, "index": index, "count": count, "active": active}


def active_filters(job: JobReader, state: ViewState) -> list[Data]:
    """Each filter in force, with the state without it and the number of samples then left."""
    steps: list[tuple[str, Kind | None, ViewState]]
    steps = [(label, None, state.toggle_label(label)) for label in state.labels]
    steps += [(kind, kind, state.toggle_kind(kind)) for kind in state.kinds]
    if state.min_std is not None:
        name = f"standard deviation from {state.min_std:g}"
        steps.append((name, None, state.toggle_std(state.min_std)))
    return [
        {
            "name": name,
            "kind": kind,
            "without": without,
            "count": job.count(without.query(job.labels)),
        }
        for name, kind, without in steps
    ]


def _number(counts: Mapping[Kind | None, int], state: ViewState) -> int:
    if not state.kinds:
        return sum(counts.values())
    return sum(counts.get(kind, 0) for kind in state.kinds)
