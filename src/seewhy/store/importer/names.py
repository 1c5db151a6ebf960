"""Names of a summary as a store takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seewhy.store.export.messages import Benchmark, Explain
from seewhy.store.export.names import LOWER, distinct
from seewhy.store.job_records import ExplainerInfo, MetricInfo


class Names(NamedTuple):
    """All names of a summary, and its scores.

    Attributes
    ----------
    labels : tuple of str
        By label id, distinct.
    renamed : int
        Labels whose name was blank or not distinct.
    explainers : tuple of ExplainerInfo
        Those that have scores alone are baselines.
    metrics : mapping of str to MetricInfo
        By the names that the summary uses.
    benchmarks : mapping of (str, str) to Benchmark
        The last one of each explainer and metric.
    events : int
        How many there are.
    uncertain, searched : bool
        Whether some sample has uncertainties, or counterfactuals.
    """

    labels: tuple[str, ...]
    renamed: int
    explainers: tuple[ExplainerInfo, ...]
    metrics: dict[str, MetricInfo]
    benchmarks: dict[tuple[str, str], Benchmark]
    events: int
    uncertain: bool
    searched: bool


def collect_names(events: Iterable[Explain]) -> Names:
    """Read all events for their names and scores.

    Raises
    ------
    ValueError
        If there are no names of labels.
    """
    labels: list[str] = []
    named: dict[str, None] = {}
    mapped: dict[str, None] = {}
    scored: dict[str, None] = {}
    metrics: dict[str, None] = {}
    benchmarks: dict[tuple[str, str], Benchmark] = {}
    count, uncertain, searched = 0, False, False
    for event in events:
        count += 1
        if event.metadata is not None:
            labels = labels or list(event.metadata.label)
            named |= dict.fromkeys(event.metadata.explain_method)
            metrics |= dict.fromkeys(event.metadata.benchmark_method)
        mapped |= dict.fromkeys(one.explain_method or "" for one in event.explanation)
        for benchmark in event.benchmark:
            explainer, metric = benchmark.explain_method or "", benchmark.benchmark_method or ""
            scored.setdefault(explainer)
            metrics.setdefault(metric)
            benchmarks[explainer, metric] = benchmark
        inference = event.inference
        uncertain |= inference is not None and bool(
            inference.predicted_prob_sd or inference.ground_truth_prob_sd
        )
        searched |= bool(event.hoc)
    if not labels:
        raise ValueError("there are no names of labels in it")
    made = distinct(name if name.strip() else f"label {n}" for n, name in enumerate(labels))
    return Names(
        labels=tuple(made),
        renamed=sum(old != new for old, new in zip(labels, made, strict=True)),
        explainers=tuple(
            ExplainerInfo(name, False, {}, baseline=name not in named and name not in mapped)
            for name in (named | mapped | scored)
            if name.strip()
        ),
        metrics={name: _metric(name, metrics) for name in metrics if name.strip()},
        benchmarks=benchmarks,
        events=count,
        uncertain=uncertain,
        searched=searched,
    )


def _metric(name: str, others: Iterable[str]) -> MetricInfo:
    """Higher is better, as in MindInsight, unless the name says otherwise, as our exports do."""
    plain = name.removesuffix(LOWER)
    is_lower = plain != name and bool(plain.strip()) and plain not in others
    return MetricInfo(plain if is_lower else name, not is_lower, float("-inf"), float("inf"), {})
