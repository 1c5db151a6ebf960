"""Mean scores: those of which nothing else is known, and all of them without intervals."""

from __future__ import annotations

import sqlite3

import numpy as np

from seewhy.store.score_records import ScoreSummary

_NAMES = "JOIN explainer ON explainer.id = explainer_id JOIN metric ON metric.id = metric_id"
# A mean that was imported counts only where there are no scores that it could be made of.
_SUMMARIES = (
    f"SELECT explainer.name, metric.name, label_id, value FROM summary_score AS s {_NAMES} "
    "WHERE NOT EXISTS (SELECT 1 FROM score AS o "
    "WHERE o.metric_id = s.metric_id AND o.explainer_id = s.explainer_id) "
    "AND NOT EXISTS (SELECT 1 FROM sample_score AS o "
    "WHERE o.metric_id = s.metric_id AND o.explainer_id = s.explainer_id) "
    "ORDER BY s.metric_id, s.explainer_id, s.label_id"
)
_MEANS = (
    "SELECT explainer.name, metric.name, NULL, avg(value) FROM "
    "(SELECT metric_id, explainer_id, value FROM score "
    "UNION ALL SELECT metric_id, explainer_id, value FROM sample_score) "
    f"{_NAMES} GROUP BY metric_id, explainer_id "
    f"UNION ALL SELECT explainer.name, metric.name, label_id, avg(value) FROM score {_NAMES} "
    "GROUP BY metric_id, explainer_id, label_id"
)


def imported(connection: sqlite3.Connection, by_label: bool = True) -> list[ScoreSummary]:
    """Means that a summary told, with n = 0: nobody knows of how many explanations."""
    return [
        ScoreSummary(explainer, metric, label, value, n=0, low=np.nan, high=np.nan)
        for explainer, metric, label, value in connection.execute(_SUMMARIES)
        if by_label or label is None
    ]


def plain_means(connection: sqlite3.Connection) -> dict[tuple[str, str, int | None], float]:
    """All means without intervals, by explainer, metric and label; None: over all labels."""
    rows = [*connection.execute(_MEANS), *connection.execute(_SUMMARIES)]
    return {(explainer, metric, label): value for explainer, metric, label, value in rows}
