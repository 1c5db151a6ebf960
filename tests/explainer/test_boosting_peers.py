"""Models of XGBoost and LightGBM, explained by us and, where both are exact, by `shap`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xgboost
from sklearn.datasets import load_diabetes, load_wine

from seewhy import LIMETabular, SHAPKernel, TabularRunner
from seewhy.explainer import exact_shapley
from seewhy.store import read_tabular

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its own imports are deprecated for
    import shap

pytestmark = pytest.mark.peers

NUMBER = 3
LIBRARIES = ["xgboost", "lightgbm"]


@pytest.fixture(autouse=True)
def what_the_peers_say() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        yield


def wine() -> tuple[pd.DataFrame, npt.NDArray[Any]]:
    """The first eight columns, and which of three classes it is."""
    frame, classes = load_wine(return_X_y=True, as_frame=True)
    return frame.iloc[:, :8], np.asarray(classes)


def asked() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to explain, and a background."""
    frame, _ = wine()
    return frame.iloc[[5, 75, 150]], frame.iloc[::9]


def classifier(library: str, frame: Any, classes: Any) -> Any:
    if library == "xgboost":
        return xgboost.XGBClassifier(n_estimators=12, max_depth=3, n_jobs=1).fit(frame, classes)
    return lightgbm.LGBMClassifier(n_estimators=12, n_jobs=1, verbose=-1).fit(frame, classes)


def margins(model: Any) -> Any:
    """The sums of the trees, which TreeExplainer explains."""
    if isinstance(model, xgboost.XGBClassifier):
        return lambda rows: model.predict(rows, output_margin=True)
    return lambda rows: model.predict_proba(rows, raw_score=True)


@pytest.mark.parametrize("library", LIBRARIES)
def test_margins_are_explained_as_by_the_algorithm_for_trees(library: str) -> None:
    model = classifier(library, *wine())
    rows, background = asked()
    made = SHAPKernel(margins(model), background)(rows, [[0, 1, 2]] * NUMBER)
    trees = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    expected = np.moveaxis(np.asarray(trees.shap_values(rows)), 2, 1)
    np.testing.assert_allclose(made, expected, atol=1e-6)  # XGBoost sums in single precision


@pytest.mark.parametrize("library", LIBRARIES)
def test_probabilities_are_explained_as_by_the_definition(library: str) -> None:
    model = classifier(library, *wine())
    rows, background = asked()
    labels = [[0, 1, 2]] * NUMBER
    made = SHAPKernel(model, background).explain(rows, labels)
    np.testing.assert_allclose(made.outputs, model.predict_proba(rows), atol=1e-7)
    expected = exact_shapley(model.predict_proba, background, rows, labels)
    np.testing.assert_allclose(made.values, expected, atol=1e-7)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_regression_is_explained_as_by_the_algorithm_for_trees(library: str) -> None:
    x, y = load_diabetes(return_X_y=True)
    if library == "xgboost":
        model = xgboost.XGBRegressor(n_estimators=12, max_depth=3, n_jobs=1).fit(x, y)
    else:
        model = lightgbm.LGBMRegressor(n_estimators=12, n_jobs=1, verbose=-1).fit(x, y)
    made = SHAPKernel(model, x[:30])(x[100:103])
    trees = shap.TreeExplainer(model, x[:30], feature_perturbation="interventional")
    expected = np.asarray(trees.shap_values(x[100:103]))
    np.testing.assert_allclose(made[:, 0], expected, atol=2e-4)  # of outputs of about 150


@pytest.mark.parametrize("kind", ["arrays", "DataFrames"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_a_native_booster_is_explained_as_its_estimator(library: str, kind: str) -> None:
    frame, classes = wine()
    model = classifier(library, frame, classes)
    booster = model.get_booster() if library == "xgboost" else model.booster_
    rows, background = asked()
    expected = SHAPKernel(model, background)(rows, [[0, 1, 2]] * NUMBER)
    given = (rows, background) if kind == "DataFrames" else (rows.to_numpy(), background.to_numpy())
    made = SHAPKernel(booster, given[1])(given[0], [[0, 1, 2]] * NUMBER)
    np.testing.assert_allclose(made, expected, atol=1e-7)


def test_a_booster_is_explained_through_a_callable_on_its_own_matrices() -> None:
    frame, classes = wine()
    booster = classifier("xgboost", frame, classes).get_booster()
    rows, background = asked()
    made = SHAPKernel(lambda frame: booster.predict(xgboost.DMatrix(frame)), background)(rows, 1)
    expected = SHAPKernel(booster, background)(rows, 1)
    np.testing.assert_allclose(made, expected, atol=1e-7)


@pytest.mark.parametrize("library", LIBRARIES)
def test_rules_follow_the_only_feature_that_a_model_uses(library: str) -> None:
    frame, _ = wine()
    high = frame["flavanoids"] > 2
    model = classifier(library, frame, high.astype(int))
    stats = LIMETabular.to_feat_stats(frame)
    for rules in LIMETabular(model, stats, max_features=3)(frame.iloc[[0, 100]], 1):
        (first, weight), (_, second), *_ = rules[0]
        assert high.name in first
        assert abs(weight) > 5 * abs(second)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_run_stores_what_the_explainers_say(library: str, tmp_path: Path) -> None:
    frame, classes = wine()
    model = classifier(library, frame, classes)
    background = frame.iloc[::20]
    explainer = SHAPKernel(model, background)
    runner = TabularRunner(
        tmp_path, frame.iloc[:4], model, ground_truth=classes[:4], targets="all", progress=False
    )
    runner.register_explainers([explainer])
    with read_tabular(runner.run()) as reader:
        assert library in reader.info().versions
        stored = reader.attributions("SHAPKernel", 1)
        np.testing.assert_allclose(stored.values, explainer(frame.iloc[:4], 1)[:, 0], atol=1e-9)
        np.testing.assert_allclose(stored.outputs, model.predict_proba(frame.iloc[:4])[:, 1])
