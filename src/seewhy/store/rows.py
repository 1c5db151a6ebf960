"""Samples and maps as rows of the store's tables."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

import numpy as np

from seewhy.store.encode import encode_image, encode_map
from seewhy.store.sample_records import Kind, SaliencyMap, Sample, Uncertainty
from seewhy.store.score_records import Score, SummaryScore

Table = Literal[
    "sample",
    "image",
    "box",
    "inference",
    "map",
    "score",
    "sample_score",
    "uncertainty",
    "summary_score",
]

# "DO NOTHING" makes writing twice a no-op. "INSERT OR IGNORE" would, besides, swallow broken
# constraints and override the conflict clauses inside the triggers.
INSERTS: dict[Table, str] = {
    "sample": (
        "INSERT INTO sample "
        "(id, name, digest, width, height, ground_truth, max_prob, min_prob, kinds) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "image": "INSERT INTO image VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    "box": "INSERT INTO box VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    "inference": (
        "INSERT INTO inference (sample_id, label_id, prob, kind) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    ),
    "map": (
        "INSERT INTO map "
        "(sample_id, label_id, explainer_id, width, height, vmin, vmax, p99, png) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "score": "INSERT INTO score VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    "sample_score": "INSERT INTO sample_score VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    # Of a summary that grew, the last scores count; no trigger hangs on this table.
    "summary_score": (
        "INSERT OR REPLACE INTO summary_score (metric_id, explainer_id, label_id, value) "
        "VALUES (?, ?, ?, ?)"
    ),
    "uncertainty": (
        "UPDATE inference SET mean = ?, std = ?, low = ?, high = ? "
        "WHERE sample_id = ? AND label_id = ? AND std IS NULL"
    ),
}
KIND_BITS: dict[Kind | None, int] = {"TP": 1, "FN": 2, "FP": 4, None: 8}

# Activations in single precision overshoot 1 by a rounding error.
PROBABILITY_TOLERANCE = 1e-5


def sample_rows(sample: Sample, labels: int) -> dict[Table, list[tuple[Any, ...]]]:
    """Rows of a sample by table; `labels` is the number of classes."""
    number = int(sample.id)  # sqlite3 would store a NumPy integer as a blob
    inferences = [
        (number, _label(label, labels), _probability(prob), _kind(kind))
        for label, prob, kind, _ in sample.inferences
    ]
    uncertainties = [
        uncertainty_row(number, inference.label, inference.uncertainty, labels)
        for inference in sample.inferences
        if inference.uncertainty is not None
    ]
    boxes = [
        (number, position, None if label is None else _label(label, labels), *map(float, box))
        for position, (label, *box) in enumerate(sample.boxes)
    ]
    truth = sample.ground_truth
    probs = [row[2] for row in inferences]
    width, height = sample.image.size
    row = (
        number,
        sample.name,
        sample.digest,
        width,
        height,
        None if truth is None else json.dumps([_label(label, labels) for label in truth]),
        max(probs, default=0.0),
        min(probs, default=0.0),
        kind_mask(kind for _, _, _, kind in inferences),
    )
    return {
        "sample": [row],
        "image": [(number, *encode_image(sample.image))],
        "box": boxes,
        "inference": inferences,
        "uncertainty": uncertainties,
    }


def score_row(
    score: Score,
    labels: int,
    explainers: Mapping[str, tuple[int, bool]],
    metrics: Mapping[str, int],
) -> tuple[Table, tuple[Any, ...]]:
    """Turn a score into a row of its table; the mappings give the ids by name."""
    made_by = _made_by(score, explainers, metrics)
    row = (int(score.sample_id), float(score.value))
    if score.label is None:
        return "sample_score", (*made_by, *row)
    return "score", (*made_by, _label(score.label, labels), *row)


def summary_score_row(
    score: SummaryScore,
    labels: int,
    explainers: Mapping[str, tuple[int, bool]],
    metrics: Mapping[str, int],
) -> tuple[Any, ...]:
    """Turn a mean score into a row; the mappings give the ids by name."""
    label = None if score.label is None else _label(score.label, labels)
    return (*_made_by(score, explainers, metrics), label, float(score.value))


def _made_by(
    score: Score | SummaryScore,
    explainers: Mapping[str, tuple[int, bool]],
    metrics: Mapping[str, int],
) -> tuple[int, int]:
    for argument, name, known in (
        ("explainer", score.explainer, explainers),
        ("metric", score.metric, metrics),
    ):
        if name not in known:
            raise ValueError(f"`{argument}` must be one of {', '.join(known)}, got {name!r}")
    if not np.isfinite(score.value):
        raise ValueError(f"`value` must be finite, got {score.value}")
    return metrics[score.metric], explainers[score.explainer][0]


def uncertainty_row(
    sample_id: int, label: int, uncertainty: Uncertainty, labels: int
) -> tuple[Any, ...]:
    """Turn an uncertainty into the parameters of its statement; `labels` counts the classes."""
    values = [float(value) for value in uncertainty]
    if not np.isfinite(values).all():
        raise ValueError(f"`uncertainty` must be finite, got {uncertainty}")
    return (*values, int(sample_id), _label(label, labels))


def map_row(
    saliency: SaliencyMap, labels: int, explainers: Mapping[str, tuple[int, bool]], bits: int
) -> tuple[Any, ...]:
    """Turn a map into a row; `explainers` gives the id and signedness of each by name."""
    if saliency.explainer not in explainers:
        raise ValueError(
            f"`explainer` must be one of {', '.join(explainers)}, got {saliency.explainer!r}"
        )
    values = np.asarray(saliency.values)
    if not np.issubdtype(values.dtype, np.floating):
        raise TypeError(f"`values` must be floats, got dtype {values.dtype}")
    if values.ndim != 2 or not values.size:
        raise ValueError(f"`values` must have shape (h, w), got {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(
            f"`values` must be finite, got NaN or infinity in the {saliency.explainer} map "
            f"of sample {saliency.sample_id}, label {saliency.label}"
        )
    number, signed = explainers[saliency.explainer]
    p99 = float(np.percentile(np.abs(values) if signed else values, 99))
    png, vmin, vmax = encode_map(values, signed, bits)
    height, width = values.shape
    return (
        int(saliency.sample_id),
        _label(saliency.label, labels),
        number,
        width,
        height,
        vmin,
        vmax,
        p99,
        png,
    )


def kind_mask(kinds: Iterable[Kind | None]) -> int:
    """Kinds as the bits of `sample.kinds`."""
    mask = 0
    for kind in kinds:
        mask |= KIND_BITS[kind]
    return mask


def _label(label: int, labels: int) -> int:
    if not 0 <= label < labels:
        raise ValueError(f"`label` must be in 0..{labels - 1}, got {label}")
    return int(label)


def _probability(prob: float) -> float:
    if not -PROBABILITY_TOLERANCE <= prob <= 1 + PROBABILITY_TOLERANCE:
        raise ValueError(f"`prob` must be in [0, 1], got {prob}")
    return min(max(float(prob), 0.0), 1.0)


def _kind(kind: Kind | None) -> Kind | None:
    if kind is not None and kind not in get_args(Kind):
        raise ValueError(f"`kind` must be 'TP', 'FN', 'FP' or None, got {kind!r}")
    return kind


def check_job_name(job: str) -> None:
    """Raise unless `job` can be a file name everywhere."""
    if not isinstance(job, str):
        raise TypeError(f"`job` must be a str, got {type(job).__name__}")
    bad = set('/\\:*?"<>|')
    if (
        not job.strip()
        or job != job.strip()
        or job.startswith(".")
        or len(job.encode()) > 200
        or any(char in bad or unicodedata.category(char) in ("Cc", "Cs") for char in job)
    ):
        raise ValueError(
            '`job` must be a file name of at most 200 bytes without / \\ : * ? " < > | and '
            f"control characters, not starting with a dot or a blank, got {job!r}"
        )
