"""Deletion and insertion of features, beside closed forms and loops."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier

from seewhy.benchmark.tabular_faithfulness import TabularFaithfulness
from seewhy.explainer import SHAPKernel
from tests.explainer.shapley.models import curved, hidden_layer, table
from tests.networks import tensor

BACKGROUND = table(6, 5, seed=9)


def slow(metric: str, model: Any, row: np.ndarray, target: int, values: np.ndarray) -> float:
    """The definition, feature by feature."""
    mixed = BACKGROUND.copy() if metric == "Insertion" else np.tile(row, (len(BACKGROUND), 1))
    curve = [model(mixed)[:, target].mean()]
    for feature in np.argsort(-values, kind="stable"):
        mixed[:, feature] = row[feature] if metric == "Insertion" else BACKGROUND[:, feature]
        curve.append(model(mixed)[:, target].mean())
    area = sum((a + b) / 2 - curve[0] for a, b in pairwise(curve)) / len(values)
    return float(area if metric == "Insertion" else -area)


@pytest.mark.parametrize("metric", ["Deletion", "Insertion"])
def test_scores_are_those_of_the_definition(metric: Any) -> None:
    model, rows, targets = curved(5, outputs=3), table(4, 5), [[0, 1], [1, 2], [2, 0], [0, 2]]
    values = np.random.default_rng(0).normal(size=(4, 2, 5))
    made = TabularFaithfulness(model, BACKGROUND, metric, rows_per_eval=7).evaluate(
        rows, targets, values
    )
    for n in range(4):
        for label in range(2):
            expected = slow(metric, model, rows[n], targets[n][label], values[n, label])
            assert made[n, label] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", ["Deletion", "Insertion"])
def test_a_linear_model_has_its_closed_form(metric: Any) -> None:
    effects = np.array([3.0, -1, 2, 0, 0.5])
    row = BACKGROUND.mean(0, keepdims=True) + 1
    scorer = TabularFaithfulness(lambda x: x @ effects, BACKGROUND, metric)
    made = scorer.evaluate(row, 0, effects[None, None])
    sums = np.cumsum([0, 3, 2, 0.5, 0, -1])
    assert made == pytest.approx(np.array([[((sums[1:] + sums[:-1]) / 2).mean()]]))
    worst = scorer.evaluate(row, 0, -effects[None, None])
    assert worst == pytest.approx(effects.sum() - made)


def test_shapley_values_score_higher_than_chance_and_than_their_opposite() -> None:
    wine = load_wine()
    forest = RandomForestClassifier(20, random_state=0).fit(wine.data, wine.target)
    rows, background = wine.data[::30], wine.data[::20]
    values = SHAPKernel(forest, background, num_neighbours=400)(rows, wine.target[::30])
    chance = np.random.default_rng(0).normal(size=values.shape)
    for metric in ("Deletion", "Insertion"):
        scorer = TabularFaithfulness(forest, background, metric)
        made, random, opposite = (
            scorer.evaluate(rows, wine.target[::30], each).mean()
            for each in (values, chance, -values)
        )
        assert made > random + 0.05 > opposite + 0.1


def test_curves_begin_and_end_at_the_outputs() -> None:
    model, rows = curved(5, outputs=2), table(3, 5)
    values = table(3, 5, seed=2)[:, None]
    base = model(BACKGROUND).mean(0)
    inserted = TabularFaithfulness(model, BACKGROUND, "Insertion").curves(rows, 1, values)
    deleted = TabularFaithfulness(model, BACKGROUND).curves(rows, 1, values)
    assert inserted.shape == deleted.shape == (3, 1, 6)
    np.testing.assert_allclose(inserted[:, 0, 0], base[1])
    np.testing.assert_allclose(inserted[:, 0, -1], model(rows)[:, 1])
    np.testing.assert_allclose(deleted[:, 0, ::5], inserted[:, 0, ::-5])


def test_tensors_are_scored(framework: str) -> None:
    scorer = TabularFaithfulness(hidden_layer(framework), BACKGROUND.astype(np.float32))
    rows = table(2, 5).astype(np.float32)
    values = table(2, 5, seed=1).astype(np.float32)[:, None]
    expected = scorer.evaluate(rows, 1, values)
    made = scorer.evaluate(tensor(framework, rows), 1, tensor(framework, values))
    np.testing.assert_allclose(made, expected, atol=1e-6)


def test_a_summary_stands_for_the_background() -> None:
    scorer = TabularFaithfulness(curved(5), table(200, 5), "Insertion", summarise=8)
    assert scorer.parameters == {"metric": "Insertion", "summarise": 8}
    assert scorer.evaluate(table(1, 5), 0, np.ones((1, 1, 5))).shape == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"metric": "Removal"}, ValueError, "`metric` must be one of Deletion, Insertion"),
        ({"metric": 1}, TypeError, "`metric` must be a string"),
        ({"features": np.zeros((2, 3, 4))}, ValueError, "`features` must have shape"),
        ({"predictor": None}, TypeError, "`predictor` must be"),
        ({"summarise": 1.5}, TypeError, "`summarise` must be a positive int"),
    ],
)
def test_bad_settings_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        TabularFaithfulness(**{"predictor": curved(5), "features": BACKGROUND, **arguments})


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        (
            np.zeros((2, 1, 4)),
            ValueError,
            r"`values` must have shape \(N, L, K\), here \(2, 1, 5\)",
        ),
        (np.full((2, 1, 5), np.nan), ValueError, "`values` must be finite"),
        ([[("a", 1.0)]], TypeError, "`values` must be an array or a tensor"),
    ],
)
def test_bad_values_are_refused(values: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TabularFaithfulness(curved(5), BACKGROUND).evaluate(table(2, 5), 0, values)


def test_rows_are_scored_together_as_they_are_alone() -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=(4, 3000))  # so many outputs that 300 rows take several parts

    def wide(rows: Any) -> Any:
        return np.tanh(rows @ weights)

    x, background = random.normal(size=(300, 4)), random.normal(size=(2, 4))
    values, ids = random.normal(size=(300, 2, 4)), random.integers(3000, size=(300, 2))
    metric = TabularFaithfulness(wide, background, "Insertion", rows_per_eval=700)
    made = metric.curves(x, ids, values)
    for row in (0, 137, 299):
        alone = metric.curves(x[row], ids[[row]], values[[row]])[0]
        np.testing.assert_allclose(made[row], alone, rtol=1e-12)
