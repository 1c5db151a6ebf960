"""Several metrics on several explainers at once: what they ask alike is asked once."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from seewhy.benchmark.base import LabelAgnosticMetric, LabelSensitiveMetric, Metric, identity
from seewhy.benchmark.case import (
    Case,
    Subject,
    check_explainer,
    check_mask,
    check_saliency,
    check_targets,
)
from seewhy.benchmark.questions import Hearing, Judging, Scores
from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor


def evaluate_together(
    metrics: Sequence[Metric],
    explainers: Sequence[Explainer],
    inputs: Tensor,
    targets: Any,
    saliency: Mapping[str, Any] | None = None,
    mask: Any = None,
) -> dict[tuple[str, str], Scores]:
    """Score the explanations of several explainers by several metrics.

    The scores are those of `metric.evaluate(explainer, ...)`. A perturbed image that more than one
    of them wants goes through the network once, and all of them go in one stream; one whose maps
    are wanted for several labels or by several metrics is explained once by each explainer.

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
        missing are made, if a metric scores maps.
    mask
        Where the object of each label is: (N, L, H, W), or (N, 1, H, W) for all labels alike. A
        mask without a pixel means that nobody said. Needed by the metrics that say so.

    Returns
    -------
    float64 arrays by (metric name, explainer name): (N, L) of a `LabelSensitiveMetric`, (N,) of a
    `LabelAgnosticMetric`. NaN stands where a metric needs a mask and there is none, and nowhere
    else.

    Raises
    ------
    TypeError, ValueError
        As `evaluate` of the metrics; ValueError also if names repeat or networks differ.
    """
    _check_metrics(metrics)
    for name, things in (("metrics", metrics), ("explainers", explainers)):
        _check_distinct(name, [thing.name for thing in things])
    for explainer in explainers:
        if check_explainer(explainer).network is not explainers[0].network:
            raise ValueError("`explainers` must be of one network, got several")
    cases = _cases(metrics, explainers, inputs, targets, saliency or {}, mask)
    subjects = [Subject(e, e.network_with(identity), inputs) for e in explainers]
    made: dict[tuple[str, str], Scores] = {}
    for group in _same_activation(metrics):
        made.update(_scores(group, cases, subjects))
    return {(m.name, e.name): made[m.name, e.name] for m, e in product(metrics, explainers)}


def _cases(
    metrics: Sequence[Metric],
    explainers: Sequence[Explainer],
    inputs: Tensor,
    targets: Any,
    saliency: Mapping[str, Any],
    mask: Any,
) -> list[Case]:
    """Check the arguments; return a case for each explainer and place of a label."""
    ops = explainers[0].ops
    numbers = [metric.num_labels for metric in metrics if isinstance(metric, LabelSensitiveMetric)]
    ids = check_targets(inputs, targets, min(numbers, default=sys.maxsize), ops)
    masks = None if mask is None else check_mask(mask, inputs, ids.shape[1], ops)
    cases = []
    for explainer in explainers if numbers else ():
        maps = saliency.get(explainer.name)
        maps = explainer(inputs, ids, show=False) if maps is None else maps
        maps = check_saliency(maps, inputs, ids.shape[1], ops)
        network = explainer.network_with(identity)
        for column in range(ids.shape[1]):
            shown = None if masks is None else masks[:, column]
            cases.append(Case(explainer, network, inputs, ids[:, column], maps[:, column], shown))
    return cases


def _same_activation(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Metrics with the same `activation_fn` together: they can share answers."""
    groups: dict[int, list[Metric]] = {}
    for metric in metrics:
        groups.setdefault(id(metric.activation_fn), []).append(metric)
    return list(groups.values())


def _scores(
    metrics: Sequence[Metric], cases: Sequence[Case], subjects: Sequence[Subject]
) -> dict[tuple[str, str], Scores]:
    network = metrics[0].network_of(subjects[0].explainer)
    cases = [replace(case, network=network) for case in cases]
    subjects = [replace(subject, network=network) for subject in subjects]
    names, judgings = zip(*_judgings(metrics, cases, subjects), strict=True)

    def check(outputs: int) -> None:
        for metric in metrics:
            if isinstance(metric, LabelSensitiveMetric):
                metric.check_outputs(outputs)

    classes = np.unique(np.array([case.ids for case in cases], np.int64))
    made: dict[tuple[str, str], list[Scores]] = {}
    for pair, scores in zip(names, Hearing(network, classes, check).settle(judgings), strict=True):
        made.setdefault(pair, []).append(scores)
    agnostic = {metric.name for metric in metrics if isinstance(metric, LabelAgnosticMetric)}
    return {
        pair: scores[0] if pair[0] in agnostic else np.stack(scores, axis=1)
        for pair, scores in made.items()
    }


def _judgings(
    metrics: Sequence[Metric], cases: Sequence[Case], subjects: Sequence[Subject]
) -> Iterator[tuple[tuple[str, str], Judging]]:
    """Every metric's judging of every case or subject, with the names of the two."""
    for metric in metrics:
        if isinstance(metric, LabelAgnosticMetric):
            for subject in subjects:
                yield (metric.name, subject.explainer.name), metric.judge(subject)
        elif isinstance(metric, LabelSensitiveMetric):
            for case in cases:
                yield (metric.name, case.explainer.name), _judged_where_possible(metric, case)


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


def _check_metrics(metrics: Sequence[Any]) -> None:
    for metric in metrics:
        if not isinstance(metric, (LabelSensitiveMetric, LabelAgnosticMetric)):
            raise TypeError(f"`metrics` must hold metrics, got {type(metric).__name__}")


def _check_distinct(name: str, names: Sequence[str]) -> None:
    if not names:
        raise ValueError(f"`{name}` must hold at least one, got an empty sequence")
    for one in names:
        if names.count(one) > 1:
            raise ValueError(f"`{name}` must be of distinct names, got {one} twice")
