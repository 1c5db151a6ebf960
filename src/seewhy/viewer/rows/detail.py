"""A row in detail: what each explainer says of it, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seewhy.store import Attribution, TabularReader, TabularRow
from seewhy.viewer.attribution_charts import Bar, finite, from_zero, signed, total, waterfall
from seewhy.viewer.charts import Scale, make_scale
from seewhy.viewer.job_data import Data
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.rows.state import RowsState
from seewhy.viewer.saliency.agreement import correlate_ranks, word

LISTED_LABELS = 40
SAME = 1e-6
"""Relative difference from which the sum of the values is said to miss the output."""


def detail(job: TabularReader, row: TabularRow, state: RowsState) -> Data:
    """All that the page says of one row besides what the list does.

    Raises
    ------
    BadQuery
        If there is no label of the number that the state names.
    """
    found = job.attributions_of(row.id)
    if state.target is not None and state.target >= len(job.labels):
        raise BadQuery(f"this job has no label number {state.target}")
    target = _target(row, found, state)
    explained = [one for one in found if one.label == target]
    return {
        "target": None if target is None else {"index": target, "label": job.labels[target]},
        "output": None if target is None else float(row.outputs[target]),
        "labels": _labels(job, row, found, target),
        "explainers": [_explained(job, row, one, state) for one in explained],
        "agreement": _agreement(explained),
        "values": [
            {"feature": feature.name, "value": float(cell), "text": feature.describe(cell)}
            for feature, cell in zip(job.features, row.features, strict=True)
        ],
    }


def _target(row: TabularRow, found: tuple[Attribution, ...], state: RowsState) -> int | None:
    """The label that is shown: the one chosen, else the most probable explained one."""
    if state.target is not None:
        return state.target
    inferred = [inference.label for inference in row.inferences]
    explained = {one.label for one in found}
    for label in (*(label for label in inferred if label in explained), *inferred):
        return label
    return min(explained, default=int(row.outputs.argmax()))


def _labels(
    job: TabularReader, row: TabularRow, found: tuple[Attribution, ...], target: int | None
) -> Data:
    """Labels that one can switch to: predicted and true ones first, then the most probable."""
    kinds = {inference.label: inference.kind for inference in row.inferences}
    explained = {one.label for one in found} | set(kinds)
    if target is not None:
        explained.add(target)
    order = sorted(explained, key=lambda label: (label not in kinds, -row.outputs[label], label))
    listed = order[:LISTED_LABELS]
    if target is not None and target not in listed:
        listed.append(target)
    return {
        "listed": [
            {
                "index": label,
                "label": job.labels[label],
                "prob": float(row.outputs[label]),
                "kind": kinds.get(label),
                "active": label == target,
            }
            for label in listed
        ],
        "found": len(order),
    }


def _explained(job: TabularReader, row: TabularRow, one: Attribution, state: RowsState) -> Data:
    """An explainer's chart and the numbers that belong to it."""
    has_rules = one.fit is not None or bool(one.rules)
    numbers = np.array([rule.weight for rule in one.rules]) if has_rules else one.values
    added = total(numbers)
    answer = finite(one.base + added)
    leads = state.chart == "waterfall"
    bars = waterfall(numbers, one.base, state.shown) if leads else from_zero(numbers, state.shown)
    ends = [bar.end for bar in bars]
    scale = make_scale([*ends, one.base, one.output, answer] if leads else [*ends, 0.0])
    drawn = sum(bar.feature is not None for bar in bars)
    gap = finite(one.output - answer)
    return {
        "explainer": one.explainer,
        "rules": has_rules,
        "base": one.base,
        "base_text": scale.text(one.base),
        "output": one.output,
        "output_text": scale.text(one.output),
        "sum": added,
        "sum_text": signed(scale, added),
        "total": answer,
        "total_text": scale.text(answer),
        "gap": gap,
        "gap_text": signed(scale, gap),
        "adds_up": abs(gap) <= SAME * max(abs(one.output), abs(one.base), 1e-12),
        "fit": one.fit,
        "drawn": drawn,
        "features": len(numbers),
        "scale": scale,
        "scores": _scores(job, one),
        "bars": [_bar(job, row, one, bar, scale, len(numbers) - drawn) for bar in bars],
    }


def _scores(job: TabularReader, one: Attribution) -> list[Data]:
    """What each metric says of this explanation."""
    better = {metric.name: metric.higher_is_better for metric in job.metrics()}
    return [
        {"metric": score.metric, "value": score.value, "higher_is_better": better[score.metric]}
        for score in job.sample_scores(one.row_id)
        if score.explainer == one.explainer and score.label in (None, one.label)
    ]


def _agreement(explained: Sequence[Attribution]) -> Data | None:
    """Mean rank correlation of the explainers' values, pair by pair; None with less than two."""
    if len(explained) < 2:
        return None
    table = correlate_ranks([one.values for one in explained])
    pairs = table[np.triu_indices(len(explained), 1)]
    defined = pairs[np.isfinite(pairs)]
    mean = float(defined.mean()) if defined.size else None
    return {"mean": mean, "word": word(mean)}


def _bar(
    job: TabularReader,
    row: TabularRow,
    one: Attribution,
    bar: Bar,
    scale: Scale,
    rest: int,
) -> Data:
    what: dict[str, Any] = {"feature": None, "text": f"{rest:,} others together"}
    if bar.feature is not None and one.rules:
        rule = one.rules[bar.feature]
        what = {"feature": job.features[rule.feature].name, "text": rule.description}
    elif bar.feature is not None:
        feature = job.features[bar.feature]
        cell = feature.describe(row.features[bar.feature])
        what = {"feature": feature.name, "text": f"{feature.name} = {cell}"}
    return what | {
        "value": bar.value,
        "value_text": signed(scale, bar.value),
        "start": bar.start,
        "end": bar.end,
    }
