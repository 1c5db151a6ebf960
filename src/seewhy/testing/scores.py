"""Whether the scores of a metric are what they should be."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.benchmark import LabelAgnosticMetric, LabelSensitiveMetric, Metric, evaluate_together
from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor
from seewhy.testing.demands import demand, refuses, same, singles

Scores = npt.NDArray[np.float64]
Scoring = Callable[..., Scores]
"""Samples (n, C, H, W), targets and maps (n, 1, H, W) -> scores (n,)."""


def check_scores(
    metric: LabelSensitiveMetric, explainer: Explainer, inputs: Tensor, rtol: float
) -> None:
    """Check the scores of a label-sensitive metric, alone and together with another label's."""
    ops, samples, what = explainer.ops, int(inputs.shape[0]), metric.name
    score = _scoring(metric, explainer)
    ids = np.arange(samples) % min(samples, metric.num_labels)
    maps = _random_maps(inputs)
    scores = _checked(metric, score(inputs, ids, maps), samples)
    native = ops.tensor(maps, like=inputs)
    forms: dict[str, tuple[Any, Any]] = {
        "the same call again": (ids, maps),
        "a list of targets": (ids.tolist(), maps),
        "a tensor of targets": (ops.tensor(ids, like=inputs), maps),
        "a tensor of maps": (ids, native),
    }
    for form, (targets, given) in forms.items():
        same(score(inputs, targets, given), scores, f"{what} on {form}", rtol)
    alone = [score(part, int(ids[n]), maps[n : n + 1]) for n, part in enumerate(singles(inputs))]
    same(np.concatenate(alone), scores, f"{what} on a batch and its samples", rtol)
    own = explainer(inputs, ids, show=False)
    given = score(inputs, ids, own)
    same(score(inputs, ids, None), given, f"{what} on maps that it makes and that it gets", rtol)
    both = np.stack([ids, (ids + 1) % metric.num_labels], 1)
    each = [score(inputs, both[:, label], maps[::-1] if label else maps) for label in range(2)]
    together = evaluate_together(
        [metric],
        [explainer],
        inputs,
        both,
        {explainer.name: np.concatenate([maps, maps[::-1]], 1)},
        _middle(inputs) if metric.needs_mask else None,
    )[metric.name, explainer.name]
    same(together, np.stack(each, 1), f"{what} on one label and on two together", rtol)
    for value in (0.0, 1.0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _checked(metric, score(inputs, ids, np.full_like(maps, value)), samples)


def check_agnostic_scores(
    metric: LabelAgnosticMetric, explainer: Explainer, inputs: Tensor, rtol: float
) -> None:
    """Check the scores of a label-agnostic metric."""
    scores = _checked(metric, metric.evaluate(explainer, inputs), int(inputs.shape[0]))
    again = metric.evaluate(explainer, inputs)
    same(again, scores, f"{metric.name} on the same call again", rtol)
    alone = [metric.evaluate(explainer, part) for part in singles(inputs)]
    same(np.concatenate(alone), scores, f"{metric.name} on a batch and its samples", rtol)


def _checked(metric: Metric, scores: Any, samples: int) -> Scores:
    fits = isinstance(scores, np.ndarray) and scores.shape == (samples,)
    got = f"{scores.dtype} of {scores.shape}" if hasattr(scores, "dtype") else type(scores).__name__
    demand(
        fits and scores.dtype == np.float64,
        f"{metric.name} must return a float64 array ({samples},), got {got}",
    )
    low, high = metric.range
    # Logits and probabilities are float32: their rounding may lead over the edge.
    slack = 1e-5 * max(abs(edge) for edge in (low, high, 1.0) if np.isfinite(edge))
    demand(
        bool(((scores >= low - slack) & (scores <= high + slack)).all()),
        f"{metric.name} must be in {metric.range}, got {scores}",
    )
    return np.asarray(scores)


def check_refusals(metric: LabelSensitiveMetric, explainer: Explainer, inputs: Tensor) -> None:
    """Check that what users get wrong is refused with the agreed errors."""
    maps, score = _random_maps(inputs), _scoring(metric, explainer)
    nan = maps.copy()
    nan.flat[0] = np.nan
    classes = metric.num_labels
    wrong: list[tuple[type[Exception], str, tuple[Any, ...]]] = [
        (ValueError, "NaN in a map", (inputs, 0, nan)),
        (ValueError, "a map too few", (inputs, 0, maps[1:])),
        (ValueError, "maps of another size", (inputs, 0, maps[..., 1:])),
        (TypeError, "a list of maps", (inputs, 0, maps.tolist())),
        (ValueError, f"class {classes} of 0..{classes - 1}", (inputs, classes, maps)),
        (ValueError, "a negative class", (inputs, -1, maps)),
        (ValueError, "two classes a sample", (inputs, [[0, 1]] * len(maps), maps)),
        (TypeError, "a NumPy array of inputs", (explainer.ops.numpy(inputs), 0, maps)),
    ]
    for error, what, arguments in wrong:
        refuses(error, partial(score, *arguments), f"{metric.name} on {what}")


def _scoring(metric: LabelSensitiveMetric, explainer: Explainer) -> Scoring:
    def score(x: Any, targets: Any, maps: Any) -> Scores:
        evaluate: Callable[..., Scores] = partial(metric.evaluate, explainer, x, targets, maps)
        return evaluate(mask=_middle(x)) if metric.needs_mask else evaluate()

    return score


def _random_maps(inputs: Tensor) -> npt.NDArray[np.float32]:
    shape = (int(inputs.shape[0]), 1, *map(int, inputs.shape[2:]))
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def _middle(inputs: Any) -> npt.NDArray[np.bool_]:
    """Mask (N, 1, H, W) of the middle half along each axis."""
    samples, _, height, width = map(int, inputs.shape)
    mask = np.zeros((samples, 1, height, width), bool)
    mask[..., height // 4 : -(-3 * height // 4), width // 4 : -(-3 * width // 4)] = True
    return mask
