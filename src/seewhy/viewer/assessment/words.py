"""What the comparisons with the baselines say, a line for each explainer."""

from __future__ import annotations

from seewhy.store import Standing, in_words
from seewhy.viewer.assessment.summary import Summary
from seewhy.viewer.job_data import Data

# The worst of an explainer's verdicts under a metric is what it is worth there.
WORST_FIRST = ("worse", "not distinguishable", "too few samples", "better")


def comparisons(summary: Summary) -> Data:
    """Verdicts by explainer and metric, in words and as a table."""
    rankings = [r for r in summary.report if any(s.comparisons for s in r.standings)]
    metrics = [ranking.metric.name for ranking in rankings]
    rows: list[Data] = []
    for explainer in summary.explainers:
        standings = {
            ranking.metric.name: standing
            for ranking in rankings
            for standing in ranking.standings
            if standing.explainer == explainer and standing.comparisons
        }
        if standings:
            cells = [_cell(standings.get(metric)) for metric in metrics]
            rows.append({"explainer": explainer, "cells": cells, "said": _said(cells)})
    return {
        "metrics": metrics,
        "rows": rows,
        "sentences": [
            {"metric": ranking.metric.name, "said": in_words(ranking)} for ranking in rankings
        ],
    }


def _cell(standing: Standing | None) -> Data | None:
    if standing is None:
        return None
    worst = min((c.verdict for c in standing.comparisons), key=WORST_FIRST.index)
    names = [c.baseline for c in standing.comparisons if c.verdict == worst]
    return {"verdict": worst, "baselines": names}


def _said(cells: list[Data | None]) -> str:
    verdicts = [cell["verdict"] for cell in cells if cell]
    better, unclear = verdicts.count("better"), verdicts.count("not distinguishable")
    worse, few = verdicts.count("worse"), verdicts.count("too few samples")
    parts = [f"is better than every baseline under {better} of {_metrics(len(verdicts))}"]
    if unclear:
        parts.append(f"cannot be told from one under {unclear}")
    if worse:
        parts.append(f"is worse than one under {worse}")
    if few:
        parts.append(f"has too few samples under {few}")
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _metrics(count: int) -> str:
    return f"{count} metric{'' if count == 1 else 's'}"
