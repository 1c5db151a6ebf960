"""Curves in one chart."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.benchmark import Curve
from seewhy.visual import plot_curves

SHARE = np.array([0, 0.25, 0.5])
TWO = Curve(SHARE, np.array([[1.0, 0.5, 0.0], [0.8, 0.5, 0.2]]))
ONE = Curve(np.array([0, 0.1, 0.5]), np.array([[1.0, 1.0, 0.0]]))


def test_lines_are_means_with_their_interval_and_area() -> None:
    figure = plot_curves({"Grad$CAM$": TWO, "RISE": ONE}, title="deletion $x$")
    (axes,) = figure.axes
    first, second = axes.get_lines()
    np.testing.assert_allclose(first.get_ydata(), [0.9, 0.5, 0.1])
    np.testing.assert_allclose(second.get_xdata(), [0, 0.1, 0.5])
    assert first.get_linestyle() != second.get_linestyle()
    assert first.get_color() != second.get_color()
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["Grad$CAM$: 0.500", "RISE: 0.600"]
    (band,) = axes.collections  # a single sample has no interval
    error = 1.96 * 0.2 / np.sqrt(2) / np.sqrt(2)
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(0.9 + error)
    assert axes.get_title() == "deletion $x$"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("share of the pixels", "probability")


def test_it_can_be_saved_though_pyplot_does_not_know_it(tmp_path) -> None:  # type: ignore[no-untyped-def]
    plot_curves({"a": TWO}).savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("curves", "kind", "message"),
    [
        ([TWO], TypeError, "`curves` must be a mapping of curves, got list"),
        ({}, ValueError, "`curves` must hold at least one curve"),
        ({"a": 3}, TypeError, "`curves` must hold curves, got int for 'a'"),
        ({"a": Curve(SHARE, np.ones((2, 4)))}, ValueError, r"got \(3,\) and \(2, 4\) for 'a'"),
        ({"a": Curve(SHARE[:1], np.ones((2, 1)))}, ValueError, "of two or more steps"),
        ({"a": Curve(SHARE, np.ones((0, 3)))}, ValueError, r"got \(3,\) and \(0, 3\)"),
    ],
)
def test_refuses_what_is_no_curve(curves: object, kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        plot_curves(curves)  # type: ignore[arg-type]
