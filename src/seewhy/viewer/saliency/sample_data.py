"""A sample with its labels and maps, as plain data."""

from __future__ import annotations

from collections.abc import Sequence

from seewhy.store import (
    Inference,
    JobInfo,
    MapRecord,
    SampleQuery,
    SampleRecord,
)
from seewhy.viewer.job_data import Data
from seewhy.viewer.saliency.strip import with_strip

# Maps are stored in 256 steps; brightening them more shows steps, not values.
MAX_GAIN = 16.0


def sample_data(
    record: SampleRecord,
    labels: Sequence[str],
    info: JobInfo,
    active: int | None,
    strip: bool = False,
    every_label: bool = True,
) -> Data:
    """Describe a sample; `active` is the class index whose maps it shows, maybe in a strip.

    The maps of its other labels are left out unless `every_label` is given.
    """
    # The store never changes a row, so a picture is the same for as long as the store lives.
    version = f"?v={int(info.created * 1000):x}"
    inferences = [
        {
            "label": labels[inference.label],
            "index": inference.label,
            "prob": inference.prob,
            "kind": inference.kind,
            "uncertainty": inference.uncertainty and inference.uncertainty._asdict(),
            "maps": _maps(record, inference.label, info, version, strip)
            if every_label or inference.label == active
            else [],
        }
        for inference in record.inferences
    ]
    return {
        "id": record.id,
        "name": record.name,
        "width": record.width,
        "height": record.height,
        "ground_truth": record.ground_truth
        if record.ground_truth is None
        else [labels[label] for label in record.ground_truth],
        "boxes": [
            {
                "label": None if box.label is None else labels[box.label],
                **{key: getattr(box, key) for key in "xywh"},
            }
            for box in record.boxes
        ],
        "image": f"image/{record.id}.jpeg{version}",
        "thumbnail": f"thumbnail/{record.id}.jpeg{version}",
        "inferences": inferences,
        "active": next(
            (i for i, inference in enumerate(record.inferences) if inference.label == active), None
        ),
    }


def active_label(record: SampleRecord, query: SampleQuery, picked: int | None = None) -> int | None:
    """Which label a sample shows: the one picked, else the one that gave it its place."""
    if any(inference.label == picked for inference in record.inferences):
        return picked
    matching = [inference for inference in record.inferences if _matches(inference, query)]

    def place(inference: Inference) -> tuple[bool, float, int]:
        if query.by_uncertainty:
            std = inference.uncertainty and inference.uncertainty.std
            value = 0.0 if std is None else std
            return (std is None, -value if query.descending else value, inference.label)
        return (False, inference.prob * (1 if query.sort == "prob" else -1), inference.label)

    best = min(matching or record.inferences, key=place, default=None)
    return best.label if best else None


def _matches(inference: Inference, query: SampleQuery) -> bool:
    std = inference.uncertainty and inference.uncertainty.std
    return (
        (not query.labels or inference.label in query.labels)
        and (not query.kinds or inference.kind in query.kinds)
        and (query.min_std is None or (std is not None and std >= query.min_std))
    )


def _maps(record: SampleRecord, label: int, info: JobInfo, version: str, strip: bool) -> list[Data]:
    maps = []
    for explainer in info.explainers:
        row = [each for each in record.maps if each.explainer == explainer.name]
        found = next((each for each in row if each.label == label), None)
        maps.append(
            {"explainer": explainer.name, "signed": explainer.signed}
            | (_map(found, row, explainer.signed, version) if found else {"url": None})
        )
    return with_strip(maps, version) if strip else maps


def _map(record: MapRecord, row: Sequence[MapRecord], signed: bool, version: str) -> Data:
    gain, scales = _gain(record, signed), _row_scale(record, row, signed) if len(row) > 1 else None
    return {
        "url": f"map/{record.id}.png{version}",
        "id": record.id,
        "width": record.width,
        "height": record.height,
        "vmin": record.vmin,
        "vmax": record.vmax,
        "p99": record.p99,
        "gain": gain,
        "row": scales,
        "style": _style(gain, scales),
    }


def _style(gain: float, row: Data | None) -> str:
    """Tell the style sheet how the greys of a map become places on a colour scale."""
    style = f"--gain:{gain:.3g}"
    for name, scale in (row or {}).items():
        rest = 1 - scale["offset"]
        style += f";--{name}:{scale['gain'] / rest if rest > 0 else 0:.3g};--{name}-top:{rest:.3g}"
    return style


def _gain(record: MapRecord, signed: bool) -> float:
    """How much brighter a map gets when white is its 99th percentile instead of its maximum."""
    low = 0.0 if signed else record.vmin
    span = record.p99 - low
    if span <= 0:
        # Hardly a pixel is lit, or all are equally: nothing is hidden by the bright ones.
        return 1.0
    return min((record.vmax - low) / span, MAX_GAIN)


def _row_scale(record: MapRecord, row: Sequence[MapRecord], signed: bool) -> Data:
    """How the grey of a map becomes its place on the scale of its row: gain x grey + offset.

    `cut` is the scale that ends at the highest 99th percentile of the row, `full` the other.
    """
    low = 0.0 if signed else min(each.vmin for each in row)
    start = 0.0 if signed else record.vmin
    scales = {}
    for name in ("cut", "full"):
        highest = max(each.p99 if name == "cut" else each.vmax for each in row)
        top = max(each.vmax for each in row)
        # As with one map: where hardly a pixel is lit, and beyond what 256 steps can show.
        span = max(highest - low, (top - low) / MAX_GAIN) if highest > low else top - low
        gain, offset = (record.vmax - start, start - low) if span > 0 else (0.0, 0.0)
        scales[name] = {"gain": gain / (span or 1), "offset": min(offset / (span or 1), 1.0)}
    return scales
