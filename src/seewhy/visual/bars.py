"""Weights of features as horizontal bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seewhy.visual.present import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# At least 3:1 against white and against black, and told apart with any colour vision.
POSITIVE = "#3b7dd8"
NEGATIVE = "#d1495b"

_COLUMNS = 3


@dataclass(frozen=True)
class Bars:
    """The bars of one chart, from the top."""

    title: str
    weights: Sequence[tuple[str, float]]
    """Label and length of each bar."""
    spreads: Sequence[float] | None = None
    """Half lengths of the error bars."""


def bar_figure(charts: Sequence[Bars], columns: int = _COLUMNS) -> Figure:
    """Draw charts of horizontal bars side by side, `columns` in a row at most.

    Bars to the right are blue, bars to the left red. Text and background are those of matplotlib's
    style in use. The figure is not registered with pyplot: nothing has to be closed.

    Raises
    ------
    ValueError
        If there is no chart.
    ImportError
        If matplotlib is not installed.
    """
    figure = new_figure()
    draw_bars(figure, charts, columns)
    return figure


def draw_bars(figure: Figure, charts: Sequence[Bars], columns: int = _COLUMNS) -> None:
    """Draw the charts into an empty figure and size it to them."""
    if not charts:
        raise ValueError("`charts` must hold at least one chart, got none")
    across = min(columns, len(charts))
    down = -(-len(charts) // across)
    tallest = max(len(chart.weights) for chart in charts)
    figure.set_size_inches(6.0 * across, (0.32 * tallest + 1.0) * down)
    places = figure.subplots(down, across, squeeze=False).ravel()
    for axes, chart in zip(places, charts, strict=False):
        _draw(axes, chart)
    for axes in places[len(charts) :]:
        axes.set_axis_off()


def _draw(axes: Axes, chart: Bars) -> None:
    names = [name for name, _ in chart.weights]
    lengths = [weight for _, weight in chart.weights]
    places = range(len(lengths))
    colors = [POSITIVE if length > 0 else NEGATIVE for length in lengths]
    axes.barh(places, lengths, color=colors, height=0.7)
    if chart.spreads is not None:
        line = axes.xaxis.label.get_color()
        axes.errorbar(lengths, places, xerr=chart.spreads, fmt="none", ecolor=line, capsize=3)
    spreads = chart.spreads or [0.0] * len(lengths)
    for place, length, spread in zip(places, lengths, spreads, strict=True):
        axes.annotate(
            f"{length:+.3g}",
            (length + spread if length >= 0 else length - spread, place),
            xytext=(4 if length >= 0 else -4, 0),
            textcoords="offset points",
            ha="left" if length >= 0 else "right",
            va="center",
            fontsize="small",
        )
    # A `$` in a name is no mathematics.
    axes.set_yticks(places, names, parse_math=False)
    axes.set_title(chart.title, fontsize="medium", parse_math=False)
    axes.invert_yaxis()
    axes.axvline(0, color=axes.xaxis.label.get_color(), linewidth=0.8)
    axes.margins(x=0.18)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(left=False)
