"""Whether a metric behaves as all metrics do."""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import Any

import numpy as np

from seewhy.benchmark import Cost, LabelAgnosticMetric, LabelSensitiveMetric, Metric
from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor
from seewhy.testing.demands import check_samples, demand, refuses
from seewhy.testing.scores import check_agnostic_scores, check_refusals, check_scores
from seewhy.testing.traces import state_of, unchanged


def check_metric(
    metric: Metric, explainer: Explainer, inputs: Tensor, *, rtol: float = 1e-3
) -> None:
    """Check that a metric behaves as all of `seewhy.benchmark` do.

    What it declares; scores of the right shape and type, in its range, the same at each call, for
    every form of the arguments, for any split of the batch, and together with other labels; scores
    and not NaN for constant maps; the network, the inputs and the random state as they were; the
    agreed errors; scores that add up.

    A metric that needs a mask gets one of the middle of the image.

    Parameters
    ----------
    metric
        Ready to evaluate explanations of the network; a stochastic one with a fixed seed. What it
        has aggregated stays as it is.
    explainer
        Of a network with the metric's number of labels, 2 or more; a stochastic one with a fixed
        seed.
    inputs
        Two or more inputs (N, C, H, W) of finite numbers.
    rtol
        What counts as equal where different ways must give the same numbers, as a share of the
        largest of them.

    Raises
    ------
    AssertionError
        If the metric behaves otherwise.
    TypeError
        If `metric` is no metric.
    ValueError
        If `inputs` holds fewer than two samples.
    """
    if not isinstance(metric, (LabelSensitiveMetric, LabelAgnosticMetric)):
        raise TypeError(f"`metric` must be a metric, got {type(metric).__name__}")
    check_samples(inputs)
    network = explainer._network
    before, pixels = state_of(network), explainer.ops.numpy(inputs)
    _check_declarations(metric, (int(inputs.shape[2]), int(inputs.shape[3])))
    if isinstance(metric, LabelSensitiveMetric):
        check_scores(metric, explainer, inputs, rtol)
    else:
        check_agnostic_scores(metric, explainer, inputs, rtol)
    unchanged(network, inputs, before, pixels, metric.name)
    if isinstance(metric, LabelSensitiveMetric):
        check_refusals(metric, explainer, inputs)
    nobody: Any = None
    refuses(TypeError, partial(metric.evaluate, nobody, inputs), f"{metric.name} on no explainer")
    unchanged(network, inputs, before, pixels, f"{metric.name}, after errors,")
    _check_aggregation(metric)


def _check_declarations(metric: Metric, size: tuple[int, int]) -> None:
    what = type(metric).__name__
    demand(bool(metric.name), f"{what}: `name` must not be empty")
    try:
        json.dumps(metric.parameters, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"{what}: `parameters` must be JSON values: {error}") from error
    low, high = metric.range
    demand(low < high, f"{what}: `range` must be (lowest, highest), got {(low, high)}")
    chance = metric.chance
    demand(
        chance is None or low <= chance <= high,
        f"{what}: `chance` must be in {(low, high)} or None, got {chance}",
    )
    flags = metric.higher_is_better, metric.needs_mask
    demand(
        all(isinstance(flag, bool) for flag in flags),
        f"{what}: `higher_is_better` and `needs_mask` must be bools, got {flags}",
    )
    cost = metric.cost(size)
    demand(
        isinstance(cost, Cost) and min(cost) >= 0,
        f"{what}: `cost` must be a Cost of no negative number, got {cost!r}",
    )


def _check_aggregation(metric: LabelSensitiveMetric | LabelAgnosticMetric) -> None:
    # `reset` gives the copy results of its own.
    metric = copy.copy(metric)
    metric.reset()
    labels = ([0, 1, 1],) if isinstance(metric, LabelSensitiveMetric) else ()
    metric.aggregate(np.array([0.25, 0.5, 0.75]), *labels)
    metric.aggregate(np.array([np.nan, 0.0, 1.0]), *labels)
    got = metric.performance
    demand(abs(got - 0.5) < 1e-9, f"{metric.name}: `performance` must be the mean, 0.5, got {got}")
    metric.reset()
    got = metric.performance
    demand(got == 0, f"{metric.name}: `performance` must be 0 after `reset`, got {got}")
