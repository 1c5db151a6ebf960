"""LIMETabular: its numbers against closed forms, its call against the contract."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from seewhy import LIMETabular
from seewhy.explainer import lime_tabular
from tests.explainer.tabular.models import probabilities, softmax_network
from tests.networks import tensor
from tests.snapshots import snapshot

IRIS = load_iris()
X = IRIS.data
NAMES = list(IRIS.feature_names)
STATS = LIMETabular.to_feat_stats(X)
# A number of rows that keeps the tests quick; the closed forms hold for any.
FEW = 400


def same(made: list[tuple[str, float]], expected: list[tuple[str, float]]) -> None:
    """Equal but for rounding, which the number of labels may change."""
    assert [text for text, _ in made] == [text for text, _ in expected]
    weights, others = [weight for _, weight in made], [weight for _, weight in expected]
    np.testing.assert_allclose(weights, others, atol=1e-12)


def lime(predictor: Any = probabilities, **settings: Any) -> LIMETabular:
    return LIMETabular(predictor, STATS, **{"num_perturbs": FEW, **settings})


def test_the_tutorials_figures(framework: str) -> None:
    explainer = LIMETabular(softmax_network(framework), STATS, NAMES)
    row = tensor(framework, X[:1].astype(np.float32))
    expected = {
        "petal length (cm) <= 1.60": 0.818,
        "sepal width (cm) > 3.30": 0.082,
        "petal width (cm) <= 0.30": 0.036,
        "sepal length (cm) <= 5.10": -0.021,
    }
    spreads = explainer.stability(row)[0][0]
    assert [each.description for each in spreads] == list(expected)
    for each in spreads:
        # The tutorial's is a draw like any other.
        assert each.mean == pytest.approx(expected[each.description], abs=3 * each.spread)
    found = explainer(row)
    assert [text for text, _ in found[0][0]] == list(expected)
    for text, weight in found[0][0]:
        assert weight == pytest.approx(expected[text], abs=0.02)


def test_the_rule_of_an_indicator_is_found() -> None:
    """A sum of indicators of the row's own bins is linear in what LIME regresses on."""
    row, weights = X[75], np.array([0.5, -0.25, 0.125, 0.0])
    borders = [np.array([-np.inf, *edges, np.inf]) for edges in STATS["bins"]]
    bins = [np.searchsorted(edges, cell) for edges, cell in zip(borders, row, strict=True)]

    def predict(rows: Any) -> Any:
        inside = [
            (edges[b - 1] < column) & (column <= edges[b])
            for edges, b, column in zip(borders, bins, np.asarray(rows).T, strict=True)
        ]
        return 3 + weights @ np.array(inside)

    explainer = lime(predict, num_perturbs=5000)
    models = explainer.local_models(row)
    # The penalty of 1 against about 1000 rows' weight takes a little off.
    np.testing.assert_allclose(models.dense(4)[0, 0], weights, atol=2e-3)
    assert models.intercepts[0, 0] == pytest.approx(3, abs=2e-3)
    assert models.scores[0, 0] == pytest.approx(1, abs=1e-4)
    assert models.outputs[0, 0] == pytest.approx(3 + weights.sum())
    for most in (1, 2, 3):
        kept = lime(predict, max_features=most).local_models(row).features[0, 0]
        np.testing.assert_array_equal(kept, range(most))


@pytest.mark.parametrize("value", [0.0, 0.1, 7.0, -1e9])
def test_a_constant_predictor_has_no_weights(value: float) -> None:
    models = lime(lambda rows: np.full(len(rows), value)).local_models(X[:9])
    np.testing.assert_allclose(models.weights, 0, atol=1e-12 * max(1, abs(value)))
    np.testing.assert_allclose(models.intercepts, value)
    np.testing.assert_allclose(models.scores, 1)


def test_large_outputs_lose_no_digits() -> None:
    small = lime(lambda rows: np.asarray(rows)[:, 2]).local_models(X[:3])
    large = lime(lambda rows: np.asarray(rows)[:, 2] + 1e8).local_models(X[:3])
    np.testing.assert_allclose(large.dense(4), small.dense(4), atol=1e-6)


def test_the_descriptions_are_those_of_the_rows_bins() -> None:
    found = lime(feature_names=list("abcd"))(X[[0, 75, 149]])
    texts = [{text for text, _ in row[0]} for row in found]
    assert texts == [
        {"a <= 5.10", "b > 3.30", "c <= 1.60", "d <= 0.30"},
        {"a > 6.40", "2.80 < b <= 3.00", "4.35 < c <= 5.10", "1.30 < d <= 1.80"},
        {"5.80 < a <= 6.40", "2.80 < b <= 3.00", "4.35 < c <= 5.10", "1.30 < d <= 1.80"},
    ]


def test_the_largest_weight_comes_first_and_only_so_many() -> None:
    for most in (1, 3, 10):
        for row in lime(max_features=most)(X[::40]):
            sizes = [abs(weight) for _, weight in row[0]]
            assert len(sizes) == min(most, 4)
            assert sizes == sorted(sizes, reverse=True)
    assert len(lime(max_features=1, feature_selection="none")(X[0])[0][0]) == 4


def categorical() -> tuple[np.ndarray, Any]:
    table = np.column_stack([X[:, 0], np.arange(150) % 3 + 5.0])
    return table, LIMETabular.to_feat_stats(table, None, [1])


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (None, "colour=6"),
        ({1: {5: "red", 6: "green", 7: "blue"}}, "colour=green"),
        ({1: ["", "", "", "", "", "red", "green"]}, "colour=green"),
        ({1: {5: "red"}}, "colour=6"),
    ],
)
def test_categories_have_names(names: Any, text: str) -> None:
    table, stats = categorical()
    explainer = LIMETabular(
        lambda rows: (np.asarray(rows)[:, 1] == 6) * 1.0,
        stats,
        ["length", "colour"],
        [1],
        num_perturbs=FEW,
        categorical_names=names,
    )
    found = explainer(table[1])[0][0]
    assert found[0][0] == text
    assert found[0][1] == pytest.approx(1, abs=0.02)


def test_a_category_unseen_in_training_is_told() -> None:
    _, stats = categorical()
    explainer = LIMETabular(probabilities_of_two, stats, ["length", "colour"], num_perturbs=FEW)
    with pytest.warns(UserWarning, match="the category 9 of feature 'colour', which was not in"):
        found = explainer([5.0, 9])
    assert {text for text, _ in found[0][0]} == {"length <= 5.10", "colour=9"}


def probabilities_of_two(rows: Any) -> Any:
    first = 1 / (1 + np.exp(-np.asarray(rows)[:, 0]))
    return np.stack([first, 1 - first], axis=1)


def test_a_constant_feature_has_weight_zero_and_a_warning() -> None:
    table = np.column_stack([X[:, 0], np.full(150, 3.0)])
    stats = LIMETabular.to_feat_stats(table)
    with pytest.warns(UserWarning, match=r"one value only of the columns \[1\]"):
        explainer = LIMETabular(lambda rows: np.asarray(rows).sum(1), stats, num_perturbs=FEW)
    found = dict(explainer(table[0])[0][0])
    assert found["1 <= 3.00"] == pytest.approx(0, abs=1e-9)
    assert found["0 <= 5.10"] < -0.5


def test_every_kind_of_input_gives_the_same(framework: str) -> None:
    explainer = lime(softmax_network(framework), feature_names=NAMES)
    expected = explainer(X[:2])
    for given in (X[:2].tolist(), pd.DataFrame(X[:2]), tensor(framework, X[:2])):
        assert explainer(given) == expected
    assert explainer(X[0]) == expected[:1]


def test_the_frameworks_agree_with_numpy(framework: str) -> None:
    made = lime(softmax_network(framework)).local_models(X[::30], [[0, 1, 2]] * 5)
    expected = lime().local_models(X[::30], [[0, 1, 2]] * 5)
    np.testing.assert_allclose(made.dense(4), expected.dense(4), atol=1e-6)
    np.testing.assert_allclose(made.scores, expected.scores, atol=1e-5)


def test_names_come_from_a_frame() -> None:
    frame = pd.DataFrame(X[:1], columns=list("abcd"))
    assert {text[0] for text, _ in lime()(frame)[0][0]} == set("abcd")
    given = lime(feature_names=["p", "q", "r", "s"])(frame)
    assert {text[0] for text, _ in given[0][0]} == set("pqrs")
    assert {text[0] for text, _ in lime()(X[:1])[0][0]} == set("0123")
    with pytest.raises(ValueError, match="columns in the order of `feature_names`"):
        lime(feature_names=list("abdc"))(frame)


def test_every_form_of_targets(framework: str) -> None:
    explainer = lime()
    last = explainer(X[:2], 2)
    forms = [
        np.int64(2), np.array(2), tensor(framework, np.array(2)), [2, 2], (2, 2), np.array([2, 2]),
        tensor(framework, np.array([2, 2])), [[2], [2]], np.array([[2], [2]]), pd.Series([2, 2]),
    ]  # fmt: skip
    for targets in forms:
        assert explainer(X[:2], targets) == last
    both = explainer(X[:2], [[0, 2], [2, 0]])
    assert [len(row) for row in both] == [2, 2]
    same(both[0][1], last[0][0])
    same(both[1][0], last[1][0])
    same(both[0][0], explainer(X[:2])[0][0])


def test_a_regression_ignores_the_targets() -> None:
    data = load_diabetes()
    line = LinearRegression().fit(data.data, data.target)
    stats = LIMETabular.to_feat_stats(data.data)
    explainer = LIMETabular(line.predict, stats, data.feature_names, num_perturbs=FEW)
    expected = explainer(data.data[:2])
    assert [len(row) for row in expected] == [1, 1]
    for targets in (7, [3, 4], [[1, 2], [1, 2]], None):
        assert explainer(data.data[:2], targets) == expected


def test_rows_share_nothing_but_the_draws() -> None:
    """A row is explained the same, whichever others come with it and however they are batched."""
    sizes: list[int] = []

    def predict(rows: Any) -> Any:
        sizes.append(len(rows))
        return probabilities(rows)

    together = lime(predict)(X[:5], [[0, 1, 2]] * 5)
    # One row to see what the predictor is; then all in one: 5 rows and what they share.
    assert sizes == [1, 5 + FEW - 1]
    for n in range(5):
        assert lime()(X[n], [[0, 1, 2]]) == together[n : n + 1]
    batched = lime(rows_per_eval=7).local_models(X[:5], [[0, 1, 2]] * 5)
    whole = lime().local_models(X[:5], [[0, 1, 2]] * 5)
    np.testing.assert_allclose(batched.dense(4), whole.dense(4), atol=1e-12)


def test_the_seed_makes_the_answer() -> None:
    state = str(np.random.get_state())  # noqa: NPY002
    explainer = lime()
    first = explainer(X[0])
    assert explainer(X[0]) == first
    assert lime()(X[0]) == first
    assert lime(seed=1)(X[0]) != first
    fresh = lime(seed=None)
    assert fresh(X[0]) != fresh(X[0])
    assert str(np.random.get_state()) == state  # noqa: NPY002


def test_the_stability_is_the_spread_over_draws() -> None:
    explainer = lime(max_features=2, num_perturbs=100)
    found = explainer.stability(X[:2], [[0, 1], [2, 0]], repeats=30)
    assert [len(row) for row in found] == [2, 2]
    seeds = [
        lime(max_features=2, num_perturbs=100, seed=seed).local_models(X[:1]).dense(4)[0, 0]
        for seed in range(30)
    ]
    names = [text for text, _ in lime(feature_selection="none")(X[0])[0][0]]
    assert {each.description for each in found[0][0]} <= set(names)
    best = int(np.abs(np.mean(seeds, 0)).argmax())
    assert found[0][0][0].description.startswith(f"{best} ")
    assert found[0][0][0].mean == pytest.approx(np.mean(seeds, 0)[best], abs=0.05)
    assert found[0][0][0].spread == pytest.approx(np.std(seeds, 0)[best], rel=0.6)
    assert found[0][0][0].kept == 1
    assert 0 < found[0][0][1].kept <= 1
    assert explainer.stability(X[:1], repeats=3) == explainer.stability(X[:1], repeats=3)
    # More rows, less spread.
    calm = lime(num_perturbs=10_000).stability(X[0], repeats=5)[0][0][0]
    assert calm.spread < found[0][0][0].spread / 3


def test_the_network_and_the_inputs_stay_as_they_were(framework: str) -> None:
    network = softmax_network(framework)
    rows = X[:2].copy()
    before = snapshot(framework, network)
    lime(network)(rows)
    with pytest.raises(ValueError, match="class ids in"):
        lime(network)(rows, 3)
    assert snapshot(framework, network) == before
    np.testing.assert_array_equal(rows, X[:2])


def test_new_weights_of_a_network_are_seen(framework: str) -> None:
    network = softmax_network(framework)
    explainer = lime(network)
    first = explainer(X[0])
    layer = network[0]
    if framework == "torch":
        layer.weight.data *= 0
    else:
        layer.weight.set_data(layer.weight * 0)
    weights = [weight for _, weight in explainer(X[0])[0][0]]
    assert [weight for _, weight in first[0][0]] != weights
    np.testing.assert_allclose(weights, 0, atol=1e-9)


def test_outputs_that_are_no_probabilities_are_told_once() -> None:
    explainer = lime(lambda rows: np.asarray(rows)[:, :2])
    with pytest.warns(UserWarning, match="`predictor` returned 2 outputs that sum to"):
        explainer(X[0])
    explainer(X[0])


def test_a_predictor_that_changes_its_width_is_refused() -> None:
    explainer = lime(lambda rows: np.full((len(rows), 2 if len(rows) == 1 else 3), 0.5))
    with pytest.raises(ValueError, match="as many outputs as before, 2, got 3"):
        explainer(X[0])


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((X[:, :3],), ValueError, "`inputs` must have 4 columns, one for each feature, got 3"),
        ((X[:, :3][0],), ValueError, "`inputs` must have 4 columns"),
        (([[1, 2, np.nan, 4]],), ValueError, "got nan in row 0, column 2"),
        (("row",), TypeError, "`inputs` must be an array"),
        ((X[:2], 3), ValueError, "class ids in 0..2, as the predictor has 3 outputs, got 3"),
        ((X[:2], -1), ValueError, "class ids of 0 or more"),
        ((X[:2], [0]), ValueError, "one entry for each of the 2 samples, got 1"),
        ((X[:2], [[0, 1], [2]]), ValueError, "same number of classes"),
        ((X[:2], 1.0), TypeError, "`targets` must be an int"),
        ((X[:2], True), TypeError, "`targets` must be"),
        ((X[:2], None), TypeError, "`targets` must be"),
        ((X[:2], 0, "yes"), TypeError, "`show` must be a bool or None, got str"),
    ],
)
def test_bad_calls_are_refused(
    arguments: tuple[Any, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        lime()(*arguments)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"predictor": 3}, TypeError, "`predictor` must be callable"),
        ({"feature_names": ["a"]}, ValueError, "`feature_names` must have 4 names, got 1"),
        ({"feature_names": [1, 2, 3, 4]}, TypeError, "must be a list of str, got int 1"),
        ({"class_names": "ab"}, TypeError, "`class_names` must be a list of str"),
        ({"num_perturbs": 0}, ValueError, "`num_perturbs` must be a positive int, got 0"),
        ({"num_perturbs": 1}, ValueError, "`num_perturbs` must be at least 2, got 1"),
        ({"num_perturbs": 10.0}, TypeError, "`num_perturbs` must be a positive int, got float"),
        ({"max_features": 0}, ValueError, "`max_features` must be a positive int"),
        ({"max_features": True}, TypeError, "`max_features` must be a positive int, got bool"),
        ({"rows_per_eval": 0}, ValueError, "`rows_per_eval` must be a positive int"),
        ({"seed": -1}, ValueError, "`seed` must be a non-negative int or None, got -1"),
        ({"seed": "1"}, TypeError, "`seed` must be a non-negative int or None, got str"),
        ({"kernel_width": 0}, ValueError, "`kernel_width` must be a positive number, got 0"),
        ({"kernel_width": "1"}, TypeError, "`kernel_width` must be a positive number, got str"),
        ({"feature_selection": "lasso"}, ValueError, "`feature_selection` must be one of auto"),
        ({"categorical_names": ["a"]}, TypeError, "`categorical_names` must be a dict"),
        ({"categorical_names": {0: ["a"]}}, ValueError, "of categorical columns, .., got 0"),
    ],
)
def test_bad_settings_are_refused(
    settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        lime(**settings)


def test_class_names_must_fit_the_predictor() -> None:
    with pytest.raises(ValueError, match=r"`class_names` must name the 3 outputs .*, got 2"):
        lime(class_names=["a", "b"])(X[0])
    with pytest.raises(ValueError, match="`repeats` must be at least 2, got 1"):
        lime().stability(X[0], repeats=1)


def test_show_draws_a_chart_for_each_row_and_label(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Figure] = []

    def present(draw: Any) -> None:
        figure = Figure()
        draw(figure)
        shown.append(figure)

    monkeypatch.setattr(lime_tabular, "present", present)
    explainer = lime(class_names=["setosa", "versicolor", "virginica"])
    rules = explainer(X[:2], [[0, 2]] * 2, show=True)
    assert rules == explainer(X[:2], [[0, 2]] * 2, show=False)
    explainer(X[:2])  # not in a notebook
    (figure,) = shown
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["row 0: setosa", "row 0: virginica", "row 1: setosa", "row 1: virginica"]
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == [text for text, _ in rules[0][0]]
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths == [weight for _, weight in rules[0][0]]


def test_an_explainer_says_what_it_is() -> None:
    explainer = lime(seed=4)
    assert explainer.name == "LIMETabular"
    assert explainer.predictor is probabilities
    assert json.loads(json.dumps(explainer.parameters))["seed"] == 4
    assert repr(explainer).startswith("LIMETabular(function, num_perturbs=400, max_features=10")


def test_explainers_can_be_copied_and_pickled() -> None:
    forest = RandomForestClassifier(3, random_state=0).fit(X, IRIS.target)
    explainer = lime(forest.predict_proba)
    expected = explainer(X[0])
    for made in (copy.deepcopy(explainer), pickle.loads(pickle.dumps(explainer))):
        assert made(X[0]) == expected


def test_features_that_share_a_name_are_warned_of() -> None:
    frame = pd.DataFrame(X[:1], columns=list("abac"))
    with pytest.warns(UserWarning, match="several features are called 'a', and rules cannot"):
        lime()(frame)
    assert lime(feature_names=list("abcd"))(X[:1])
