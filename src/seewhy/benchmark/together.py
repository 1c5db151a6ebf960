"""Several metrics on several explainers at once: what they ask alike is asked once."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from seewhy.benchmark.base import LabelSensitiveMetric, identity
from seewhy.benchmark.case import (
    Case,
    check_explainer,
    check_mask,
    check_saliency,
    check_targets,
)
from seewhy.benchmark.questions import Hearing, Judging, Scores
from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor


def evaluate_together(
    metrics: Sequence[LabelSensitiveMetric],
    explainers: Sequence[Explainer],
    inputs: Tensor,
    targets: Any,
    saliency: Mapping[str, Any] | None = None,
    mask: Any = None,
) -> dict[tuple[str, str], Scores]:
    """Score the explanations of several explainers by several metrics.

    The scores are those of `metric.evaluate(explainer, ...)`. A perturbed image that more than one
    of them wants goes through the network once, and all of them go in one stream.

    Parameters
    ----------
    metrics
        Of distinct names.
    explainers
        Of distinct names and of the same network.
    inputs
        Floating tensor (N, C, H, W).
    targets
        As for an explainer: the labels explained, one or L a sample.
    saliency
        Maps (N, L, H, W), a tensor or an array, by the name of the explainer; those that are
        missing are made.
    mask
        Where the object of each label is: (N, L, H, W), or (N, 1, H, W) for all labels alike. A
        mask without a pixel means that nobody said. Needed by the metrics that say so.

    Returns
    -------
    float64 arrays (N, L) by (metric name, explainer name). NaN stands where a metric needs a mask
    and there is none, and nowhere else.

    Raises
    ------
    TypeError, ValueError
        As `LabelSensitiveMetric.evaluate`; ValueError also if names repeat or networks differ.
    """
    for name, things in (("metrics", metrics), ("explainers", explainers)):
        _check_distinct(name, [thing.name for thing in things])
    for explainer in explainers:
        if check_explainer(explainer).network is not explainers[0].network:
            raise ValueError("`explainers` must be of one network, got several")
    ops = explainers[0].ops
    ids = check_targets(inputs, targets, min(metric.num_labels for metric in metrics), ops)
    masks = None if mask is None else check_mask(mask, inputs, ids.shape[1], ops)
    cases = []
    for explainer in explainers:
        maps = (saliency or {}).get(explainer.name)
        maps = explainer(inputs, ids, show=False) if maps is None else maps
        maps = check_saliency(maps, inputs, ids.shape[1], ops)
        network = explainer.network_with(identity)
        for column in range(ids.shape[1]):
            shown = None if masks is None else masks[:, column]
            cases.append(Case(explainer, network, inputs, ids[:, column], maps[:, column], shown))
    made: dict[tuple[str, str], Scores] = {}
    for group in _same_activation(metrics):
        made.update(_scores(group, cases))
    return made


def _same_activation(
    metrics: Sequence[LabelSensitiveMetric],
) -> list[list[LabelSensitiveMetric]]:
    """Metrics with the same `activation_fn` together: they can share answers."""
    groups: dict[int, list[LabelSensitiveMetric]] = {}
    for metric in metrics:
        groups.setdefault(id(metric.activation_fn), []).append(metric)
    return list(groups.values())


def _scores(
    metrics: Sequence[LabelSensitiveMetric], cases: Sequence[Case]
) -> dict[tuple[str, str], Scores]:
    network = metrics[0].network_of(cases[0].explainer)
    cases = [replace(case, network=network) for case in cases]
    pairs = list(product(metrics, cases))

    def check(outputs: int) -> None:
        for metric in metrics:
            metric.check_outputs(outputs)

    hearing = Hearing(network, np.unique([case.ids for case in cases]), check)
    settled = hearing.settle([_judged_where_possible(metric, case) for metric, case in pairs])
    made: dict[tuple[str, str], list[Scores]] = {}
    for (metric, case), scores in zip(pairs, settled, strict=True):
        made.setdefault((metric.name, case.explainer.name), []).append(scores)
    return {names: np.stack(scores, axis=1) for names, scores in made.items()}


def _judged_where_possible(metric: LabelSensitiveMetric, case: Case) -> Judging:
    """Judge the samples for which the metric has the mask it needs; NaN for the others."""
    if not metric.needs_mask:
        return metric.judge(case)
    scores = np.full(len(case), np.nan)
    known = None if case.masks is None else np.flatnonzero(case.masks.any((1, 2)))
    if known is not None and len(known):
        judged = metric.judge(case.part(known))
        if isinstance(judged, Generator):
            raise TypeError(f"{metric.name} needs a mask and asks the network")
        scores[known] = judged
    return scores


def _check_distinct(name: str, names: Sequence[str]) -> None:
    if not names:
        raise ValueError(f"`{name}` must hold at least one, got an empty sequence")
    for one in names:
        if names.count(one) > 1:
            raise ValueError(f"`{name}` must be of distinct names, got {one} twice")
