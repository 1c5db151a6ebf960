"""What the importance page shows, as plain data: templates draw it, and the JSON twin is it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from seewhy.store import Attributions, TabularReader
from seewhy.viewer.attribution_charts import Bar, from_zero, signed, without_scale
from seewhy.viewer.charts import Scale, make_scale
from seewhy.viewer.importance.beeswarm import beeswarm
from seewhy.viewer.importance.state import ImportanceState
from seewhy.viewer.job_data import Data, job_data
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.rows.state import RowsState

CELLS_READ = 200_000
"""Values that a page reads; of more, a sample."""
FEWEST_ROWS = 200
POINTS = 5_000
"""Points that a page draws."""
LISTED_LABELS = 40


class ImportancePage(NamedTuple):
    """The importance page."""

    job: Data
    state: ImportanceState
    regression: bool
    label: str
    labels: Data
    views: list[Data]
    explainers: list[Data]

    def twin(self) -> Data:
        """The page as JSON."""
        explainers = [without_scale(one) for one in self.explainers]
        return {"job": self.job, "label": self.label, "explainers": explainers}


def importance_page(identifier: str, job: TabularReader, state: ImportanceState) -> ImportancePage:
    """Fetch all that the importance page shows.

    Raises
    ------
    BadQuery
        If the state names a label that the job does not have.
    """
    for name in (state.label, state.view):
        if name and name not in job.labels:
            raise BadQuery(f"this job has no label {name[:100]!r}")
    info = job.info()
    explained = job.explained_labels()
    label = job.labels.index(state.label) if state.label else _usual_label(job, explained)
    view = job.labels.index(state.view) if state.view else None
    names = [explainer.name for explainer in info.explainers]
    counts = {name: job.attribution_count(name, label) for name in names}
    shares = max(sum(count > 0 for count in counts.values()), 1)
    explainers = [
        _attributed(job, name, label, counts[name], shares, state) for name in names if counts[name]
    ]
    coefficients = [_coefficients(job, name, label, view, state) for name in names]
    found = [one for one in coefficients if one]
    return ImportancePage(
        job=job_data(identifier, info),
        state=state,
        regression=job.is_regression,
        label=job.labels[label],
        labels=_labels(job, explained, label, state),
        views=_views(job, label, state) if found else [],
        explainers=explainers + found,
    )


def _usual_label(job: TabularReader, explained: Sequence[int]) -> int:
    counts = job.counts()
    return max(explained, key=lambda i: (sum(counts.get(i, {}).values()), -i), default=0)


def _labels(
    job: TabularReader, explained: Sequence[int], label: int, state: ImportanceState
) -> Data:
    wanted = state.find.casefold()
    found = [i for i in explained if i == label or wanted in job.labels[i].casefold()]
    listed = found[:LISTED_LABELS]
    if label in found and label not in listed:
        listed.append(label)
    return {
        "listed": [{"label": job.labels[i], "active": i == label} for i in listed],
        "found": len(found),
        "explained": len(explained),
    }


def _views(job: TabularReader, label: int, state: ImportanceState) -> list[Data]:
    views = [name for name in job.labels if name != job.labels[label]][:LISTED_LABELS]
    if state.view and state.view not in views:
        views.append(state.view)
    return [{"label": view, "active": view == state.view} for view in views]


def _attributed(
    job: TabularReader, name: str, label: int, count: int, shares: int, state: ImportanceState
) -> Data:
    """What an explainer of rows says over all of them."""
    most = max(CELLS_READ // len(job.features) // shares, FEWEST_ROWS)
    found = job.attributions(name, label, None if count <= most else most)
    # Not the mean of the sizes: their sum may overflow.
    means = (np.abs(found.values) / len(found.values)).sum(axis=0)
    bars = from_zero(means, state.shown)
    points = _sampled(found, max(POINTS // shares // len(bars), 1))
    drawn = [bar.feature for bar in bars if bar.feature is not None]
    return {
        "explainer": name,
        "kind": "attributions",
        "rules": found.has_rules,
        "count": count,
        "rows": len(found.row_ids),
        "features": len(means),
        "drawn": len(drawn),
        "scale": (scale := _scale(bars)),
        "bars": _bars(job, bars, scale, len(means) - len(drawn), False),
        "swarm": beeswarm(job, points, drawn, label),
    }


def _sampled(found: Attributions, most: int) -> Attributions:
    """At most that many rows: always the same ones, spread over all."""
    if len(found.row_ids) <= most:
        return found
    order = np.random.default_rng(0).permutation(len(found.row_ids))[:most]
    order.sort()
    return replace(
        found,
        row_ids=found.row_ids[order],
        values=found.values[order],
        base_values=found.base_values[order],
        outputs=found.outputs[order],
        rows=found.rows[order],
    )


def _coefficients(
    job: TabularReader, name: str, label: int, view: int | None, state: ImportanceState
) -> Data | None:
    """What an explainer says of the model as a whole."""
    try:
        values = job.coefficient(name, label, view)
    except KeyError:
        return None
    bars = from_zero(values, state.shown)
    drawn = sum(bar.feature is not None for bar in bars)
    return {
        "explainer": name,
        "kind": "coefficients",
        "view": None if view is None else job.labels[view],
        "features": len(values),
        "drawn": drawn,
        "scale": (scale := _scale(bars)),
        "bars": _bars(job, bars, scale, len(values) - drawn, True),
        "swarm": None,
    }


def _scale(bars: list[Bar]) -> Scale:
    """Scale of the features' bars; the others together would hide all, and have a number only."""
    return make_scale([0.0, *(bar.value for bar in bars if bar.feature is not None)])


def _bars(
    job: TabularReader, bars: list[Bar], scale: Scale, rest: int, with_sign: bool
) -> list[Data]:
    made = []
    for bar in bars:
        feature = None if bar.feature is None else job.features[bar.feature].name
        made.append(
            {
                "feature": feature,
                "text": feature or f"{rest:,} others together",
                "href": feature and "rows" + RowsState(sort=f"-f.{feature}").href(),
                "value": bar.value,
                "value_text": signed(scale, bar.value) if with_sign else scale.text(bar.value),
            }
        )
    return made
