"""The words of a plan."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

REQUIRED = ("network", "activation_fn", "data", "explainers")
OPTIONAL = (
    "summary_dir", "labels", "output", "threshold", "display", "names", "job", "batch_size",
    "benchmarkers", "uncertainty", "hierarchical_occlusion",
)  # fmt: skip
KEYS = REQUIRED + OPTIONAL

TABLE_REQUIRED = ("predictor", "data", "explainers")
TABLE_OPTIONAL = (
    "summary_dir", "labels", "ground_truth", "training", "columns", "feature_names",
    "categorical_names", "targets", "threshold", "names", "job", "batch_size", "benchmarkers",
)  # fmt: skip
TABLE_KEYS = TABLE_REQUIRED + TABLE_OPTIONAL


class PlanError(ValueError):
    """The file that describes the run is not as it must be."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Hint at the closest of the known words, or list them all."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known) or 'none'}"
