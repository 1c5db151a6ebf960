"""Waterfalls, beeswarms and bars: what is drawn, where, and with which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from seewhy.explainer import (
    GlobalImportance,
    SHAPGradient,
    SHAPKernel,
    ShapleyExplanation,
    global_importance,
)
from seewhy.visual.bars import NEGATIVE, POSITIVE
from seewhy.visual.shapley import Waterfall, draw_waterfalls, steps
from tests.explainer.shapley.models import curved, table

VALUES = np.array([0.5, -2.0, 0.1, 1.0, -0.2])
CHART = Waterfall("a $title", 10.0, 9.4, VALUES, [f"name$ {k} = {k}" for k in range(5)])


def explanation(rows: int = 30) -> ShapleyExplanation:
    explainer = SHAPKernel(
        curved(6, outputs=2),
        table(5, 6, seed=1),
        feature_names=list("abcdef"),
        class_names=["no", "yes"],
    )
    return explainer.explain(table(rows, 6), 1)


def bars(figure: Figure) -> list[Any]:
    return list(figure.axes[0].patches)


def test_the_longest_bars_come_first_and_the_rest_is_one_sum() -> None:
    labels, lengths = zip(*steps(CHART, 2), strict=True)
    assert labels == ("name$ 1 = 1", "name$ 3 = 3", "3 other features")
    np.testing.assert_allclose(lengths, [-2, 1, 0.4])


def test_a_single_feature_left_over_is_shown_as_itself() -> None:
    assert [label for label, _ in steps(CHART, 4)] == [
        "name$ 1 = 1", "name$ 3 = 3", "name$ 0 = 0", "name$ 4 = 4", "name$ 2 = 2",
    ]  # fmt: skip


def test_a_gap_to_the_output_is_called_sampling_error() -> None:
    off = Waterfall("", 10.0, 9.9, VALUES, CHART.labels)
    label, length = steps(off, 10)[-1]
    assert (label, round(length, 12)) == ("sampling error", 0.5)
    near = Waterfall("", 10.0, 9.401, VALUES, CHART.labels)
    assert len(steps(near, 10)) == 5


def test_bars_lead_from_the_mean_output_to_the_output() -> None:
    figure = Figure()
    draw_waterfalls(figure, [CHART], 3)
    drawn = bars(figure)
    starts = [bar.get_x() for bar in drawn]
    stops = [bar.get_x() + bar.get_width() for bar in drawn]
    assert starts[-1] == pytest.approx(10)
    assert stops[0] == pytest.approx(9.4)
    assert starts[:-1] == pytest.approx(stops[1:])
    expected = [POSITIVE if bar.get_width() > 0 else NEGATIVE for bar in drawn]
    assert [bar.get_facecolor() for bar in drawn] == [to_rgba(color) for color in expected]
    axes = figure.axes[0]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the longest on top
    assert axes.get_xlabel() == "mean output 10 → output 9.4"
    figure.canvas.draw()  # a `$` in a name or title is no mathematics


def test_labels_tell_the_values_of_the_features() -> None:
    made = explanation()
    figure = made.waterfall(sample=3, max_features=2)
    order = np.argsort(-np.abs(made.values[3, 0]))
    texts = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert texts[0] == f"{'abcdef'[order[0]]} = {made.rows[3, order[0]]:.4g}"
    assert texts[2] == "4 other features"
    assert figure.axes[0].get_title() == "[3] yes"


def test_a_beeswarm_has_a_point_for_each_row_and_feature() -> None:
    made = explanation()
    figure = made.beeswarm(max_features=4)
    axes = figure.axes[0]
    swarms = [each for each in axes.collections if isinstance(each, PathCollection)]
    order = np.argsort(-np.abs(made.values[:, 0]).mean(0))[:4]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["abcdef"[k] for k in order]
    for place, (swarm, k) in enumerate(zip(swarms, order, strict=True)):
        points = np.asarray(swarm.get_offsets())
        np.testing.assert_allclose(points[:, 0], made.values[:, 0, k])
        assert np.abs(points[:, 1] - place).max() < 0.5
        assert len(np.unique(points.round(9), axis=0)) == 30
        red = swarm.get_facecolors()[:, 0]  # from blue to orange
        rows = made.rows[:, k]
        assert red[rows.argmax()] == red.max() > red[rows.argmin()] == red.min()


def test_constant_features_and_one_row_can_be_drawn() -> None:
    with pytest.warns(UserWarning, match="`features` has one row only"):
        one = SHAPKernel(lambda x: x[:, :2] * [2, 0], np.zeros((1, 3)), num_neighbours=6)
    explained = one.explain(np.ones((1, 3)))
    for figure in (explained.beeswarm(), explained.waterfall(), global_importance(explained).bar()):
        figure.canvas.draw()
    np.testing.assert_allclose(explained.values, [[[2, 0, 0]]], atol=1e-12)


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_figures_follow_the_style_in_use(style: str, tmp_path: Path) -> None:
    made = explanation()
    with pyplot.style.context(style):
        for figure in (made.waterfall(), made.beeswarm(), global_importance(made).bar()):
            assert figure.get_facecolor() == to_rgba(pyplot.rcParams["figure.facecolor"])
            text = figure.axes[0].get_yticklabels()[0].get_color()
            assert to_rgba(text) == to_rgba(pyplot.rcParams["ytick.color"])
            figure.savefig(tmp_path / "figure.png")
    assert pyplot.get_fignums() == []


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Number of charts of each figure that a window would show."""
    counts: list[int] = []
    monkeypatch.setattr(pyplot, "show", lambda: counts.append(len(pyplot.gcf().axes)))
    return counts


def test_a_call_shows_when_asked_and_a_dozen_at_most(shown: list[int]) -> None:
    explainer = SHAPKernel(curved(3, outputs=2), table(4, 3))
    rows = table(20, 3, seed=1)
    explainer(rows[:1])
    explainer(rows[:1], show=False)
    assert shown == []
    explainer(rows[:1], show=True)
    explainer(rows[:3], [[0, 1]] * 3, show=True)
    explainer(rows, show=True)
    assert shown == [1, 6, 12]
    assert pyplot.get_fignums() == []


@pytest.mark.torch
def test_gradients_are_shown_too(shown: list[int]) -> None:
    from tests.explainer.shapley.models import hidden_layer

    SHAPGradient(hidden_layer("torch"), table(5, 5))(table(1, 5), show=True)
    assert shown == [1]


def test_global_importance_is_the_mean_of_absolute_values() -> None:
    values = np.array([[[1.0, -4, 0]], [[-3, -2, 0]]])
    made = global_importance(values, ["x", "y", "z"])
    assert isinstance(made, GlobalImportance)
    np.testing.assert_allclose(made.importance, [[2, 3, 0]])
    np.testing.assert_allclose(made.mean, [[-1, -3, 0]])
    assert made.num_rows == 2
    assert made.ranking() == [("y", 3.0), ("x", 2.0), ("z", 0.0)]
    assert [bar.get_width() for bar in bars(made.bar(max_features=2))] == [3, 2]
    assert global_importance(values).feature_names == ["feature 0", "feature 1", "feature 2"]


def test_global_importance_reads_tensors(framework: str) -> None:
    from tests.networks import tensor

    values = np.array([[[1.0, -4]], [[-3, -2]]], np.float32)
    np.testing.assert_allclose(global_importance(tensor(framework, values)).importance, [[2, 3]])


@pytest.mark.parametrize(
    ("values", "names", "error", "message"),
    [
        ([[[1.0]]], None, TypeError, "`values` must be an array or a tensor, got list"),
        (np.array([[["a"]]]), None, TypeError, "`values` must hold numbers"),
        (np.zeros((2, 3)), None, ValueError, r"shape \(N, L, K\)"),
        (np.zeros((0, 1, 3)), None, ValueError, r"shape \(N, L, K\)"),
        (np.full((1, 1, 1), np.nan), None, ValueError, "`values` must be finite"),
        (np.zeros((1, 1, 2)), ["a"], ValueError, "`feature_names` must have 2 names, got 1"),
    ],
)
def test_bad_values_are_refused(
    values: Any, names: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        global_importance(values, names)
