"""What every page says of its job, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple
from urllib.parse import quote

from seewhy.store import JobInfo, Kind

Data = dict[str, Any]

MEANINGS: dict[Kind, tuple[str, str]] = {
    "TP": ("True positive", "predicted, and in the ground truth"),
    "FN": ("False negative", "in the ground truth, but not predicted"),
    "FP": ("False positive", "predicted, but not in the ground truth"),
}


class Tab(NamedTuple):
    """A page of a job: its address below the job's, and its name."""

    address: str
    name: str


def tabs(info: JobInfo) -> list[Tab]:
    """Pages that a job has, its first page first."""
    scores = [Tab("assessment", "Scores")] if info.metrics else []
    if info.is_tabular:
        return [Tab("rows", "Rows"), Tab("importance", "Importance"), *scores]
    found = [Tab("saliency", "Saliency"), *scores]
    if has_counterfactuals(info):
        found.append(Tab("counterfactual", "Counterfactuals"))
    return found


def has_counterfactuals(info: JobInfo) -> bool:
    """Whether a job searches, or searched, for regions that decide predictions."""
    return info.hierarchical_occlusion is not None or info.counterfactuals[1] > 0


def job_data(identifier: str, info: JobInfo) -> Data:
    """Summary of a job, named after its file, which may have been copied or renamed."""
    *folders, name = (part.replace("~0", "~") for part in identifier.split("~1"))
    return {
        "id": identifier,
        "name": name,
        "kind": info.kind,
        "tabular": info.is_tabular,
        "folder": "/".join(folders),
        "state": info.state,
        "done": info.done,
        "total": info.total,
        "rate": info.rate,
        "remaining": info.remaining,
        "samples": info.samples,
        "labels": info.labels,
        "explainers": [
            {"name": explainer.name, "signed": explainer.signed, "params": explainer.params}
            for explainer in info.explainers
        ],
        "created": info.created,
        "updated": info.updated,
        "size": info.size,
        "revision": info.revision,
        "settings": dict(info.settings),
        "uncertainty": info.uncertainty and dict(info.uncertainty),
        "counterfactuals": info.hierarchical_occlusion
        and {"found": info.counterfactuals[0], "searched": info.counterfactuals[1]},
        "versions": dict(info.versions),
        "tabs": [tab._asdict() for tab in tabs(info)],
    }


def kind_filters(chosen: Collection[Kind], count: Callable[[Kind], int]) -> list[Data]:
    """TP, FN and FP with what each would leave, given all that is chosen but kinds."""
    return [
        {
            "kind": kind,
            "name": name,
            "meaning": meaning,
            "count": count(kind),
            "active": kind in chosen,
        }
        for kind, (name, meaning) in MEANINGS.items()
    ]


def segment(identifier: str) -> str:
    """A job's id as a segment of a URL."""
    return quote(identifier, safe="~")
