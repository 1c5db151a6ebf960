"""The same numbers as the `lime` package at equal settings and the same draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from lime.lime_tabular import LimeTabularExplainer
from scipy.stats import ks_2samp
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from seewhy import LIMETabular
from seewhy.explainer.tabular.neighbourhood import draw
from seewhy.explainer.tabular.statistics import read_statistics

pytestmark = pytest.mark.peers

NUMBER = 500
Array = npt.NDArray[Any]


class SameDraws(LimeTabularExplainer):  # type: ignore[misc]
    """`lime`, on rows that are given; what it makes of them is its own."""

    rows: Array

    def _LimeTabularExplainer__data_inverse(self, row: Array, number: int) -> tuple[Array, Array]:
        rows = np.concatenate([row[None], self.rows])
        design = self.discretizer.discretize(rows) == self.discretizer.discretize(row)
        return design.astype(float), rows


def both(
    table: Array,
    predict: Any,
    labels: int,
    categorical: list[int],
    max_features: int,
    selection: str = "auto",
) -> None:
    """Compare descriptions, weights, intercepts and scores for a few rows."""
    names = [f"feature {k}" for k in range(table.shape[1])]
    stats = LIMETabular.to_feat_stats(table, None, categorical)
    settings: dict[str, Any] = {"feature_selection": selection}
    ours = LIMETabular(predict, stats, names, categorical, None, NUMBER, max_features, **settings)
    theirs = SameDraws(
        table,
        "classification" if labels > 1 else "regression",
        feature_names=names,
        categorical_features=categorical,
        random_state=0,
        **settings,
    )
    theirs.rows = draw(read_statistics(stats), NUMBER - 1, seed=0).values
    chosen = table[[3, len(table) // 2, -3]]
    ids = [list(range(labels))] * len(chosen)
    rules, models = ours(chosen, ids), ours.local_models(chosen, ids)
    for n, row in enumerate(chosen):
        found = theirs.explain_instance(
            row, predict, range(labels), num_features=max_features, num_samples=NUMBER
        )
        for label in range(labels):
            # lime lists a regression's weights under label 1.
            expected = found.as_list(label if labels > 1 else 1)
            assert [text for text, _ in rules[n][label]] == [text for text, _ in expected]
            weights = [weight for _, weight in rules[n][label]]
            np.testing.assert_allclose(weights, [weight for _, weight in expected], atol=1e-10)
            assert models.intercepts[n, label] == pytest.approx(found.intercept[label])
        assert models.scores[n, -1] == pytest.approx(found.score)


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
@pytest.mark.parametrize("max_features", [3, 6, 7, 10, 40])
def test_classification(load: Any, max_features: int) -> None:
    table, classes = load(return_X_y=True)
    forest = RandomForestClassifier(5, random_state=0).fit(table, classes)
    both(table, forest.predict_proba, classes.max() + 1, [], max_features)


@pytest.mark.parametrize("selection", ["none", "forward_selection", "highest_weights"])
def test_every_selection(selection: str) -> None:
    table, classes = load_wine(return_X_y=True)
    forest = RandomForestClassifier(5, random_state=0).fit(table, classes)
    both(table, forest.predict_proba, 3, [], 8, selection)


@pytest.mark.parametrize("max_features", [4, 10])
def test_regression(max_features: int) -> None:
    table, target = load_diabetes(return_X_y=True, scaled=False)
    forest = RandomForestRegressor(5, random_state=0).fit(table, target / 100)
    both(table, forest.predict, 1, [], max_features)


@pytest.mark.parametrize("max_features", [2, 10])
def test_categories(max_features: int) -> None:
    random = np.random.default_rng(0)
    colours = random.choice([2, 5, 9, 40], (300, 2), p=[0.5, 0.3, 0.15, 0.05])
    table = np.column_stack([colours[:, 0], random.normal(size=(300, 3)), colours[:, 1]])
    classes = (table[:, 0] == 5).astype(int) + (table[:, 1] > 0.5)
    forest = RandomForestClassifier(5, random_state=0).fit(table, classes)
    both(table, forest.predict_proba, 3, [0, 4], max_features)


def test_their_draws_are_distributed_as_ours() -> None:
    """Both draw the training data's marginals; here nothing is injected."""
    table, _ = load_iris(return_X_y=True)
    seen: list[Array] = []

    def predict(rows: Array) -> Array:
        seen.append(rows[1:])
        return np.full((len(rows), 2), 0.5)

    LimeTabularExplainer(table, random_state=0).explain_instance(table[0], predict)
    LIMETabular(predict, LIMETabular.to_feat_stats(table))(table[0])
    theirs, ours = seen[0], seen[-1]
    for one, other in zip(theirs.T, ours.T, strict=True):
        # The chance of more is one in a thousand, for 5000 draws each.
        assert ks_2samp(one, other).statistic < 1.95 * np.sqrt(2 / 5000)
