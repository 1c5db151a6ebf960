"""Which bars a chart of attributions has, and the colours of its points."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.viewer.charts import Scale

Floats = npt.NDArray[np.float64]
MAX = sys.float_info.max
SHADES = 5
"""Steps of colour between a feature's lowest and highest values."""


class Bar(NamedTuple):
    """A bar, and what it stands for.

    Attributes
    ----------
    feature : int or None
        Column, or position of a rule; None: all that have no bar of their own.
    value : float
        What it adds.
    start, end : float
        From where to where it goes, in the units of the value.
    """

    feature: int | None
    value: float
    start: float
    end: float


def waterfall(values: Floats, base: float, shown: int) -> list[Bar]:
    """Bars from the base to the output, each beginning where the one before ends.

    The `shown` largest by size come first; all others together are the last bar, of no feature.
    """
    bars, at = [], base
    for feature, value in _largest(values, shown):
        bars.append(Bar(feature, value, at, at := finite(at + value)))
    return bars


def from_zero(values: Floats, shown: int) -> list[Bar]:
    """Bars that begin at zero, chosen and ordered as those of `waterfall`."""
    return [Bar(feature, value, 0.0, value) for feature, value in _largest(values, shown)]


def _largest(values: Floats, shown: int) -> list[tuple[int | None, float]]:
    order = np.argsort(-np.abs(values), kind="stable")
    # A bar for the rest takes the place that a single one more would.
    shown = shown if len(values) > shown + 1 else len(values)
    chosen: list[tuple[int | None, float]] = [(int(i), float(values[i])) for i in order[:shown]]
    if shown < len(values):
        chosen.append((None, total(values[order[shown:]])))
    return chosen


def finite(value: float) -> float:
    """The nearest number that JSON can carry; sums of huge values may overflow."""
    return 0.0 if math.isnan(value) else min(max(value, -MAX), MAX)


def total(values: Floats) -> float:
    """Their sum."""
    with np.errstate(over="ignore", invalid="ignore"):
        return finite(float(values.sum()))


def shades(cells: Floats) -> npt.NDArray[np.int64]:
    """Colour of each value of a feature: 0, low, to `SHADES` - 1, high, by rank.

    Equal values have equal colours; a feature that is always the same is in the middle.
    """
    distinct, ranks = np.unique(cells, return_inverse=True)
    if len(distinct) == 1:
        return np.full(len(cells), SHADES // 2)
    if len(distinct) > SHADES:
        ordered = np.sort(cells)
        low = np.searchsorted(ordered, cells, "left")
        high = np.searchsorted(ordered, cells, "right") - 1
        share = (low + high) / 2 / (len(cells) - 1)
    else:
        share = ranks / (len(distinct) - 1)
    return np.minimum((share * SHADES).astype(np.int64), SHADES - 1)


def signed(scale: Scale, value: float) -> str:
    """Write a value of a scale with its sign."""
    text = scale.text(value)
    return f"+{text}" if value > 0 else text


def without_scale(chart: Mapping[str, Any]) -> dict[str, Any]:
    """A chart's numbers alone, without how they are drawn."""
    return {
        key: without_scale(value) if isinstance(value, Mapping) else value
        for key, value in chart.items()
        if key not in ("scale", "height")
    }
