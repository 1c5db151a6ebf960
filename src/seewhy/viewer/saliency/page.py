"""What the saliency page shows, as plain data: templates draw it, and the JSON twin is it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seewhy.store import (
    KINDS,
    Cursor,
    Inference,
    JobInfo,
    JobReader,
    Kind,
    MapRecord,
    SampleQuery,
    SampleRecord,
)
from seewhy.viewer.job_data import MEANINGS, Data, job_data
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.saliency.state import ViewState

LISTED_LABELS = 40
# Maps are stored in 256 steps; brightening them more shows steps, not values.
MAX_GAIN = 16.0


class SaliencyPage(NamedTuple):
    """The saliency page."""

    job: Data
    state: ViewState
    samples: list[Data]
    matching: int
    kinds: list[Data]
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
            "labels": self.labels,
            "previous": self.before and self.state.page(before=self.before).href(),
            "next": self.after and self.state.page(after=self.after).href(),
        }


def saliency_page(identifier: str, job: JobReader, state: ViewState) -> SaliencyPage:
    """Fetch all that the saliency page shows.

    Raises
    ------
    BadQuery
        If the state names a label or zooms into a sample that the job does not have.
    """
    query = state.query(job.labels)
    info = job.info()
    page = job.page(query)
    samples = [_sample(record, job, info, state, query) for record in page.samples]
    zoom = None
    if state.zoom:
        try:
            record = job.sample(state.zoom[0])
        except KeyError:
            raise BadQuery(f"this job has no sample {state.zoom[0]}") from None
        zoom = _sample(record, job, info, ViewState(picks=(state.zoom,)), SampleQuery())
        zoom |= _neighbours(state.zoom[0], samples)
    labels, labels_found = _label_filters(job, state)
    return SaliencyPage(
        job=job_data(identifier, info),
        state=state,
        samples=samples,
        matching=page.matching,
        kinds=_kind_filters(job, state, query),
        labels=labels,
        labels_found=labels_found,
        active=_active_filters(job, state),
        before=page.before,
        after=page.after,
        zoom=zoom,
    )


def _sample(
    record: SampleRecord, job: JobReader, info: JobInfo, state: ViewState, query: SampleQuery
) -> Data:
    # The store never changes a row, so a picture is the same for as long as the store lives.
    version = f"?v={int(info.created * 1000):x}"
    maps: dict[tuple[int, str], MapRecord] = {(m.label, m.explainer): m for m in record.maps}
    inferences = [
        {
            "label": job.labels[inference.label],
            "index": inference.label,
            "prob": inference.prob,
            "kind": inference.kind,
            "uncertainty": inference.uncertainty and inference.uncertainty._asdict(),
            "maps": [
                _map(maps[key], explainer.signed, version)
                | {"explainer": key[1], "signed": explainer.signed}
                if (key := (inference.label, explainer.name)) in maps
                else {"explainer": explainer.name, "signed": explainer.signed, "url": None}
                for explainer in info.explainers
            ],
        }
        for inference in record.inferences
    ]
    active = _active_label(record, state, query)
    return {
        "id": record.id,
        "name": record.name,
        "width": record.width,
        "height": record.height,
        "ground_truth": record.ground_truth
        if record.ground_truth is None
        else [job.labels[label] for label in record.ground_truth],
        "boxes": [
            {
                "label": None if box.label is None else job.labels[box.label],
                **{key: getattr(box, key) for key in "xywh"},
            }
            for box in record.boxes
        ],
        "image": f"image/{record.id}.jpeg{version}",
        "thumbnail": f"thumbnail/{record.id}.jpeg{version}",
        "inferences": inferences,
        "active": next(
            (i for i, inference in enumerate(inferences) if inference["index"] == active), None
        ),
    }


def _map(record: MapRecord, signed: bool, version: str) -> Data:
    return {
        "url": f"map/{record.id}.png{version}",
        "width": record.width,
        "height": record.height,
        "vmin": record.vmin,
        "vmax": record.vmax,
        "p99": record.p99,
        "gain": _gain(record, signed),
    }


def _gain(record: MapRecord, signed: bool) -> float:
    """How much brighter a map gets when white is its 99th percentile instead of its maximum."""
    low = 0.0 if signed else record.vmin
    span = record.p99 - low
    if span <= 0:
        # Hardly a pixel is lit, or all are equally: nothing is hidden by the bright ones.
        return 1.0
    return min((record.vmax - low) / span, MAX_GAIN)


def _active_label(record: SampleRecord, state: ViewState, query: SampleQuery) -> int | None:
    """Which label a sample shows: the one picked, else the one that gave it its place."""
    picked = dict(state.picks).get(record.id)
    if any(inference.label == picked for inference in record.inferences):
        return picked
    matching = [
        inference
        for inference in record.inferences
        if (not query.labels or inference.label in query.labels)
        and (not query.kinds or inference.kind in query.kinds)
    ]

    def place(inference: Inference) -> tuple[float, int]:
        return (inference.prob if query.sort == "prob" else -inference.prob, inference.label)

    best = min(matching or record.inferences, key=place, default=None)
    return best.label if best else None


def _neighbours(sample_id: int, samples: Sequence[Data]) -> Data:
    """The samples before and after one on the page, with the label that they show."""
    ids = [sample["id"] for sample in samples]
    if sample_id not in ids:
        return {"previous": None, "next": None}
    at = ids.index(sample_id)

    def link(place: int) -> tuple[int, int] | None:
        if not 0 <= place < len(samples) or samples[place]["active"] is None:
            return None
        sample = samples[place]
        return sample["id"], sample["inferences"][sample["active"]]["index"]

    return {"previous": link(at - 1), "next": link(at + 1)}


def _kind_filters(job: JobReader, state: ViewState, query: SampleQuery) -> list[Data]:
    """TP, FN and FP with the number of samples each would leave, given the labels chosen."""
    return [
        {
            "kind": kind,
            "name": MEANINGS[kind][0],
            "meaning": MEANINGS[kind][1],
            "count": job.count(SampleQuery(query.labels, (kind,))),
            "active": kind in state.kinds,
        }
        for kind in KINDS
    ]


def _label_filters(job: JobReader, state: ViewState) -> tuple[list[Data], int]:
    """The most frequent labels among the kinds chosen, and how many there are in all."""
    wanted = state.find.casefold()
    counts = job.counts()
    found: list[Data] = []
    for index, name in enumerate(job.labels):
        count = _number(counts.get(index, {}), state)
        active = name in state.labels
        if active or (index in counts and wanted in name.casefold()):
            found.append({"label": name, "count": count, "active": active})
    found.sort(key=lambda row: (not row["active"], -row["count"], row["label"]))
    return found[: max(LISTED_LABELS, len(state.labels))], len(found)


def _number(counts: Mapping[Kind | None, int], state: ViewState) -> int:
    return sum(n for kind, n in counts.items() if not state.kinds or kind in state.kinds)


def _active_filters(job: JobReader, state: ViewState) -> list[Data]:
    """Each filter in force, with the state and the number of samples that it hides others from."""
    steps: list[tuple[str, Kind | None, ViewState]]
    steps = [(label, None, state.toggle_label(label)) for label in state.labels]
    steps += [(kind, kind, state.toggle_kind(kind)) for kind in state.kinds]
    return [
        {
            "name": name,
            "kind": kind,
            "without": without,
            "count": job.count(without.query(job.labels)),
        }
        for name, kind, without in steps
    ]
