"""What the saliency page shows, as plain data: templates draw it, and the JSON twin is it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from seewhy.store import Cursor, JobReader, Sort
from seewhy.viewer.job_data import Data, job_data, kind_filters
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.saliency.filters import active_filters, label_filters, std_filters
from seewhy.viewer.saliency.sample_data import active_label, sample_data
from seewhy.viewer.saliency.state import ViewState
from seewhy.viewer.saliency.zoom import zoom_data

SORT_NAMES: dict[Sort, str] = {
    "id": "Data set order",
    "-prob": "Most probable first",
    "prob": "Least probable first",
    "-sd": "Most uncertain first",
    "sd": "Least uncertain first",
}

COLUMNS = (
    *("sample", "name", "ground truth", "label", "kind", "probability"),
    *("mean", "standard deviation", "95 % low", "95 % high", "shown"),
)


class SaliencyPage(NamedTuple):
    """The saliency page."""

    job: Data
    state: ViewState
    samples: list[Data]
    matching: int
    sorts: dict[Sort, str]
    kinds: list[Data]
    stds: list[Data]
    labels: list[Data]
    labels_found: int
    active: list[Data]
    before: Cursor | None
    after: Cursor | None
    zoom: Data | None

    def twin(self) -> Data:
        """The page as JSON."""
        return {
            "job": self.job,
            "matching": self.matching,
            "samples": self.samples,
            "kinds": self.kinds,
            "standard_deviations": self.stds,
            "labels": self.labels,
            "labels_found": self.labels_found,
            "zoom": self.zoom,
            "previous": self.before and self.state.page(before=self.before).href(),
            "next": self.after and self.state.page(after=self.after).href(),
        }

    def table(self) -> Iterator[list[Any]]:
        """Rows of the page as a table with `COLUMNS`."""
        for sample in self.samples:
            truth = sample["ground_truth"]
            for place, inference in enumerate(sample["inferences"]):
                spread = inference["uncertainty"] or {}
                yield [
                    sample["id"],
                    sample["name"],
                    None if truth is None else "; ".join(truth),
                    inference["label"],
                    inference["kind"],
                    inference["prob"],
                    *(spread.get(key) for key in ("mean", "std", "low", "high")),
                    int(place == sample["active"]),
                ]


def saliency_page(
    identifier: str, job: JobReader, state: ViewState, every_label: bool = True
) -> SaliencyPage:
    """Fetch all that the saliency page shows.

    Parameters
    ----------
    identifier, job, state
        What is shown.
    every_label
        Whether to describe the maps of all labels; else only of those whose maps are in sight.

    Raises
    ------
    BadQuery
        If the state names a label or zooms into a sample that the job does not have.
    """
    query = state.query(job.labels)
    info = job.info()
    page = job.page(query)
    picks = dict(state.picks)
    highest = job.highest_std()
    labels, labels_found = label_filters(job, state, query)
    by_uncertainty = highest is not None or query.by_uncertainty
    return SaliencyPage(
        job=job_data(identifier, info),
        state=state,
        samples=[
            sample_data(
                record,
                job.labels,
                info,
                active_label(record, query, picks.get(record.id)),
                state.look.strip,
                every_label,
            )
            for record in page.samples
        ],
        matching=page.matching,
        sorts={
            sort: name
            for sort, name in SORT_NAMES.items()
            if by_uncertainty or sort not in ("sd", "-sd")
        },
        kinds=kind_filters(state.kinds, lambda kind: job.count(replace(query, kinds=(kind,)))),
        stds=std_filters(job, state, query, highest),
        labels=labels,
        labels_found=labels_found,
        active=active_filters(job, state),
        before=page.before,
        after=page.after,
        zoom=zoom_data(job, info, state.zoom, query) if state.zoom else None,
    )


def one_sample(job: JobReader, state: ViewState) -> Data:
    """Fetch what the page shows of the one sample that is enlarged, with that label."""
    if state.zoom is None:
        raise BadQuery("`zoom` must name a sample and a label")
    zoom = zoom_data(job, job.info(), state.zoom, state.query(job.labels))
    return {"zoom": zoom, "stds": job.highest_std() is not None}
