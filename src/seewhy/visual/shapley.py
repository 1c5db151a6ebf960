"""Shapley values as waterfalls, of single rows, and as beeswarms, of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from seewhy.visual.bars import NEGATIVE, POSITIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

# Low, middling and high values of a feature: 3:1 or more against white and against black, and
# told apart with any colour vision. Not the colours of bars, which tell the sign.
_LOW_TO_HIGH = ("#2f78c4", "#8a8a8a", "#d9772b")
_MIDDLE = "#8a8a8a"

_COLUMNS = 2
_MISSING = 0.005
"""Share of the longest bar from which a gap between the values' sum and the output is shown."""

_BINS = 60
_HALF_HEIGHT = 0.4


@dataclass(frozen=True)
class Waterfall:
    """From the mean output to a row's output, feature by feature."""

    title: str
    base_value: float
    output: float
    values: Floats
    """(K,)."""
    labels: Sequence[str]
    """K texts: the names of the features, and what they are in this row."""


def draw_waterfalls(figure: Figure, charts: Sequence[Waterfall], max_features: int) -> None:
    """Draw waterfalls into an empty figure, two in a row, and size it to them.

    Read from below: the mean output, then one bar for each feature up to the output at the top;
    blue bars raise the output, red bars lower it. All but the `max_features` longest are one bar.
    """
    across = min(_COLUMNS, len(charts))
    down = -(-len(charts) // across)
    tallest = min(max_features + 1, max(len(chart.values) for chart in charts))
    figure.set_size_inches(7.0 * across, (0.36 * tallest + 1.5) * down)
    places = figure.subplots(down, across, squeeze=False).ravel()
    for axes, chart in zip(places, charts, strict=False):
        _draw_waterfall(axes, chart, max_features)
    for axes in places[len(charts) :]:
        axes.set_axis_off()


def steps(chart: Waterfall, max_features: int) -> list[tuple[str, float]]:
    """Labels and lengths of a waterfall's bars, from the top."""
    order = np.argsort(-np.abs(chart.values), kind="stable")
    # A single feature left over is shown as itself: its bar is no larger than that of a sum.
    shown = order if len(order) <= max_features + 1 else order[:max_features]
    made = [(chart.labels[k], float(chart.values[k])) for k in shown]
    others = order[len(shown) :]
    if len(others):
        made.append((f"{len(others)} other features", float(chart.values[others].sum())))
    missing = float(chart.output - chart.base_value - chart.values.sum())
    if abs(missing) > _MISSING * max(abs(length) for _, length in made):
        made.append(("sampling error", missing))
    return made


def _draw_waterfall(axes: Axes, chart: Waterfall, max_features: int) -> None:
    made = steps(chart, max_features)
    line = axes.xaxis.label.get_color()
    lengths = np.array([length for _, length in made])
    starts = chart.base_value + np.cumsum(lengths[::-1])[::-1] - lengths
    places = np.arange(len(made))
    colors = [POSITIVE if length > 0 else NEGATIVE for length in lengths]
    if made[-1][0] == "sampling error":
        colors[-1] = _MIDDLE
    axes.barh(places, lengths, left=starts, color=colors, height=0.7)
    for place, length, start in zip(places, lengths, starts, strict=True):
        right = start + length if length >= 0 else start
        axes.annotate(
            f"{length:+.3g}",
            (right, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
        )
        # A thin line to the next bar above, where this one ends.
        end = start + length
        axes.plot([end, end], [place - 1, place], color=line, linewidth=0.5, alpha=0.6, zorder=0)
    # A `$` in a name is no mathematics.
    axes.set_yticks(places, [label for label, _ in made], parse_math=False)
    axes.set_ylim(len(made) - 0.5, -0.6)
    axes.use_sticky_edges = False
    axes.margins(x=0.12)
    axes.axvline(chart.base_value, color=line, linewidth=0.8, linestyle=":")
    axes.set_xlabel(
        f"mean output {chart.base_value:.4g} → output {chart.output:.4g}", fontsize="small"
    )
    axes.set_title(chart.title, fontsize="medium", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)


def draw_beeswarm(
    figure: Figure,
    values: Floats,
    rows: Floats,
    names: Sequence[str],
    max_features: int,
    title: str,
) -> None:
    """Draw one point for each row and feature into an empty figure, and size it.

    Parameters
    ----------
    values, rows
        (N, K): Shapley values, and the values of the features, which colour the points from the
        5th (blue) to the 95th percentile (orange); grey where a feature is constant.
    names
        K texts.
    max_features
        Features shown, those with the largest mean |value|.
    """
    from matplotlib.colors import LinearSegmentedColormap

    order = np.argsort(-np.abs(values).mean(0), kind="stable")[:max_features]
    figure.set_size_inches(8.0, 0.42 * len(order) + 1.3)
    axes = figure.subplots()
    colors = LinearSegmentedColormap.from_list("low to high", _LOW_TO_HIGH)
    axes.axvline(0, color=axes.xaxis.label.get_color(), linewidth=0.8)
    for place, k in enumerate(order):
        axes.scatter(
            values[:, k],
            place + _spread(values[:, k]),
            c=colors(_between_percentiles(rows[:, k])),
            s=12,
            linewidths=0,
        )
    axes.set_yticks(range(len(order)), [names[k] for k in order], parse_math=False)
    axes.set_ylim(len(order) - 0.4, -0.6)
    axes.set_xlabel("Shapley value", fontsize="small")
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
    _draw_scale(figure, axes, colors)


def _draw_scale(figure: Figure, axes: Axes, colors: object) -> None:
    from matplotlib.cm import ScalarMappable

    bar = figure.colorbar(ScalarMappable(cmap=colors), ax=axes, aspect=40)  # type: ignore[arg-type]
    bar.set_ticks([0, 1], labels=["low", "high"])
    bar.set_label("value of the feature", fontsize="small")
    bar.outline.set_visible(False)


def _spread(values: Floats) -> Floats:
    """Heights at which points of nearly the same value lie beside each other, not on top."""
    low, high = values.min(), values.max()
    if low == high:
        bins = np.zeros(len(values), int)
    else:
        bins = np.minimum((values - low) / (high - low) * _BINS, _BINS - 1).astype(int)
    order = np.argsort(bins, kind="stable")
    begins = np.searchsorted(bins[order], bins[order])
    rank = np.arange(len(values)) - begins  # 0, 1, 2, ... within each bin
    heights = np.empty(len(values))
    heights[order] = (rank + 1) // 2 * np.where(rank % 2, 1, -1)
    made: Floats = heights * (_HALF_HEIGHT / max(4.0, np.abs(heights).max()))
    return made


def _between_percentiles(column: Floats) -> Floats:
    """The values of a feature from 0 (5th percentile) to 1 (95th); 0.5 if it is constant."""
    low, high = np.percentile(column, [5, 95])
    if low == high:
        low, high = column.min(), column.max()
    if low == high:
        return np.full(len(column), 0.5)
    made: Floats = np.clip((column - low) / (high - low), 0, 1)
    return made
