"""The sample that the counterfactual page shows, with the search for one of its labels."""

from __future__ import annotations

from typing import NamedTuple

from seewhy.store import CounterfactualRecord, JobInfo, JobReader, SampleRecord
from seewhy.viewer.counterfactual.curve import Curve, make_curve
from seewhy.viewer.counterfactual.search import frames, tree
from seewhy.viewer.counterfactual.state import CounterfactualState
from seewhy.viewer.counterfactual.words import drawn_in_words, mask_in_words, reason_in_words
from seewhy.viewer.job_data import Data
from seewhy.viewer.query_string import BadQuery


class Shown(NamedTuple):
    """What is shown of a sample.

    Attributes
    ----------
    sample : Data
        The sample with its labels.
    target : Data
        The label that is shown.
    search : Data or None
        What was searched for it; None: not searched (yet).
    frames : list of Data
        Every moment of the search; empty without a region.
    tree : list of Data
        Its steps as nested lists.
    at : int
        Which moment is shown.
    curve : Curve or None
        What the network said at each moment; None without a region.
    """

    sample: Data
    target: Data
    search: Data | None
    frames: list[Data]
    tree: list[Data]
    at: int
    curve: Curve | None

    def twin(self) -> Data:
        """The same as JSON; the curve only draws it."""
        return {key: value for key, value in self._asdict().items() if key != "curve"}


def shown(
    job: JobReader, info: JobInfo, state: CounterfactualState, number: int, label: int | None
) -> Shown:
    """Fetch what is shown of a sample.

    Parameters
    ----------
    label
        The label that gives the sample its place in the list, shown unless the state names one.

    Raises
    ------
    BadQuery
        If the job has no such sample, or the sample not the label or the moment.
    """
    try:
        record = job.sample(number)
    except KeyError:
        raise BadQuery(f"this job has no sample {number}") from None
    searches = {one.label: one for one in job.counterfactuals([number])}
    target = _target(record, state, label, searches)
    found = searches.get(target)
    moments = frames(found) if found is not None and found.region is not None else []
    sample = _sample(record, job, info, searches)
    return Shown(
        sample=sample,
        target=next(one for one in sample["inferences"] if one["index"] == target),
        search=found and _search(found, info),
        frames=moments,
        tree=tree(moments),
        at=_moment(moments, state),
        curve=make_curve(found, moments) if found is not None and moments else None,
    )


def version(info: JobInfo) -> str:
    """What makes the address of a picture that of this store: rows of a store never change."""
    return f"?v={int(info.created * 1000):x}"


def _target(
    record: SampleRecord,
    state: CounterfactualState,
    label: int | None,
    searches: dict[int, CounterfactualRecord],
) -> int:
    labels = [inference.label for inference in record.inferences]
    if state.target is not None:
        if state.target not in labels:
            raise BadQuery(f"sample {record.id} has no label {state.target}")
        return state.target
    if label is not None:
        return label
    if not labels:
        raise BadQuery(f"sample {record.id} has no labels")
    found = [one for one in labels if one in searches and searches[one].reason is None]
    return (found or labels)[0]


def _moment(moments: list[Data], state: CounterfactualState) -> int:
    wanted: tuple[str, int]
    if state.step is not None:
        wanted = ("step", state.step) if state.step else ("start", 0)
    elif state.layer is not None:
        wanted = ("layer", state.layer)
    else:
        return max(len(moments) - 1, 0)
    for at, frame in enumerate(moments):
        if (frame["kind"], frame["number"]) == wanted:
            return at
    raise BadQuery(f"this search has no {wanted[0]} {wanted[1]}")


def _sample(
    record: SampleRecord, job: JobReader, info: JobInfo, searches: dict[int, CounterfactualRecord]
) -> Data:
    return {
        "id": record.id,
        "name": record.name,
        "width": record.width,
        "height": record.height,
        "ground_truth": record.ground_truth
        if record.ground_truth is None
        else [job.labels[label] for label in record.ground_truth],
        "image": f"image/{record.id}.jpeg{version(info)}",
        "covered": f"covered/{record.id}.jpeg{version(info)}",
        "inferences": [
            {
                "label": job.labels[inference.label],
                "index": inference.label,
                "prob": inference.prob,
                "kind": inference.kind,
                "uncertainty": inference.uncertainty and inference.uncertainty._asdict(),
                "searched": inference.label in searches,
                "area": _area(searches.get(inference.label)),
            }
            for inference in record.inferences
        ],
    }


def _area(search: CounterfactualRecord | None) -> float | None:
    return search.region.area if search and search.region else None


def _search(record: CounterfactualRecord, info: JobInfo) -> Data:
    settings = info.hierarchical_occlusion or {}
    return {
        "direction": record.direction,
        "mask": record.mask,
        "mask_in_words": mask_in_words(record.mask),
        "drawn_in_words": drawn_in_words(record.mask),
        "width": record.width,
        "height": record.height,
        "output": record.output,
        "target": record.target,
        "relative": bool(settings.get("relative")),
        "reason": record.reason,
        "reason_in_words": None if record.reason is None else reason_in_words(record),
        "region": record.region and record.region._asdict(),
        "images": record.images,
    }
