"""SHAPKernel beside definitions, closed forms and the tutorial's figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from seewhy.explainer import SHAPKernel, exact_shapley
from tests.explainer.shapley.models import (
    by_permutations,
    curved,
    hidden_layer,
    hidden_layer_in_numpy,
    iris_network,
    table,
)
from tests.networks import numpy, tensor
from tests.snapshots import snapshot

BACKGROUND = table(7, 5, seed=9)


def test_the_definition_is_the_mean_over_all_orders() -> None:
    model, rows = curved(5, outputs=3), table(2, 5)
    for explain in (
        SHAPKernel(model, BACKGROUND),
        lambda x, targets: exact_shapley(model, BACKGROUND, x, targets),
    ):
        made = explain(rows, [[0, 1, 2]] * 2)
        assert made.shape == (2, 3, 5)
        for row, values in zip(rows, made, strict=True):
            np.testing.assert_allclose(
                values, by_permutations(model, BACKGROUND, row).T, atol=1e-12
            )


def test_twelve_features_are_exact_by_default() -> None:
    model, background, rows = curved(12, outputs=2), table(3, 12, seed=1), table(2, 12, seed=2)
    made = SHAPKernel(model, background)(rows, [[1, 0], [0, 1]])
    exact = exact_shapley(model, background, rows, [[1, 0], [0, 1]])
    np.testing.assert_allclose(made, exact, atol=1e-11)


@pytest.mark.parametrize("budget", [80, 200, 3000])
def test_a_linear_model_has_its_closed_form_at_any_budget(budget: int) -> None:
    weights, background, rows = table(3, 40, seed=1), table(5, 40, seed=2), table(4, 40, seed=3)
    explainer = SHAPKernel(lambda x: x @ weights.T, background, num_neighbours=budget)
    made = explainer(rows, np.tile([0, 1, 2], (4, 1)))
    expected = weights * (rows - background.mean(0))[:, None]
    np.testing.assert_allclose(made, expected, atol=1e-9)


def test_values_sum_to_the_output_less_the_mean_output() -> None:
    model, background, rows = curved(20, outputs=2), table(6, 20, seed=1), table(5, 20, seed=2)
    explained = SHAPKernel(model, background, num_neighbours=300).explain(rows, [[0, 1]] * 5)
    np.testing.assert_allclose(explained.base_values, [model(background).mean(0)] * 5, atol=1e-12)
    np.testing.assert_allclose(explained.outputs, model(rows), atol=1e-12)
    sums = explained.values.sum(2)
    np.testing.assert_allclose(sums, explained.outputs - explained.base_values, atol=1e-13)


def test_the_tutorials_figures(framework: str) -> None:
    data = tensor(framework, load_iris().data.astype(np.float32))
    with pytest.warns(UserWarning, match="150 rows"):
        explainer = SHAPKernel(iris_network(framework), data)
    made = explainer(data[:1], targets=0, show=False)
    assert type(made) is type(data)
    assert made.dtype == data.dtype
    np.testing.assert_allclose(numpy(made)[0, 0], [-0.0040, 0.0365, 0.5995, 0.0140], atol=5e-5)


def test_networks_are_explained_as_the_same_function_is(framework: str) -> None:
    rows = table(3, 5).astype(np.float32)
    network = hidden_layer(framework)
    explainer = SHAPKernel(network, BACKGROUND)
    before = snapshot(framework, network)
    made = explainer(rows, [[0, 1, 2]] * 3)
    assert snapshot(framework, network) == before
    expected = exact_shapley(hidden_layer_in_numpy(), BACKGROUND, rows, [[0, 1, 2]] * 3)
    assert isinstance(made, np.ndarray)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, expected, atol=2e-6)


def test_estimators_and_frames_are_explained() -> None:
    iris = load_iris(as_frame=True)
    forest = RandomForestClassifier(10, random_state=0).fit(iris.data, iris.target)
    explainer = SHAPKernel(forest, iris.data[::3])
    explained = explainer.explain(iris.data[:2], [[0, 1], [1, 2]])
    assert explained.feature_names == iris.feature_names
    assert explained.class_names == [["0", "1"], ["1", "2"]]
    exact = exact_shapley(forest, iris.data[::3], iris.data[:2], [[0, 1], [1, 2]])
    np.testing.assert_allclose(explained.values, exact, atol=1e-12)


def test_batches_suit_the_kind_of_model() -> None:
    rows, labels = table(40, 3), np.arange(40) % 2
    forest = RandomForestClassifier(3, random_state=0).fit(rows, labels)
    pipeline = make_pipeline(StandardScaler(), forest).fit(rows, labels)
    linear = LogisticRegression().fit(rows, labels)

    def most(model: Any) -> int:
        asked: list[int] = []

        class Recording(type(model)):
            def predict_proba(self, x: Any) -> Any:
                asked.append(len(x))
                return np.tile([0.5, 0.5], (len(x), 1))

        model.__class__ = Recording
        SHAPKernel(model, np.repeat(rows, 2, axis=0))(table(900, 3))
        return max(asked)

    assert (most(forest), most(linear)) == (65520, 8160)
    assert most(pipeline) == 65520


def test_a_regression_has_one_output_and_ignores_targets() -> None:
    rows, goals = table(30, 3), table(30, 1, seed=1)[:, 0]
    model = LinearRegression().fit(rows, goals)
    explainer = SHAPKernel(model, rows)
    made = explainer(rows[:4], targets=7)
    expected = model.coef_ * (rows[:4] - rows.mean(0))
    np.testing.assert_allclose(made[:, 0], expected, atol=1e-12)
    assert explainer.explain(rows[:1]).class_names == [["output"]]


@pytest.mark.parametrize(
    "targets",
    [
        1,
        np.int64(1),
        np.array(1),
        [1, 1],
        (1, 1),
        np.array([1, 1]),
        [[1], [1]],
        np.ones((2, 1), int),
    ],
)
def test_all_forms_of_one_target(targets: Any) -> None:
    model, rows = curved(5, outputs=3), table(2, 5)
    explainer = SHAPKernel(model, BACKGROUND)
    expected = explainer(rows, [[0, 1, 2]] * 2)[:, 1:2]
    np.testing.assert_allclose(explainer(rows, targets), expected, atol=1e-13)


def test_a_row_is_explained_alike_alone_and_among_others() -> None:
    model, background = curved(16, outputs=2), table(4, 16, seed=1)
    background[:, 3] = 1
    rows = table(6, 16, seed=2)
    rows[::2, 3] = 1  # nothing to explain: the background has no other value
    rows[5, :3] = background[0, :3]
    explainer = SHAPKernel(model, background, num_neighbours=200, rows_per_eval=37)
    together = explainer(rows, [[0, 1]] * 6)
    other = SHAPKernel(model, background, num_neighbours=200)
    alone = np.concatenate([other(row[None], [[0, 1]]) for row in rows])
    np.testing.assert_allclose(together, alone, atol=1e-12)
    assert (together[::2, :, 3] == 0).all()
    assert (together[1::2, :, 3] != 0).all()


def test_few_features_that_vary_are_exact_however_many_there_are() -> None:
    model, background = curved(30, outputs=2), np.repeat(table(1, 30), 3, axis=0)
    background[:, :2] += table(3, 2, seed=5)
    rows = background[:1] * np.ones((3, 1))
    rows[1, :4] += 1
    rows[2, 17] += 1
    made = SHAPKernel(model, background, num_neighbours=60)(rows)
    np.testing.assert_array_equal((made != 0).sum(2)[:, 0], [2, 4, 3])
    gain = model(rows)[:, 0] - model(background)[:, 0].mean()
    np.testing.assert_allclose(made.sum(2)[:, 0], gain, atol=1e-13)


@pytest.mark.filterwarnings("ignore:`features` has one row only")
def test_a_row_equal_to_the_whole_background_gets_zeros() -> None:
    background = table(1, 5)
    made = SHAPKernel(curved(5, outputs=2), background)(background, 1)
    np.testing.assert_array_equal(made, np.zeros((1, 1, 5)))


def test_one_feature_gets_it_all() -> None:
    made = SHAPKernel(lambda x: x**2, np.array([[1.0], [3.0]]))(np.array([[2.0]]))
    np.testing.assert_allclose(made, [[[4 - 5]]])


def test_a_summary_explains_a_linear_model_nearly_as_all_rows_do() -> None:
    rows = table(400, 4)
    explainer = SHAPKernel(lambda x: x.sum(1), rows, summarise=20)
    made = explainer(rows[:1])
    np.testing.assert_allclose(made[0, 0], rows[0] - rows.mean(0), atol=0.2)
    assert explainer.parameters == {"num_neighbours": 5000, "summarise": 20, "seed": 0}


def test_the_seed_decides_and_none_draws_anew() -> None:
    model, background, rows = curved(16), table(3, 16, seed=1), table(1, 16, seed=2)

    def made(seed: int | None) -> Any:
        return SHAPKernel(model, background, num_neighbours=100, seed=seed)(rows)

    np.testing.assert_array_equal(made(1), made(1))
    assert not np.array_equal(made(1), made(2))
    assert not np.array_equal(made(None), made(None))
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the one that must not move
    made(None)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def good(**changed: Any) -> Any:
    arguments = {"predictor": curved(5, outputs=2), "features": BACKGROUND}
    return SHAPKernel(**{**arguments, **changed})


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"predictor": 3}, TypeError, "`predictor` must be"),
        ({"features": "rows"}, TypeError, "`features` must be"),
        ({"features": np.zeros((2, 3, 4))}, ValueError, "`features` must have shape"),
        ({"features": np.array([[1.0, np.nan]])}, ValueError, "nan in row 0, column 1"),
        ({"feature_names": ["a"]}, ValueError, "`feature_names` must have 5 names, got 1"),
        ({"feature_names": "abcde"}, TypeError, "`feature_names` must be a list of str"),
        ({"num_neighbours": 0}, ValueError, "`num_neighbours` must be a positive int, got 0"),
        ({"num_neighbours": 2.5}, TypeError, "`num_neighbours` must be a positive int"),
        ({"max_features": True}, TypeError, "`max_features` must be a positive int"),
        ({"summarise": 0}, ValueError, "`summarise` must be a positive int"),
        ({"seed": -1}, ValueError, "`seed` must be a non-negative int or None"),
        ({"rows_per_eval": 0}, ValueError, "`rows_per_eval` must be a positive int"),
    ],
)
def test_bad_settings_are_refused(
    changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        good(**changed)


@pytest.mark.parametrize(
    ("inputs", "targets", "error", "message"),
    [
        (np.full((2, 5), np.inf), 0, ValueError, "`inputs` must be finite, got inf in row 0"),
        (table(2, 4), 0, ValueError, "`inputs` must have 5 columns"),
        (np.zeros((0, 5)), 0, ValueError, "at least one row"),
        ("row", 0, TypeError, "`inputs` must be"),
        (table(2, 5), 2, ValueError, r"`targets` must be class ids in 0\.\.1"),
        (table(2, 5), -1, ValueError, "`targets` must be class ids of 0 or more"),
        (table(2, 5), [0, 1, 1], ValueError, "one entry for each of the 2 samples"),
        (table(2, 5), 0.5, TypeError, "`targets` must be"),
    ],
)
def test_bad_calls_are_refused(
    inputs: Any, targets: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        good()(inputs, targets)


def test_show_must_be_a_bool() -> None:
    with pytest.raises(TypeError, match="`show` must be a bool or None"):
        good()(table(1, 5), show=1)


def test_too_small_a_budget_says_how_much_is_needed() -> None:
    with pytest.raises(ValueError, match=r"2 for each of the 30 features .* 60 in all, got 59"):
        SHAPKernel(curved(30), table(3, 30), num_neighbours=59)(table(1, 30))


def test_a_predictor_that_changes_its_width_is_refused() -> None:
    with pytest.raises(ValueError, match="as many outputs as before, 2, got 3"):
        good(predictor=lambda x: np.zeros((len(x), 2 if len(x) < 9 else 3)))(table(2, 5))


def test_exact_values_stop_at_sixteen_features() -> None:
    with pytest.raises(ValueError, match="at most 16 columns for exact values, got 17"):
        exact_shapley(curved(17), table(2, 17), table(1, 17))


def test_one_background_row_is_used_with_a_warning() -> None:
    """Each value is then what the feature changes between the two rows of a linear model."""
    weights, row, other = np.array([1.0, -2.0, 3.0]), np.array([[1.0, 2.0, 3.0]]), np.ones((1, 3))
    with pytest.warns(UserWarning, match="`features` has one row only"):
        explainer = SHAPKernel(lambda rows: np.asarray(rows) @ weights, other)
    np.testing.assert_allclose(explainer(row)[0, 0], weights * (row - other)[0], atol=1e-12)


def test_a_call_does_not_depend_on_those_before_it() -> None:
    model, background = curved(20, outputs=2), np.ones((2, 20))
    kept = SHAPKernel(model, background, num_neighbours=100)
    for differing in range(20, 10, -1):  # more designs than are kept
        rows = np.ones((3, 20))
        rows[:, :differing] = table(3, differing, seed=differing)
        fresh = SHAPKernel(model, background, num_neighbours=100)
        np.testing.assert_array_equal(kept(rows, 1), fresh(rows, 1))
    kept.num_neighbours = 60
    fresh = SHAPKernel(model, background, num_neighbours=60)
    np.testing.assert_array_equal(kept(rows, 1), fresh(rows, 1))


def test_the_predictor_may_change_and_keep_its_rows() -> None:
    model, rows, background = curved(6), table(3, 6), table(4, 6, seed=1)
    seen, copies = [], []

    def changing(given: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        made = model(given)
        given *= -1
        seen.append(given)
        copies.append(given.copy())
        return made

    made = SHAPKernel(changing, background, rows_per_eval=16)(rows)
    np.testing.assert_array_equal(made, SHAPKernel(model, background)(rows))
    for each, copy in zip(seen, copies, strict=True):
        np.testing.assert_array_equal(each, copy)


@pytest.mark.parametrize("names", [None, ["A", "B", "C"]])
def test_columns_must_be_those_of_the_background(names: Any) -> None:
    rows, model = table(4, 3), curved(3)
    frame = pd.DataFrame(rows, columns=list("abc"))
    explainer = SHAPKernel(lambda given: model(np.asarray(given)), frame, names)
    expected = SHAPKernel(model, rows)(rows)
    np.testing.assert_array_equal(explainer(frame), expected)
    np.testing.assert_array_equal(explainer(rows), expected)
    for other in (frame[list("bac")], frame.rename(columns={"b": "x"})):
        with pytest.raises(ValueError, match="must have the columns of `features`"):
            explainer(other)
