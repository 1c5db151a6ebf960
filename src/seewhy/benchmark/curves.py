"""Probabilities of a label while pixels are replaced in the order of a saliency map."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.benchmark.case import Case
from seewhy.benchmark.questions import Indices, Question, Scores
from seewhy.network.protocol import Tensor
from seewhy.perturb.by_saliency import replaced
from seewhy.perturb.references import Reference, make_reference


@dataclass(frozen=True, eq=False)
class Curve:
    """Probabilities of a label along the steps of a perturbation.

    Attributes
    ----------
    share
        Share of the pixels (steps,) that is replaced or inserted, in 0..1.
    probability
        Of each sample's label, (N, steps).
    """

    share: Scores
    probability: Scores


def area(heights: Scores) -> Scores:
    """Area (N,) under curves (N, steps) over 0..1, by the trapezoid rule."""
    made: Scores = ((heights[:, 1:] + heights[:, :-1]) / 2).mean(1)
    return made


def band_edges(pixels: int, share: float, steps: int) -> list[int]:
    """Ranks between equal bands: 0 first, then one a step; ValueError if a band holds no pixel."""
    each = int(pixels * share / steps)
    if each == 0:
        raise ValueError(
            f"`steps` must leave at least one of the {pixels} pixels a step, got {steps}"
        )
    return [each * step for step in range(steps + 1)]


def ask_bands(
    case: Case,
    bands: Sequence[tuple[int, int]],
    reference: Reference,
    perturbation_per_eval: int,
) -> Question:
    """Ask for each sample's probability where the pixels of each band of ranks are replaced.

    Parameters
    ----------
    bands
        Pairs (low, high): pixels with low <= rank < high become those of the reference.

    Returns
    -------
    A question whose answer is (N * bands,), all bands of the first sample first.
    """
    ops, across = case.ops, len(bands)
    rank = ops.tensor(case.ranked[:, None].astype(np.float32), like=case.inputs)
    limits = np.array(bands, np.int64)
    made: list[Tensor] = []

    def make(index: Indices) -> Tensor:
        if not made:
            made.append(make_reference(reference, case.inputs, ops))
        return replaced(case.inputs, made[0], rank, index // across, limits[index % across], ops)

    keys = [
        _key(sample, order, band, pixels=case.ranked[0].size, reference=reference_key(reference))
        for sample, order in enumerate(case.orders)
        for band in bands
    ]
    at_once = case.network.batch_size(case.inputs, perturbation_per_eval)
    return Question(keys, make, np.repeat(case.ids, across), at_once)


def _key(
    sample: int, order: bytes, band: tuple[int, int], pixels: int, reference: Hashable
) -> Hashable:
    low, high = band
    if low >= high:
        return "original", sample
    if (low, high) == (0, pixels):
        return "reference", sample, reference
    return "replaced", sample, order, band, reference


def reference_key(reference: Reference) -> Hashable:
    """Return what equal references have in common, for the keys of questions."""
    if callable(reference):
        return "callable", id(reference)  # a callable need not be hashable
    if isinstance(reference, str):
        return reference
    return tuple(np.atleast_1d(np.asarray(reference, np.float64)).tolist())
