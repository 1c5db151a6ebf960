"""The scores of a whole job, kept for as long as the job does not change."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from seewhy.store import JobInfo, JobReader, MetricInfo, Ranking, ScoreSummary

T = TypeVar("T")

KEPT = 8
KEPT_PARTS = 16
# A running job changes twice a second; its summary may be older by this many times what it costs.
PATIENCE = 20


class Summary(NamedTuple):
    """What the scores of all samples and labels together say.

    Attributes
    ----------
    metrics : tuple of MetricInfo
        In the order in which they were registered.
    explainers : tuple of str
        Names, in order; `baselines` follow them.
    scores : dict
        Mean by explainer and metric.
    report : tuple of Ranking
        Comparisons with the baselines.
    by_label : frozenset of str
        Metrics that score labels.
    kept : dict
        What was made of them for the last pages.
    """

    metrics: tuple[MetricInfo, ...]
    explainers: tuple[str, ...]
    baselines: tuple[str, ...]
    scores: dict[tuple[str, str], ScoreSummary]
    report: tuple[Ranking, ...]
    by_label: frozenset[str]
    kept: dict[Hashable, Any]

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Make something once for as long as the scores are the same."""
        made = self.kept.get(key)
        if made is None:
            self.kept[key] = made = make()
            for old in list(self.kept)[:-KEPT_PARTS]:
                self.kept.pop(old, None)
        return cast(T, made)

    def scored(self) -> list[MetricInfo]:
        """Metrics that have scores."""
        found = {metric for _, metric in self.scores}
        return [metric for metric in self.metrics if metric.name in found]

    def means(self, metric: str) -> dict[str, float]:
        """Mean of each explainer and baseline."""
        return {name: s.mean for (name, measured), s in self.scores.items() if measured == metric}


class Summaries:
    """Summaries of the jobs last asked for."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[float, int, float, Summary]] = {}

    def get(self, job: JobReader, info: JobInfo) -> Summary:
        """Give the summary of a job, made anew only if the job has changed."""
        kept = self._kept.get(job.path)
        if kept and kept[0] == info.created:
            recent = info.state == "running" and time.monotonic() < kept[2]
            if kept[1] == info.revision or recent:
                return kept[3]
        start = time.monotonic()
        made = _summarise(job)
        fresh_until = start + PATIENCE * (time.monotonic() - start)
        self._kept.pop(job.path, None)
        self._kept[job.path] = (info.created, info.revision, fresh_until, made)
        for path in list(self._kept)[:-KEPT]:
            self._kept.pop(path, None)
        return made


def _summarise(job: JobReader) -> Summary:
    scores = job.scores(by_label=False)
    return Summary(
        job.metrics(),
        tuple(explainer.name for explainer in job.explainers),
        job.baselines,
        {(score.explainer, score.metric): score for score in scores},
        job.sanity_report(),
        job.metrics_of_labels(),
        {},
    )
