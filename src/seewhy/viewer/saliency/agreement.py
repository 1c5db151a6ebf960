"""How far the explainers agree on one label of one sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.store import JobReader, SampleRecord
from seewhy.viewer.job_data import Data

GRID = 28
"""Maps are compared at GRID x GRID points: fine enough for masks, coarse enough for gradients."""
WORDS = ((0.8, "strong"), (0.5, "moderate"), (0.2, "weak"), (-0.2, "none"), (-1.01, "opposite"))

Array = npt.NDArray[np.floating[Any]]


def agreement(job: JobReader, record: SampleRecord, label: int | None) -> Data | None:
    """Rank correlations of the maps of one label, pair by pair; None with less than two maps."""
    maps = {
        each.explainer: job.saliency(record.id, label, each.explainer)
        for each in record.maps
        if label is not None and each.label == label
    }
    if len(maps) < 2:
        return None
    names = list(maps)
    table = rank_correlations(maps)
    pairs = table[np.triu_indices(len(names), 1)]
    defined = pairs[np.isfinite(pairs)]
    mean = float(defined.mean()) if defined.size else None
    return {
        "explainers": names,
        "correlations": [[_cell(value) for value in row] for row in table],
        "mean": mean,
        "word": word(mean),
    }


def rank_correlations(maps: Mapping[str, Array]) -> npt.NDArray[np.float64]:
    """Spearman's rank correlation of every pair of maps (h, w), of any sizes.

    Each is resampled to one grid: finer maps by area, coarser ones bilinearly. Values count with
    their sign. Equal values share the mean of their ranks; a constant map gives NaN.
    """
    return correlate_ranks([_resampled(values) for values in maps.values()])


def correlate_ranks(said: Sequence[Array]) -> npt.NDArray[np.float64]:
    """Spearman's rank correlation of every pair of arrays of one size.

    Equal values share the mean of their ranks; an array of equal values gives NaN.
    """
    ranks = np.stack([_ranks(values) for values in said])
    centred = ranks - ranks.mean(1, keepdims=True)
    norms = np.sqrt((centred**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        table: npt.NDArray[np.float64] = centred @ centred.T / np.outer(norms, norms)
    return table


def word(correlation: float | None) -> str:
    """Say a correlation in a word."""
    if correlation is None:
        return "undefined"
    return next(name for lowest, name in WORDS if correlation >= lowest)


def _cell(value: float) -> Data | None:
    return {"value": float(value), "word": word(value)} if np.isfinite(value) else None


def _resampled(values: Array) -> Array:
    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((GRID, GRID), Image.Resampling.BILINEAR))


def _ranks(values: Array) -> npt.NDArray[np.float64]:
    _, place, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts - 1) / 2
    ranks: npt.NDArray[np.float64] = means[place.ravel()]
    return ranks
