"""SHAPGradient beside closed forms and slow integrals, in both frameworks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris

from seewhy.explainer import SHAPGradient
from tests.explainer.shapley.models import (
    IRIS_BIAS,
    IRIS_WEIGHTS,
    Floats,
    hidden_layer,
    iris_network,
    table,
)
from tests.networks import library, numpy, tensor
from tests.snapshots import snapshot

BACKGROUND = table(10, 5, seed=9).astype(np.float32)


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def integral(row: Floats, background: Floats, target: int) -> Floats:
    """Expected gradients of the tutorial's classifier, by 400 midpoints for each row."""
    total = np.zeros(len(row))
    for other in background:
        for share in (np.arange(400) + 0.5) / 400:
            p = softmax((other + share * (row - other)) @ IRIS_WEIGHTS.T + IRIS_BIAS)
            gradient = p[target] * (IRIS_WEIGHTS[target] - p @ IRIS_WEIGHTS)
            total += gradient * (row - other) / 400
    return total / len(background)


def linear(framework: str, weight: np.ndarray) -> Any:
    nn = library(framework).nn
    made = (nn.Linear if framework == "torch" else nn.Dense)(*weight.shape[::-1])
    native = tensor(framework, weight)
    if framework == "torch":
        made.weight.data = native
    else:
        made.weight.set_data(native)
    return made


def test_a_linear_network_has_its_closed_form(framework: str) -> None:
    weight = table(3, 5).astype(np.float32)
    explainer = SHAPGradient(linear(framework, weight), BACKGROUND)
    rows = tensor(framework, table(4, 5, seed=1).astype(np.float32))
    made = explainer(rows, tensor(framework, np.tile([2, 0], (4, 1))))
    assert type(made) is type(rows)
    assert made.shape == (4, 2, 5)
    expected = weight[[2, 0]] * (numpy(rows) - BACKGROUND.mean(0))[:, None]
    np.testing.assert_allclose(numpy(made), expected, atol=1e-5)


def test_few_draws_come_near_the_integral(framework: str) -> None:
    data = load_iris().data[:100]
    row, features = data[:1].astype(np.float32), data.astype(np.float32)
    expected = integral(data[0], data[::5], 0)
    made = SHAPGradient(iris_network(framework), features[::5])(row)
    np.testing.assert_allclose(made[0, 0], expected, atol=0.02)
    many = SHAPGradient(iris_network(framework), features[::5], num_neighbours=20000)(row)
    np.testing.assert_allclose(many[0, 0], expected, atol=5e-4)


@pytest.mark.torch
def test_the_draws_are_unbiased_and_closer_than_independent_ones() -> None:
    data = load_iris().data[:100].astype(np.float32)
    network, expected = (
        iris_network("torch"),
        integral(data[0].astype(float), data.astype(float), 0),
    )
    errors, means = [], []
    for seed in range(40):
        made = SHAPGradient(network, data, seed=seed)(data[:1])[0, 0]
        errors.append(((made - expected) ** 2).sum())
        means.append(made)
    # Independent draws: 0.039 (the spread of one draw over the square root of 200).
    assert np.sqrt(np.mean(errors)) < 0.039 / 4
    np.testing.assert_allclose(np.mean(means, axis=0), expected, atol=0.003)


def test_values_nearly_sum_to_the_output_less_the_mean_output(framework: str) -> None:
    explainer = SHAPGradient(hidden_layer(framework), BACKGROUND, num_neighbours=1000)
    explained = explainer.explain(table(6, 5), np.tile([0, 1, 2], (6, 1)))
    gains = explained.outputs - explained.base_values
    np.testing.assert_allclose(explained.values.sum(2), gains, atol=0.03 * np.abs(gains).max())


def test_both_frameworks_give_the_same_values(request: pytest.FixtureRequest) -> None:
    names = [name for name in request.config.getoption("--frameworks").split(",") if name]
    rows, targets = table(3, 5).astype(np.float32), [[0, 1, 2]] * 3
    made = [SHAPGradient(hidden_layer(name), BACKGROUND)(rows, targets) for name in names]
    for other in made[1:]:
        np.testing.assert_allclose(other, made[0], atol=1e-5)


def test_a_row_is_explained_alike_in_any_batch(framework: str) -> None:
    network, rows = hidden_layer(framework), table(5, 5).astype(np.float32)
    whole = SHAPGradient(network, BACKGROUND, num_neighbours=30)(rows, 1)
    parts = SHAPGradient(network, BACKGROUND, num_neighbours=30, rows_per_eval=17)
    np.testing.assert_allclose(parts(rows, 1), whole, atol=1e-6)
    np.testing.assert_allclose(parts(rows[3:4], 1), whole[3:4], atol=1e-6)


@pytest.mark.filterwarnings("ignore:`features` has one row only")
def test_a_regression_may_return_one_number_a_row(framework: str) -> None:
    native = library(framework)

    class Squares(native.nn.Module if framework == "torch" else native.nn.Cell):  # type: ignore
        def forward(self, x: Any) -> Any:
            return (x * x).sum(-1)

        construct = forward

    explainer = SHAPGradient(Squares(), np.zeros((1, 3), np.float32), num_neighbours=2000)
    made = explainer(np.array([[1.0, 2, 3]], np.float32), targets=5)
    np.testing.assert_allclose(made, [[[1, 4, 9]]], rtol=1e-3)


def test_a_summary_weighs_its_rows(framework: str) -> None:
    features = np.repeat([[0.0], [10.0]], [75, 25], axis=0).astype(np.float32)
    network = linear(framework, np.array([[1.0]], np.float32))
    explainer = SHAPGradient(network, features, summarise=2)
    np.testing.assert_allclose(explainer(np.array([[1.0]], np.float32)), [[[1 - 2.5]]], atol=1e-5)


def test_the_network_comes_back_as_it_was(framework: str) -> None:
    network = hidden_layer(framework)
    explainer = SHAPGradient(network, BACKGROUND, num_neighbours=20)
    before = snapshot(framework, network)
    explainer(table(2, 5), [[0, 1]] * 2)
    assert snapshot(framework, network) == before
    assert explainer.network is network
    assert explainer.parameters == {"num_neighbours": 20, "summarise": None, "seed": 0}


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(TypeError, match=r"`network` must be a torch\.nn\.Module or a mindspore"):
        SHAPGradient(lambda x: x, BACKGROUND)


def test_bad_calls_are_refused(framework: str) -> None:
    explainer = SHAPGradient(hidden_layer(framework), BACKGROUND)
    with pytest.raises(ValueError, match=r"`targets` must be class ids in 0\.\.2"):
        explainer(table(2, 5), 3)
    with pytest.raises(ValueError, match="`inputs` must have 5 columns"):
        explainer(table(2, 4))
    with pytest.raises(ValueError, match="`inputs` must be finite, got nan in row 1, column 4"):
        explainer(np.where(np.arange(10).reshape(2, 5) == 9, np.nan, 0))
