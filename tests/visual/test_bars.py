"""Weights as bars, and figures that are shown."""

from __future__ import annotations

import sys
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from seewhy.visual import present as presenting
from seewhy.visual.bars import NEGATIVE, POSITIVE, Bars, bar_figure
from seewhy.visual.present import new_figure, present

CHART = Bars("cat", [("$x$ <= 1.00", 0.5), ("y > 2.00", -0.25), ("z=red", 0.0)])


def luminance(color: Any) -> float:
    """Relative luminance, as WCAG defines it."""
    rgb = np.array(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: Any, other: Any) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_bars_are_the_weights_from_the_top() -> None:
    figure = bar_figure([CHART])
    (axes,) = figure.axes
    assert axes.get_title() == "cat"
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        "$x$ <= 1.00",
        "y > 2.00",
        "z=red",
    ]
    assert [bar.get_width() for bar in axes.patches] == [0.5, -0.25, 0]
    tops = [bar.get_y() for bar in axes.patches]
    assert axes.yaxis_inverted()
    assert tops == sorted(tops)
    colors = [mpl.colors.to_hex(bar.get_facecolor()) for bar in axes.patches]
    assert colors[:2] == [POSITIVE, NEGATIVE]
    assert [text.get_text() for text in axes.texts] == ["+0.5", "-0.25", "+0"]


def test_charts_stand_side_by_side() -> None:
    figure = bar_figure([CHART] * 4, columns=3)
    assert [bool(axes.get_title()) for axes in figure.axes] == [True] * 4 + [False] * 2
    width, height = figure.get_size_inches()
    one = bar_figure([CHART]).get_size_inches()
    assert (width, height) == pytest.approx((3 * one[0], 2 * one[1]))


def test_spreads_are_error_bars() -> None:
    figure = bar_figure([Bars("", [("a", 1.0)], [0.25])])
    (line,) = figure.axes[0].collections
    np.testing.assert_allclose(line.get_segments()[0][:, 0], [0.75, 1.25])


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_all_is_readable_in_light_and_dark(style: str) -> None:
    with plt.style.context(style):
        figure = bar_figure([CHART])
        figure.canvas.draw()
    ground = figure.get_facecolor()
    (axes,) = figure.axes
    for text in [axes.title, *axes.get_yticklabels(), *axes.texts]:
        assert contrast(text.get_color(), ground) > 7
    for color in (POSITIVE, NEGATIVE):
        assert contrast(color, ground) > 3


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="`charts` must hold at least one chart"):
        bar_figure([])


def test_a_script_opens_a_window_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    open_figures = []
    monkeypatch.setattr(plt, "show", lambda: open_figures.append(plt.get_fignums()))
    present(lambda figure: figure.subplots().set_title("x") and None)
    assert [len(numbers) for numbers in open_figures] == [1]
    assert plt.get_fignums() == []


def test_a_notebook_gets_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(presenting, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", shown.append)
    present(lambda figure: figure.subplots().set_title("x") and None)
    assert shown[0].data.startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_without_matplotlib_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for make in (new_figure, lambda: bar_figure([CHART]), lambda: present(print)):
        with pytest.raises(ImportError, match=r"pip install seewhy\[plot\]"):
            make()
