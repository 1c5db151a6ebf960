"""The same values as `shap` where both are exact, and smaller errors at equal evaluations."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from seewhy.explainer import SHAPGradient, SHAPKernel, exact_shapley
from tests.explainer.shapley.models import Floats, curved, hidden_layer, table
from tests.networks import library

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its own imports are deprecated for
    import shap

pytestmark = pytest.mark.peers

SEEDS = range(8)


@pytest.fixture(autouse=True)
def what_the_peers_say() -> Iterator[None]:
    logging.getLogger("shap").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def of_shap(model: object, background: Floats, rows: Floats, budget: int, seed: int = 0) -> Floats:
    """(N, K, L) of shap's KernelExplainer, without its selection of features."""
    explainer = shap.KernelExplainer(model, background)
    state = np.random.get_state()  # noqa: NPY002 - shap draws from the global one
    np.random.seed(seed)  # noqa: NPY002
    made = explainer.shap_values(rows, nsamples=budget, l1_reg=0, silent=True)
    np.random.set_state(state)  # noqa: NPY002
    return np.asarray(made)


@pytest.mark.parametrize("features", [2, 3, 6, 9])
def test_exact_values_are_those_of_shap(features: int) -> None:
    model, rows = curved(features, outputs=2), table(3, features)
    background = table(4, features, seed=1)
    rows[0, 0] = background[:, 0] = 2  # a feature that does not vary
    made = SHAPKernel(model, background)(rows, [[0, 1]] * 3)
    expected = of_shap(model, background, rows, 5000)
    np.testing.assert_allclose(np.moveaxis(made, 1, 2), expected, atol=1e-9)


def test_a_forest_is_explained_as_by_shap() -> None:
    wine = load_wine()
    x, y = wine.data[:, :8], wine.target
    forest = RandomForestClassifier(10, random_state=0).fit(x, y)
    made = SHAPKernel(forest, x[::20])(x[:2], [[0, 1, 2]] * 2)
    expected = of_shap(forest.predict_proba, x[::20], x[:2], 5000)
    np.testing.assert_allclose(np.moveaxis(made, 1, 2), expected, atol=1e-9)


@pytest.mark.parametrize("budget", [56, 112, 448])
def test_errors_are_no_larger_than_those_of_shap(budget: int) -> None:
    ours, theirs = [], []
    for number in range(4):
        model, background, row = curved(14, seed=number), np.zeros((1, 14)), np.ones((1, 14))
        exact = exact_shapley(model, background, row)[0, 0]
        for seed in SEEDS:
            made = SHAPKernel(model, background, num_neighbours=budget, seed=seed)(row)[0, 0]
            other = of_shap(model, background, row, budget, seed)[0, :, 0]
            size = (exact**2).sum()
            ours.append(((made - exact) ** 2).sum() / size)
            theirs.append(((other - exact) ** 2).sum() / size)
    assert np.mean(ours) <= np.mean(theirs)


@pytest.mark.torch
def test_errors_are_a_third_of_captums_or_less() -> None:
    """On average over three models; it depends on the model, from 1 to 1/6."""
    torch = library("torch")
    from captum.attr import KernelShap

    x, y = load_wine(return_X_y=True)
    background, row, scaled = x.mean(0, keepdims=True), x[5:6], (x - x.mean(0)) / x.std(0)
    ratios = []
    for kind in (
        RandomForestClassifier(30, random_state=0),
        MLPClassifier((32, 32), random_state=0, max_iter=400),
        LogisticRegression(),
    ):
        fitted = kind.fit(scaled, y)

        def model(rows: Floats, fitted: Any = fitted) -> Floats:
            return np.asarray(fitted.predict_proba((rows - x.mean(0)) / x.std(0)))

        def of_captum(seed: int, model: Any = model) -> Floats:
            torch.manual_seed(seed)
            peer = KernelShap(lambda inputs: torch.from_numpy(model(inputs.numpy())[:, 0]))
            inside, outside = torch.from_numpy(row), torch.from_numpy(background)
            made = peer.attribute(inside, outside, n_samples=448, perturbations_per_eval=448)
            return np.asarray(made.numpy()[0])

        exact = exact_shapley(model, background, row)[0, 0]
        ours = [
            SHAPKernel(model, background, num_neighbours=448, seed=seed)(row)[0, 0] - exact
            for seed in SEEDS
        ]
        theirs = [of_captum(seed) - exact for seed in SEEDS]
        ratios.append(np.linalg.norm(theirs) / np.linalg.norm(ours))
    assert np.exp(np.mean(np.log(ratios))) >= 3


@pytest.mark.torch
def test_gradients_agree_with_shap_and_captum_and_are_closer_at_equal_draws() -> None:
    torch = library("torch")
    from captum.attr import GradientShap

    network = hidden_layer("torch")
    background = torch.from_numpy(table(20, 5, seed=9).astype(np.float32))
    row = torch.from_numpy(table(1, 5).astype(np.float32))
    limit = SHAPGradient(network, background, num_neighbours=50_000)(row, 1)[0, 0]
    peer = shap.GradientExplainer(network, background)
    drawn = peer.shap_values(row, nsamples=20_000, rseed=0)[0, :, 1]
    np.testing.assert_allclose(drawn, limit, atol=0.03 * float(limit.abs().max()))
    errors = {"ours": 0.0, "captum": 0.0}
    for seed in SEEDS:
        torch.manual_seed(seed)
        other = GradientShap(network).attribute(row, background, n_samples=200, target=1)[0]
        made = SHAPGradient(network, background, seed=seed)(row, 1)[0, 0]
        errors["captum"] += float((other - limit).square().sum())
        errors["ours"] += float((made - limit).square().sum())
    assert errors["ours"] * 9 <= errors["captum"]
