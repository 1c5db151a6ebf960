"""Rows of data and attributions as rows of the store's tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.store.rows import INSERTS, kind_mask
from seewhy.store.tabular_records import Attribution, FeatureInfo, TabularRow

STATEMENTS: dict[str, str] = {
    "sample": (
        "INSERT INTO sample "
        "(id, name, digest, width, height, ground_truth, max_prob, min_prob, kinds) "
        "VALUES (?, ?, ?, 0, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "inference": INSERTS["inference"],
    "tabular_row": (
        "INSERT INTO tabular_row (sample_id, features, outputs, truth) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    ),
    "attribution": (
        "INSERT INTO attribution "
        "(sample_id, label_id, explainer_id, base, output, fit, weights) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "rule": (
        "INSERT INTO rule (sample_id, label_id, explainer_id, position, feature_id, description, "
        "weight) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    ),
    "score": INSERTS["score"],
}


def row_rows(
    row: TabularRow, num_features: int, num_labels: int, regression: bool
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of a row of data by table."""
    number = int(row.id)  # sqlite3 would store a NumPy integer as a blob
    features = numbers("features", row.features, num_features)
    outputs = numbers("outputs", row.outputs, num_labels)
    truth = row.truth
    ground_truth = None
    if not regression and truth is not None:
        ground_truth, truth = json.dumps([check_label(int(truth), num_labels)]), None
    inferences = [
        (number, check_label(label, num_labels), float(prob), kind)
        for label, prob, kind, _ in row.inferences
    ]
    probs = [row[2] for row in inferences]
    sample = (
        number,
        row.name,
        row.digest,
        ground_truth,
        max(probs, default=0.0),
        min(probs, default=0.0),
        kind_mask(kind for *_, kind in inferences),
    )
    cells = (number, features, outputs, None if truth is None else float(truth))
    return {"sample": [sample], "inference": inferences, "tabular_row": [cells]}


def attribution_rows(
    found: Attribution, num_features: int, num_labels: int, explainers: Mapping[str, Any]
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of an attribution by table; `explainers` gives the id of each by name, first."""
    if found.explainer not in explainers:
        raise ValueError(
            f"`explainer` must be one of {', '.join(explainers)}, got {found.explainer!r}"
        )
    finite = (found.base, found.output, found.fit or 0.0, *(rule.weight for rule in found.rules))
    if not np.isfinite(finite).all():
        raise ValueError(
            f"`attribution` must be finite, got NaN or infinity for row {found.row_id}, "
            f"label {found.label}, {found.explainer}"
        )
    key = (int(found.row_id), check_label(found.label, num_labels), explainers[found.explainer][0])
    # What rules say is not said twice.
    weights = None if found.rules else numbers("values", found.values, num_features)
    fit = None if found.fit is None else float(found.fit)
    rules = [
        (*key, position, int(rule.feature), rule.description, float(rule.weight))
        for position, rule in enumerate(found.rules)
    ]
    attribution = (*key, float(found.base), float(found.output), fit, weights)
    return {"attribution": [attribution], "rule": rules}


def numbers(name: str, values: npt.NDArray[Any], length: int) -> str:
    """JSON of finite numbers (length,), exact to the last digit."""
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,):
        raise ValueError(f"`{name}` must have shape ({length},), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite, got NaN or infinity")
    return json.dumps(array.tolist())


def check_label(label: int, num_labels: int) -> int:
    """Return the label as an int; ValueError if there is none of that number."""
    if not 0 <= label < num_labels:
        raise ValueError(f"`label` must be in 0..{num_labels - 1}, got {label}")
    return int(label)


def feature_row(number: int, feature: FeatureInfo) -> tuple[int, str, str | None]:
    """Turn a feature into a row of its table."""
    names = feature.categories
    plain = None if names is None else {str(int(code)): str(name) for code, name in names.items()}
    return number, feature.name, None if plain is None else json.dumps(plain)


def read_categories(text: str | None) -> dict[int, str] | None:
    """Undo what `feature_row` makes of categories."""
    if text is None:
        return None
    return {int(code): name for code, name in json.loads(text).items()}
