"""Faithfulness: whether the probability follows the pixels that the map calls important."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.base import LabelSensitiveMetric, Scores
from seewhy.explainer import Explainer
from seewhy.explainer.perturbation import check_positive_int
from seewhy.network.protocol import Activation, Network, Tensor
from seewhy.perturb.by_saliency import default_steps, ranks, replaced_bands
from seewhy.perturb.references import Reference, check_reference, make_reference

METRICS = ("NaiveFaithfulness", "DeletionAUC", "InsertionAUC")
NEUTRAL = {"NaiveFaithfulness": 0.5, "DeletionAUC": 0.0, "InsertionAUC": 0.5}
UNDEFINED = {
    "NaiveFaithfulness": "the probability does not move",
    "DeletionAUC": "the probability is 0 before anything is deleted",
    "InsertionAUC": "",
}
RANGE = {
    "NaiveFaithfulness": (0.0, 1.0),
    "DeletionAUC": (-np.inf, 1.0),
    "InsertionAUC": (0.0, 1.0),
}


class Faithfulness(LabelSensitiveMetric):
    """Three measures of how the probability p of a label follows a saliency map.

    The pixels are ranked by the map and the top `share` of them is split into equal bands, one a
    step. Higher is better for all three.

    - `"NaiveFaithfulness"`: each band is replaced by itself. With s the mean saliency of a band
      and p the probability without it, the score is (1 - r) / 2, where r is the correlation of s
      and p over the bands; in 0..1. A map that has nothing to do with p scores about 0.5.
    - `"DeletionAUC"`: bands are replaced one after another, the most important first. The score
      is the area under the drop p(x) - p over the share of steps, by the trapezoid rule, divided
      by p(x); at most 1, negative where p rises.
    - `"InsertionAUC"`: bands are put into the reference image one after another, the most
      important first. With A the area under the gain p - p(reference), by the trapezoid rule, the
      score is (1 + A) / 2; in 0..1.

    A constant map ranks nothing: it gets the neutral score (0.5, 0 and 0.5) with a warning. So does
    a probability that never moves (`NaiveFaithfulness`) or is 0 from the start (`DeletionAUC`).

    Cost: one forward for each step and one or two more.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    metric
        One of the three.
    share
        Share of the pixels that is replaced or inserted, in (0, 1].
    steps
        Number of bands; by default the whole part of the square root of H * W.
    reference
        What replaces a pixel. See `seewhy.perturb.references.make_reference`.
    perturbation_per_eval
        Perturbed inputs that go through the network together, at the most.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Petsiuk, Das, Saenko: RISE. BMVC 2018, arXiv:1806.07421 (deletion and insertion). Alvarez-Melis,
    Jaakkola: Towards Robust Interpretability with Self-Explaining Neural Networks. NeurIPS 2018,
    arXiv:1806.07538 (faithfulness as a correlation).
    """

    def __init__(
        self,
        num_labels: int,
        activation_fn: Activation,
        metric: Literal["NaiveFaithfulness", "DeletionAUC", "InsertionAUC"] = "NaiveFaithfulness",
        *,
        share: float = 0.5,
        steps: int | None = None,
        reference: Reference = 0.0,
        perturbation_per_eval: int = 32,
    ) -> None:
        super().__init__(num_labels)
        if not callable(activation_fn):
            raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")
        if not isinstance(metric, str):
            raise TypeError(f"`metric` must be a string, got {type(metric).__name__}")
        if metric not in METRICS:
            raise ValueError(f"`metric` must be one of {', '.join(METRICS)}, got {metric!r}")
        if isinstance(share, bool) or not isinstance(share, (int, float)):
            raise TypeError(f"`share` must be a number in (0, 1], got {type(share).__name__}")
        if not 0 < share <= 1:
            raise ValueError(f"`share` must be in (0, 1], got {share}")
        if steps is not None:
            check_positive_int("steps", steps)
        check_positive_int("perturbation_per_eval", perturbation_per_eval)
        check_reference(reference)
        self._activation_fn = activation_fn
        self.metric = metric
        self.share = float(share)
        self.steps = steps
        self.reference = reference
        self.perturbation_per_eval = perturbation_per_eval

    @property
    def parameters(self) -> dict[str, Any]:
        """See `LabelSensitiveMetric`."""
        reference = self.reference if isinstance(self.reference, (int, float, str)) else "custom"
        return {
            "metric": self.metric,
            "share": self.share,
            "steps": self.steps,
            "reference": reference,
        }

    @property
    def range(self) -> tuple[float, float]:
        """See `LabelSensitiveMetric`."""
        return RANGE[self.metric]

    def evaluate(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any = None
    ) -> Scores:
        """See `LabelSensitiveMetric`."""
        ids, maps = self._prepare(explainer, inputs, targets, saliency)
        network = explainer.network_with(self._activation_fn)
        score = {
            "NaiveFaithfulness": self._correlation,
            "DeletionAUC": self._deletion,
            "InsertionAUC": self._insertion,
        }[self.metric]
        scores = score(network, inputs, ids, maps)
        constant = np.ptp(maps, axis=(1, 2)) == 0
        neutral = NEUTRAL[self.metric]
        _warn(constant, neutral, "the saliency map is constant")
        _warn(np.isnan(scores) & ~constant, neutral, UNDEFINED[self.metric])
        return np.where(constant | np.isnan(scores), neutral, scores)

    def _correlation(
        self, network: Network, x: Tensor, ids: npt.NDArray[np.int64], maps: Scores
    ) -> Scores:
        edges = self._edges(maps[0].size)
        ranked = ranks(maps)
        bands = list(pairwise(edges))
        p = self._curve(network, x, ids, ranked, bands)
        order = np.argsort(ranked.reshape(len(maps), -1), axis=1)
        values = np.take_along_axis(maps.reshape(len(maps), -1), order, axis=1)
        means = values[:, : edges[-1]].reshape(len(maps), len(bands), -1).mean(2)
        s, p = means - means.mean(1, keepdims=True), p - p.mean(1, keepdims=True)
        norm = np.sqrt((s**2).sum(1) * (p**2).sum(1))
        flat = norm <= 1e-12 * np.maximum(1e-12, np.abs(means).max(1))
        r = (s * p).sum(1) / np.where(flat, np.nan, norm)
        normalised: Scores = (1 - r) / 2
        return normalised

    def _deletion(
        self, network: Network, x: Tensor, ids: npt.NDArray[np.int64], maps: Scores
    ) -> Scores:
        bands = [(0, edge) for edge in self._edges(maps[0].size)]
        p = self._curve(network, x, ids, ranks(maps), bands)
        share: Scores = _area(p[:, :1] - p) / np.where(p[:, 0] == 0, np.nan, p[:, 0])
        return share

    def _insertion(
        self, network: Network, x: Tensor, ids: npt.NDArray[np.int64], maps: Scores
    ) -> Scores:
        pixels = maps[0].size
        bands = [(edge, pixels) for edge in self._edges(pixels)]
        p = self._curve(network, x, ids, ranks(maps), bands)
        return (1 + _area(p - p[:, :1])) / 2

    def _edges(self, pixels: int) -> list[int]:
        """Ranks between the bands: 0 first, then one a step."""
        steps = self.steps or default_steps(pixels)
        each = int(pixels * self.share / steps)
        if each == 0:
            raise ValueError(
                f"`steps` must leave at least one of the {pixels} pixels a step, got {steps}"
            )
        return [each * step for step in range(steps + 1)]

    def _curve(
        self,
        network: Network,
        x: Tensor,
        ids: npt.NDArray[np.int64],
        ranked: npt.NDArray[np.int64],
        bands: list[tuple[int, int]],
    ) -> Scores:
        """Probability (N, bands) of each sample's label where a band is replaced."""
        reference = make_reference(self.reference, x, network.ops)
        limit = network.batch_size(x, self.perturbation_per_eval)
        made = replaced_bands(network, x, reference, ranked, bands, max(1, limit // len(ids)))
        self._check_outputs(made[0])
        rows = network.ops.numpy(made).astype(np.float64)
        return np.take_along_axis(rows, ids[:, None, None], axis=2)[..., 0]


def _area(curve: Scores) -> Scores:
    """Area (N,) under curves (N, steps + 1) over 0..1, by the trapezoid rule."""
    area: Scores = ((curve[:, 1:] + curve[:, :-1]) / 2).mean(1)
    return area


def _warn(where: npt.NDArray[np.bool_], neutral: float, why: str) -> None:
    if where.any():
        warnings.warn(f"neutral score {neutral} for {where.sum()} samples: {why}", stacklevel=3)
