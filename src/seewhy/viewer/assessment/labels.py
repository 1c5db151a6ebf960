"""Scores label by label: one metric of several explainers, or several metrics of one."""

from __future__ import annotations

from typing import NamedTuple

from seewhy.store import JobReader, ScoreSummary
from seewhy.viewer.assessment.ranking import cell
from seewhy.viewer.assessment.state import AssessmentState
from seewhy.viewer.assessment.summary import Summary
from seewhy.viewer.charts import Scale, make_scale
from seewhy.viewer.job_data import Data

NAMED = 12


class LabelTable(NamedTuple):
    """Labels with a score for each column.

    Attributes
    ----------
    columns : list of dict
        Explainers or metrics, also those that are hidden.
    scales : dict
        By the name of the column; explainers have one in common.
    rows : list of dict
        Labels that are shown.
    found : int
        Labels that have scores and match.
    unscored : list of str
        Labels that were explained but have no score here.
    """

    columns: list[Data]
    scales: dict[str, Scale]
    rows: list[Data]
    found: int
    unscored: list[str]


def label_table(
    job: JobReader, summary: Summary, metrics: list[Data], state: AssessmentState
) -> LabelTable:
    """Fetch what is shown of the labels; `state` names a metric and an explainer."""
    across = state.across == "explainers"
    by_name = {metric["name"]: metric for metric in metrics}
    columns = _columns(summary, metrics, state)
    shown = [column["name"] for column in columns if not column["hidden"]]
    metric, explainer = (state.metric, None) if across else (None, state.explainer)
    means = summary.keep(("means", metric, explainer), lambda: job.label_scores(metric, explainer))
    table: dict[int, dict[str, ScoreSummary]] = {}
    for score in means:
        column = score.explainer if across else score.metric
        if column in shown:
            table.setdefault(int(score.label or 0), {})[column] = score
    chosen = _chosen(job, table, by_name, state)
    few = chosen[state.skip : state.skip + state.size]
    full = {
        (int(score.label or 0), score.explainer if across else score.metric): score
        for score in summary.keep(
            ("intervals", metric, explainer, tuple(few)),
            lambda: job.label_scores(metric, explainer, few),
        )
    }
    rows = [
        {
            "label": job.labels[label],
            "index": label,
            "n": max(score.n for score in table[label].values()),
            "cells": [cell(full.get((label, name))) for name in shown],
        }
        for label in few
    ]
    _add_heat(rows, shown, by_name, state)
    unscored = [job.labels[label] for label in sorted(job.counts()) if label not in table]
    return LabelTable(columns, _scales(rows, shown, by_name, state), rows, len(chosen), unscored)


def _columns(summary: Summary, metrics: list[Data], state: AssessmentState) -> list[Data]:
    if state.across == "metrics":
        return [
            {"name": metric["name"], "baseline": False, "hidden": metric["name"] in state.hide}
            for metric in metrics
            if metric["by_label"]
        ]
    return [
        {"name": name, "baseline": name in summary.baselines, "hidden": name in state.hide}
        for name in (*summary.explainers, *summary.baselines)
    ]


def _chosen(
    job: JobReader,
    table: dict[int, dict[str, ScoreSummary]],
    metrics: dict[str, Data],
    state: AssessmentState,
) -> list[int]:
    """Labels that match, in the order of the state."""
    wanted = state.find.casefold()
    labels = [label for label in table if wanted in job.labels[label].casefold()]
    turned, by = state.sort.startswith("-"), state.sort.removeprefix("-")
    labels.sort(key=lambda label: job.labels[label].casefold())
    if by == "name":
        return labels[::-1] if turned else labels
    if by == "n":
        counts = {label: max(score.n for score in table[label].values()) for label in labels}
        return sorted(labels, key=counts.__getitem__, reverse=not turned)
    metric = metrics[by[2:] if state.across == "metrics" else state.metric]
    known = [label for label in labels if by[2:] in table[label]]
    best_first = metric["higher_is_better"] != turned
    known.sort(key=lambda label: table[label][by[2:]].mean, reverse=best_first)
    return known + [label for label in labels if by[2:] not in table[label]]


def _scales(
    rows: list[Data], shown: list[str], metrics: dict[str, Data], state: AssessmentState
) -> dict[str, Scale]:
    values: dict[str, list[float]] = {name: [] for name in shown}
    for row in rows:
        for name, found in zip(shown, row["cells"], strict=True):
            if found:
                ends = (found["mean"], found["low"], found["high"])
                values[name] += [end for end in ends if end is not None]
    if state.across == "explainers":
        chance = metrics[state.metric]["chance"] if state.metric in metrics else None
        every = [value for name in shown for value in values[name]]
        return dict.fromkeys(shown, make_scale([*every, *([] if chance is None else [chance])], 2))
    for name in shown:
        chance = metrics[name]["chance"]
        values[name] += [] if chance is None else [chance]
    return {name: make_scale(values[name], 2) for name in shown}


def _add_heat(
    rows: list[Data], shown: list[str], metrics: dict[str, Data], state: AssessmentState
) -> None:
    """Say of each score where it lies between the worst (0) and the best (1) that are drawn."""
    columns = [[row["cells"][place] for row in rows] for place in range(len(shown))]
    if state.across == "explainers":
        columns = [[found for column in columns for found in column]]
    for place, column in enumerate(columns):
        drawn = [found for found in column if found]
        name = state.metric if state.across == "explainers" else shown[place]
        ends = sorted(found["mean"] for found in drawn)
        for found in drawn:
            span = ends[-1] - ends[0]
            share = (found["mean"] - ends[0]) / span if span else 0.5
            found["heat"] = share if metrics[name]["higher_is_better"] else 1 - share
