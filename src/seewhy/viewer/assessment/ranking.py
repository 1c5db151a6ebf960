"""The comprehensive score: explainers ranked over all metrics, with the weights of the state."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seewhy.store import MetricInfo, ScoreSummary
from seewhy.viewer.assessment.state import AssessmentState
from seewhy.viewer.assessment.summary import Summary
from seewhy.viewer.assessment.worth import Worth, total, wins, worth
from seewhy.viewer.charts import Scale, make_scale
from seewhy.viewer.job_data import Data


def finite(value: float | None) -> float | None:
    """None instead of NaN and infinity, which JSON does not have."""
    return value if value is not None and math.isfinite(value) else None


def metric_list(summary: Summary, state: AssessmentState) -> list[Data]:
    """Every metric of the job, with its weight and what its scores are worth."""
    scored = summary.scored()
    shares = dict(
        zip((m.name for m in scored), percent([state.weight(m.name) for m in scored]), strict=True)
    )
    return [
        {
            "name": metric.name,
            "higher_is_better": metric.higher_is_better,
            "low": finite(metric.low),
            "high": finite(metric.high),
            "chance": finite(metric.chance),
            "needs_mask": metric.needs_mask,
            "params": metric.params,
            "scored": metric in scored,
            "by_label": metric.name in summary.by_label,
            "weight": state.weight(metric.name),
            "share": shares.get(metric.name),
            "rule": _worth(summary, metric).rule,
            "best_baseline": _best_baseline(summary, metric),
        }
        for metric in summary.metrics
    ]


def percent(weights: Sequence[int]) -> list[int]:
    """Shares of weights in whole per cent that add up to 100, by the largest remainders."""
    weight = sum(weights)
    if not weight:
        return [0] * len(weights)
    shares = [100 * w // weight for w in weights]
    order = sorted(range(len(weights)), key=lambda i: -(100 * weights[i] % weight))
    for index in order[: 100 - sum(shares)]:
        shares[index] += 1
    return shares


def ranking(summary: Summary, state: AssessmentState) -> list[Data]:
    """Every explainer and baseline with its scores, in the order of the state."""
    metrics = summary.scored()
    weights = [state.weight(metric.name) for metric in metrics]
    worths = {metric.name: _worth(summary, metric) for metric in metrics}
    rows = [
        _row(summary, name, metrics, worths, weights)
        for name in (*summary.explainers, *summary.baselines)
    ]
    shares = summary.keep("wins", lambda: _wins(rows, len(metrics)))
    for row, share in zip(rows, shares, strict=True):
        row["wins"] = finite(share)
    _number(rows)
    return _ordered(rows, [metric.name for metric in metrics], state.rank, metrics)


def metric_scale(summary: Summary, metric: Data) -> Scale:
    """Scale that holds all means of a metric, their intervals and the level of chance."""
    values = [
        value
        for (_, name), score in summary.scores.items()
        if name == metric["name"]
        for value in (score.mean, score.low, score.high)
    ]
    return make_scale([*values, *([] if metric["chance"] is None else [metric["chance"]])], 2)


def cell(score: ScoreSummary | None, by: Worth | None = None) -> Data | None:
    """A score as plain data; None if there is none."""
    if score is None:
        return None
    data: Data = {
        "mean": score.mean,
        "low": finite(score.low),
        "high": finite(score.high),
        "n": score.n,
    }
    if by is not None:
        ends = [by.of(end) for end in (data["low"], data["high"]) if end is not None]
        data |= {
            "worth": by.of(score.mean),
            "worth_low": min(ends, default=None),
            "worth_high": max(ends, default=None),
        }
    return data


def _worth(summary: Summary, metric: MetricInfo) -> Worth:
    return worth(metric, summary.means(metric.name), summary.baselines)


def _best_baseline(summary: Summary, metric: MetricInfo) -> float | None:
    means = summary.means(metric.name)
    found = [means[name] for name in summary.baselines if name in means]
    best: Callable[..., float] = max if metric.higher_is_better else min
    return best(found) if found else None


def _row(
    summary: Summary,
    name: str,
    metrics: list[MetricInfo],
    worths: dict[str, Worth],
    weights: list[int],
) -> Data:
    cells = [cell(summary.scores.get((name, m.name)), worths[m.name]) for m in metrics]

    def of(key: str) -> float | None:
        values: list[float | None] = [found[key] if found else None for found in cells]
        known = [
            value is not None
            for value, found, weight in zip(values, cells, weights, strict=True)
            if found and weight
        ]
        return total(values, weights) if all(known) else None

    return {
        "explainer": name,
        "baseline": name in summary.baselines,
        "score": of("worth"),
        "low": of("worth_low"),
        "high": of("worth_high"),
        "without": [m.name for m, found in zip(metrics, cells, strict=True) if found is None],
        "cells": cells,
    }


def _wins(rows: list[Data], metrics: int) -> list[float]:
    table = [[cell["worth"] if cell else np.nan for cell in row["cells"]] for row in rows]
    return list(wins(np.array(table, np.float64).reshape(len(rows), metrics)).tolist())


def _number(rows: list[Data]) -> None:
    """Give each row its place by score; equal scores share one."""
    scores = [row["score"] for row in rows if row["score"] is not None]
    for row in rows:
        mine = row["score"]
        ahead = sum(score > mine + 1e-12 for score in scores) if mine is not None else 0
        row["place"] = None if mine is None else ahead + 1


def _ordered(
    rows: list[Data], names: list[str], rank: str, metrics: list[MetricInfo]
) -> list[Data]:
    """Best first, or the other way round; what has no score comes last."""
    turned, by = rank.startswith("-"), rank.removeprefix("-")
    if by == "name":
        return sorted(rows, key=lambda row: row["explainer"].casefold(), reverse=turned)

    def value(row: Data) -> Any:
        if by.startswith("m."):
            found = row["cells"][names.index(by[2:])]
            up = metrics[names.index(by[2:])].higher_is_better
            return found and (found["mean"] if up else -found["mean"])
        return row[by]

    known = [row for row in rows if value(row) is not None]
    rest = [row for row in rows if value(row) is None]
    return sorted(known, key=value, reverse=not turned) + rest
