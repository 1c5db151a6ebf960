"""Mean scores of explainers as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import nan

from seewhy.store.export.messages import Benchmark
from seewhy.store.export.report import Tally

LARGEST = 3.4028234e38
"""Of a float in single precision."""

Means = Mapping[tuple[str, str, int | None], float]
"""By explainer, metric and label; label None is the mean over all."""


def benchmarks(
    explainers: Mapping[str, str],
    metrics: Mapping[str, str],
    labels: int,
    means: Means,
    tally: Tally,
) -> Iterator[list[Benchmark]]:
    """Scores of each explainer, under all metrics in one order; NaN where there is none.

    Parameters
    ----------
    explainers, metrics
        Those to be written: the names to use by their own names.
    labels
        Number of classes.
    means
        All mean scores.
    tally
        Takes what is not carried.
    """
    by_label = {metric for _, metric, label in means if label is not None}
    for explainer, method in explainers.items():
        made = []
        for metric, name in metrics.items():
            row = [
                _finite(means.get((explainer, metric, label), nan), tally)
                for label in range(labels if metric in by_label else 0)
            ]
            total = _finite(means.get((explainer, metric, None), nan), tally)
            made.append(Benchmark(name, method, total, row))
        yield made


def _finite(value: float, tally: Tally) -> float:
    if abs(value) > LARGEST:
        tally["scores beyond single precision, left out"] += 1
        return nan
    return value
