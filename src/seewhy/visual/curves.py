"""Deletion and insertion curves in one chart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from seewhy.visual.present import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Told apart with any colour vision (Okabe and Ito, 2008), and by their dashes without colours.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES = ("-", "--", "-.", ":")

INTERVAL = 1.96
"""Standard errors to each side of a mean that hold it in 95 of 100 cases."""


class CurveLike(Protocol):
    """Probabilities (N, steps) of N samples at shares (steps,): `seewhy.benchmark.Curve`."""

    @property
    def share(self) -> npt.NDArray[np.float64]:
        """Share of the pixels that is replaced or inserted."""

    @property
    def probability(self) -> npt.NDArray[np.float64]:
        """Of each sample's label."""


def plot_curves(curves: Mapping[str, CurveLike], title: str = "") -> Figure:
    """Draw curves of probabilities over the share of pixels: one line for each explainer, say.

    A line is the mean over the samples, the band around it the mean's 95 % interval; the legend
    gives the mean height of the curve, which is the area below it over its length. The figure is
    not registered with pyplot: nothing has to be closed, and ``figure.savefig(path)`` works
    anywhere.

    Parameters
    ----------
    curves
        By the name in the legend, as `seewhy.benchmark.Faithfulness.curve` returns them.
    title
        Above the chart.

    Raises
    ------
    TypeError
        If `curves` is no mapping, or holds no curves.
    ValueError
        If there is no curve, or one's arrays do not fit together.
    ImportError
        If matplotlib is not installed.
    """
    _check(curves)
    figure = new_figure()
    figure.set_size_inches(5.2, 3.6)
    axes = figure.subplots()
    for place, (name, curve) in enumerate(curves.items()):
        _draw(axes, name, curve, place)
    axes.set_xlabel("share of the pixels")
    axes.set_ylabel("probability")
    axes.set_title(title, fontsize="medium", parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    for text in axes.legend(fontsize="small", frameon=False).get_texts():
        text.set_parse_math(False)  # a `$` in a name is no mathematics
    return figure


def _draw(axes: Axes, name: str, curve: CurveLike, place: int) -> None:
    color, dashes = COLORS[place % len(COLORS)], DASHES[place % len(DASHES)]
    samples = len(curve.probability)
    mean = curve.probability.mean(0)
    steps = np.diff(curve.share)
    height = ((mean[1:] + mean[:-1]) / 2 * steps).sum() / steps.sum()
    axes.plot(curve.share, mean, dashes, color=color, label=f"{name}: {height:.3f}")
    if samples > 1:
        error = INTERVAL * curve.probability.std(0, ddof=1) / np.sqrt(samples)
        axes.fill_between(
            curve.share, mean - error, mean + error, color=color, alpha=0.15, linewidth=0
        )


def _check(curves: Any) -> None:
    if not isinstance(curves, Mapping):
        raise TypeError(f"`curves` must be a mapping of curves, got {type(curves).__name__}")
    if not curves:
        raise ValueError("`curves` must hold at least one curve, got none")
    for name, curve in curves.items():
        if not hasattr(curve, "share") or not hasattr(curve, "probability"):
            raise TypeError(f"`curves` must hold curves, got {type(curve).__name__} for {name!r}")
        steps, shape = np.shape(curve.share), np.shape(curve.probability)
        if len(shape) != 2 or not shape[0] or shape[1:] != steps or steps[0] < 2:
            raise ValueError(
                f"`curves` must hold shares (steps,) and probabilities (N, steps) of two or more "
                f"steps, got {steps} and {shape} for {name!r}"
            )
