"""What the scores of a job say: means with intervals, and comparisons with the baselines."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from seewhy.store import scores, summary_scores
from seewhy.store.bootstrap import Mean, mean_intervals
from seewhy.store.job_records import MetricInfo
from seewhy.store.scores import Values


class Comparison(NamedTuple):
    """An explainer beside a baseline, on the same explanations.

    Attributes
    ----------
    baseline : str
        Name.
    difference : Mean
        Score of the explainer minus that of the baseline.
    verdict : {"better", "worse", "not distinguishable", "too few samples"}
        By whether the 95 % interval of the difference leaves out 0, and the metric's direction.
    """

    baseline: str
    difference: Mean
    verdict: str


class Standing(NamedTuple):
    """An explainer or baseline under a metric; `comparisons` is empty for a baseline."""

    explainer: str
    baseline: bool
    score: Mean
    comparisons: tuple[Comparison, ...]


class Ranking(NamedTuple):
    """All explainers and baselines under one metric, the best mean first."""

    metric: MetricInfo
    standings: tuple[Standing, ...]


def rankings(connection: sqlite3.Connection, metrics: Sequence[MetricInfo]) -> tuple[Ranking, ...]:
    """Rank explainers and baselines under each metric that has scores."""
    rows = connection.execute("SELECT name, id, baseline FROM explainer ORDER BY id").fetchall()
    baselines = [name for name, _, baseline in rows if baseline]
    metric_ids = scores.ids(connection, "metric")
    imported = summary_scores.imported(connection, by_label=False)
    made = []
    for metric in metrics:
        values = {
            name: found
            for name, explainer_id, _ in rows
            for found in [scores.read_values(connection, metric_ids[metric.name], explainer_id)]
            if len(found.values)
        }
        told = [
            Standing(of.explainer, of.explainer in baselines, Mean(of.mean, np.nan, np.nan, 0), ())
            for of in imported
            if of.metric == metric.name
        ]
        if values or told:
            made.append(Ranking(metric, _standings(metric, values, baselines, told)))
    return tuple(made)


def _standings(
    metric: MetricInfo,
    values: Mapping[str, Values],
    baselines: Sequence[str],
    told: Sequence[Standing],
) -> tuple[Standing, ...]:
    """Standings by their mean; `told` are those of which only the mean is known."""
    compared = _compare(metric, values, baselines)
    means = mean_intervals([of.by_sample() for of in values.values()])
    standings = [
        Standing(name, name in baselines, mean, tuple(compared.get(name, ())))
        for name, mean in zip(values, means, strict=True)
    ]
    sign = -1 if metric.higher_is_better else 1
    return tuple(sorted([*standings, *told], key=lambda standing: sign * standing.score.mean))


def _compare(
    metric: MetricInfo, values: Mapping[str, Values], baselines: Sequence[str]
) -> dict[str, list[Comparison]]:
    """Compare every explainer with every baseline, where they have scores of the same."""
    differences = {
        (name, baseline): difference
        for name, of in values.items()
        if name not in baselines
        for baseline in baselines
        if baseline in values and len((difference := of.minus(values[baseline])).values)
    }
    means = mean_intervals([difference.by_sample() for difference in differences.values()])
    made: dict[str, list[Comparison]] = {}
    for (name, baseline), mean in zip(differences, means, strict=True):
        made.setdefault(name, []).append(Comparison(baseline, mean, _verdict(mean, metric)))
    return made


def in_words(ranking: Ranking) -> list[str]:
    """Say of each explainer what it is worth beside the baselines, a sentence each."""
    said = []
    for standing in ranking.standings:
        if standing.baseline or not standing.comparisons:
            continue
        failed = [c for c in standing.comparisons if c.verdict != "better"]
        if not failed:
            names = " and ".join(c.baseline for c in standing.comparisons)
            said.append(f"{standing.explainer} is better than {names}.")
        said += [f"{standing.explainer} {_beside(comparison)}" for comparison in failed]
    return said


def _beside(comparison: Comparison) -> str:
    baseline, difference, verdict = comparison
    if verdict == "too few samples":
        return f"cannot be compared with {baseline}: there is only one sample."
    words = {"worse": "is worse than", "not distinguishable": "is not distinguishable from"}
    return (
        f"{words[verdict]} {baseline}: the difference is {difference.mean:+.3f}, its 95 % interval "
        f"{difference.low:+.3f} to {difference.high:+.3f}, over {difference.n} samples."
    )


def _verdict(difference: Mean, metric: MetricInfo) -> str:
    if np.isnan(difference.low):
        return "too few samples"
    if difference.low <= 0 <= difference.high:
        return "not distinguishable"
    return "better" if (difference.mean > 0) == metric.higher_is_better else "worse"
