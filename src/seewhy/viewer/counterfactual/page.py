"""What the counterfactual page shows, as plain data: templates draw it, the JSON twin is it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from seewhy.store import (
    CounterfactualEntry,
    CounterfactualPage,
    CounterfactualQuery,
    JobInfo,
    JobReader,
    Place,
)
from seewhy.viewer.counterfactual.shown import Shown, shown, version
from seewhy.viewer.counterfactual.state import CounterfactualState
from seewhy.viewer.job_data import Data, job_data, kind_filters

LISTED_LABELS = 40


class Page(NamedTuple):
    """The counterfactual page."""

    job: Data
    state: CounterfactualState
    entries: list[Data]
    matching: int
    searched: int
    regions: int
    kinds: list[Data]
    labels: list[Data]
    labels_found: int
    active: list[Data]
    before: Place | None
    after: Place | None
    shown: Shown | None
    previous: CounterfactualState | None
    next: CounterfactualState | None

    def twin(self) -> Data:
        """The page as JSON."""
        before, after = self.before, self.after
        return {
            "job": self.job,
            "matching": self.matching,
            "searched": self.searched,
            "regions": self.regions,
            "entries": self.entries,
            "kinds": self.kinds,
            "labels": self.labels,
            "previous": before and self.state.page(before=before).href(),
            "next": after and self.state.page(after=after).href(),
            "shown": self.shown and self.shown.twin(),
        }


def counterfactual_page(
    identifier: str, job: JobReader, info: JobInfo, state: CounterfactualState
) -> Page:
    """Fetch all that the counterfactual page shows.

    Raises
    ------
    BadQuery
        If the state names a label, a sample or a moment that the job does not have.
    """
    query = state.query(job.labels)
    found = job.counterfactual_page(query, holding=state.sample)
    if found.previous and not (state.after or state.before):
        # The page that begins with the sample asked for stays as it is while one looks around.
        state = replace(state, after=found.previous)
    entries = [_entry(entry, job, info) for entry in found.entries]
    labels, labels_found = _label_filters(job, state, query)
    at = _at(found, state)
    chosen = state.sample
    if chosen is None and found.entries:
        chosen = found.entries[0].sample_id
    label = found.entries[at].label if at is not None else None
    regions, searched = info.counterfactuals
    return Page(
        job=job_data(identifier, info),
        state=state,
        entries=entries,
        matching=found.matching,
        searched=searched,
        regions=regions,
        kinds=kind_filters(
            state.kinds, lambda kind: job.count_counterfactuals(replace(query, kinds=(kind,)))
        ),
        labels=labels,
        labels_found=labels_found,
        active=_active_filters(job, state),
        before=found.places[0] if found.previous else None,
        after=found.places[-1] if found.next else None,
        shown=None if chosen is None else shown(job, info, state, chosen, label),
        previous=_neighbour(found, state, at, -1),
        next=_neighbour(found, state, at, 1),
    )


def _entry(entry: CounterfactualEntry, job: JobReader, info: JobInfo) -> Data:
    return entry._asdict() | {
        "label": job.labels[entry.label],
        "index": entry.label,
        "thumbnail": f"thumbnail/{entry.sample_id}.jpeg{version(info)}",
    }


def _at(found: CounterfactualPage, state: CounterfactualState) -> int | None:
    """Where the sample shown stands on the page."""
    ids = [entry.sample_id for entry in found.entries]
    if state.sample is None:
        return 0 if ids else None
    return ids.index(state.sample) if state.sample in ids else None


def _neighbour(
    found: CounterfactualPage, state: CounterfactualState, at: int | None, step: int
) -> CounterfactualState | None:
    """The state that shows the sample before or after the one shown, on its page."""
    if at is None:
        return None
    to = at + step
    if 0 <= to < len(found.entries):
        entry = found.entries[to]
        return state.showing(entry.sample_id, entry.label)
    beyond = found.next if step > 0 else found.previous
    if beyond is None:
        return None
    if step > 0:
        return state.page(after=found.places[-1], sample=beyond.sample_id)
    return state.page(before=found.places[0], sample=beyond.sample_id)


def _label_filters(
    job: JobReader, state: CounterfactualState, query: CounterfactualQuery
) -> tuple[list[Data], int]:
    """The most frequent labels among the kinds chosen, and how many there are in all."""
    wanted = state.find.casefold()
    counts = job.counterfactual_counts(query)
    found: list[Data] = []
    for index, name in enumerate(job.labels):
        active = name == state.label
        if active or (index in counts and wanted in name.casefold()):
            found.append({"label": name, "count": counts.get(index, 0), "active": active})
    found.sort(key=lambda row: (not row["active"], -row["count"], row["label"]))
    return found[:LISTED_LABELS], len(found)


def _active_filters(job: JobReader, state: CounterfactualState) -> list[Data]:
    """Each filter in force, with the state and the number of samples that it hides others from."""
    steps: list[Data] = []
    if state.label:
        steps.append({"name": state.label, "kind": None, "without": state.labelled("")})
    steps += [
        {"name": kind, "kind": kind, "without": state.toggle_kind(kind)} for kind in state.kinds
    ]
    return [
        step | {"count": job.count_counterfactuals(step["without"].query(job.labels))}
        for step in steps
    ]


def table(page: Page, job: JobReader) -> tuple[Sequence[str], list[list[object]]]:
    """The samples of the page as columns and rows, with all labels that were searched."""
    columns = (
        *("sample", "name", "label", "kind", "output", "target", "direction", "mask", "reason"),
        *("region_output", "region_area", "layers", "steps", "edited_images"),
    )
    about = {entry["sample_id"]: entry for entry in page.entries}
    records = job.counterfactuals(list(about))
    order = {number: place for place, number in enumerate(about)}
    kinds = {
        (number, inference.label): inference.kind
        for number in about
        for inference in job.sample(number).inferences
    }
    rows: list[list[object]] = []
    for record in sorted(records, key=lambda record: order[record.sample_id]):
        region = record.region
        rows.append(
            [
                *(record.sample_id, about[record.sample_id]["name"], job.labels[record.label]),
                *(kinds[record.sample_id, record.label], record.output, record.target),
                *(record.direction, record.mask, record.reason),
                *((region.output, region.area) if region else (None, None)),
                *(len(record.layers), len(record.steps), record.images),
            ]
        )
    return columns, rows
