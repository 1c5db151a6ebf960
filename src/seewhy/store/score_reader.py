"""Reading the metrics of a job and what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence

from seewhy.store import assessment, scores, summary_scores
from seewhy.store.assessment import Ranking
from seewhy.store.base_reader import StoreReader
from seewhy.store.job_records import MetricInfo
from seewhy.store.samples import fetch_scores
from seewhy.store.score_records import Score, ScoredSample, ScoreSummary


class ScoreReader(StoreReader):
    """The part of `JobReader` about scores."""

    def metrics(self) -> tuple[MetricInfo, ...]:
        """Return the metrics of the job, in the order in which they were registered."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name, higher_is_better, coalesce(low, '-inf'), coalesce(high, 'inf'), "
                "params, chance, needs_mask FROM metric ORDER BY id"
            )
            return tuple(
                MetricInfo(
                    name,
                    bool(better),
                    float(low),
                    float(high),
                    json.loads(params),
                    chance,
                    bool(needs_mask),
                )
                for name, better, low, high, params, chance, needs_mask in rows
            )

    def metrics_of_labels(self) -> frozenset[str]:
        """Names of the metrics that score labels; other metrics score samples, or nothing yet."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name FROM metric WHERE EXISTS (SELECT 1 FROM score WHERE metric_id = id) "
                "OR EXISTS (SELECT 1 FROM summary_score AS s "
                "WHERE s.metric_id = metric.id AND label_id IS NOT NULL)"
            )
            return frozenset(name for (name,) in rows)

    def scores(self, by_label: bool = True) -> tuple[ScoreSummary, ...]:
        """Mean scores of each explainer and baseline under each metric, with 95 % intervals.

        Parameters
        ----------
        by_label
            Whether to give the mean of each label besides that of all together.
        """
        with self._query() as connection:
            made = scores.overall(connection)
            made += scores.by_label(connection) if by_label else []
            return tuple(made + summary_scores.imported(connection, by_label))

    def label_scores(
        self,
        metric: str | None = None,
        explainer: str | None = None,
        labels: Sequence[int] | None = None,
    ) -> tuple[ScoreSummary, ...]:
        """Mean scores of single labels, with 95 % intervals.

        Parameters
        ----------
        metric, explainer
            Names; None: all of them.
        labels : sequence of int
            Class indices. None: all labels, and as intervals of thousands take long, without.
        """
        with self._query() as connection:
            told = [
                summary
                for summary in summary_scores.imported(connection)
                if summary.label is not None
                and metric in (None, summary.metric)
                and explainer in (None, summary.explainer)
                and (labels is None or summary.label in labels)
            ]
            if labels is None:
                return (*scores.label_means(connection, metric, explainer), *told)
            return (*scores.by_label(connection, metric, explainer, labels), *told)

    def mean_scores(self) -> dict[tuple[str, str, int | None], float]:
        """Mean scores alone, by explainer or baseline, metric and label; None: over all labels."""
        with self._query() as connection:
            return summary_scores.plain_means(connection)

    def extreme_scores(
        self,
        metric: str,
        explainer: str,
        label: int | None = None,
        highest: bool = False,
        limit: int = 12,
    ) -> tuple[ScoredSample, ...]:
        """Explanations with the lowest or highest scores, the most extreme first.

        Parameters
        ----------
        metric, explainer
            Names.
        label : int or None
            Class index; None: any.
        highest
            Whether the highest are wanted.
        limit
            How many at most.
        """
        with self._query() as connection:
            return scores.extremes(connection, metric, explainer, label, highest, limit)

    def sample_scores(self, sample_id: int) -> tuple[Score, ...]:
        """Return what every metric says of every explanation of a sample, baselines included."""
        with self._query() as connection:
            return fetch_scores(connection, sample_id)

    def sanity_report(self) -> tuple[Ranking, ...]:
        """Rank the explainers under each metric, and compare each with the baselines."""
        metrics = self.metrics()
        with self._query() as connection:
            return assessment.rankings(connection, metrics)
