"""What a run over a table stores: the numbers of the explainers called directly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from seewhy import LIMETabular, SHAPGradient, SHAPKernel, TabularRunner
from seewhy.explainer import global_importance
from seewhy.runner import stored_explanation, stored_importance
from seewhy.store import find_jobs, read_tabular
from tests.explainer.tabular.models import probabilities, softmax_network
from tests.networks import library, tensor
from tests.runner.tabular_models import (
    CLASSES,
    FEATURES,
    NUMBER,
    assert_same,
    background,
    explainers,
    iris,
    runner,
    stored,
    truth,
)


def numpy_of(values: Any) -> Any:
    return values.asnumpy() if hasattr(values, "asnumpy") else np.asarray(values)


def test_numbers_are_those_of_the_explainers(framework: str, tmp_path: Path) -> None:
    network = softmax_network(framework)
    path = runner(framework, tmp_path, network, targets="all", batch_size=7).run()
    assert find_jobs(tmp_path) == {"tabular": path}
    x, y = iris()[0], truth()
    inputs, every = tensor(framework, x), [[0, 1, 2]] * NUMBER
    lime, kernel, coefficients, gradient = explainers(network)
    rules = lime(inputs, every)
    values = {e.name: numpy_of(e(inputs, every)) for e in (kernel, gradient)}
    found = stored(path)
    assert sorted(found) == list(range(NUMBER))
    with read_tabular(path) as job:
        assert (job.labels, job.feature_names) == (tuple(CLASSES), FEATURES)
        info = job.info()
        assert (info.kind, info.state, info.done, info.samples) == (
            "tabular classification", "finished", NUMBER, NUMBER,
        )  # fmt: skip
        overall, relative = coefficients(inputs, show=False)
        stored_ones = job.coefficients("PseudoLinearCoef")
        np.testing.assert_allclose(stored_ones.overall, numpy_of(overall), rtol=1e-5)
        np.testing.assert_allclose(stored_ones.relative, numpy_of(relative), rtol=1e-5)
    for n, (row, attributions) in found.items():
        np.testing.assert_array_equal(row.features, x[n])
        np.testing.assert_allclose(row.outputs, probabilities(x[n : n + 1])[0], atol=1e-6)
        assert row.truth == y[n]
        right = row.outputs.argmax() == y[n]
        assert [i.kind for i in row.inferences] == (["TP"] if right else ["FP", "FN"])
        assert len(attributions) == 9
        for (name, label), attribution in attributions.items():
            assert attribution.output == pytest.approx(row.outputs[label], abs=1e-6)
            if name == "LIMETabular":
                assert [rule[1] for rule in attribution.rules] == [r[0] for r in rules[n][label]]
                weights = [rule.weight for rule in attribution.rules]
                np.testing.assert_allclose(weights, [r[1] for r in rules[n][label]], atol=1e-6)
                for rule in attribution.rules:
                    assert FEATURES[rule.feature] in rule.description
                    assert attribution.values[rule.feature] == rule.weight
                assert attribution.fit is not None
                assert 0 < attribution.fit <= 1
            else:
                np.testing.assert_allclose(attribution.values, values[name][n, label], atol=1e-6)
            if name == "SHAPKernel":
                total = attribution.base + attribution.values.sum()
                assert total == pytest.approx(attribution.output)


def test_frameworks_agree_with_a_function_of_numpy(framework: str, tmp_path: Path) -> None:
    def shap(predictor: Any) -> list[Any]:
        return [SHAPKernel(predictor, background(), FEATURES)]

    straight = runner(framework, tmp_path / "numpy", probabilities, iris()[0], shap).run()
    native = runner(framework, tmp_path, make_explainers=shap, ground_truth=None).run()
    for number, (row, attributions) in stored(straight).items():
        again, others = stored(native)[number]
        assert row.truth is None
        assert [i.kind for i in row.inferences] == [None]
        np.testing.assert_allclose(row.outputs, again.outputs, atol=1e-6)
        for key, attribution in attributions.items():
            np.testing.assert_allclose(attribution.values, others[key].values, atol=1e-5)


def test_predicted_and_true_classes_are_explained(framework: str, tmp_path: Path) -> None:
    """One label for some rows, two for others; each explainer gets what it asks for."""
    path = runner(framework, tmp_path).run()
    with_two = 0
    for row, attributions in stored(path).values():
        labels = {int(row.outputs.argmax()), row.truth}
        with_two += len(labels) == 2
        for name in ("LIMETabular", "SHAPKernel", "SHAPGradient"):
            assert {label for each, label in attributions if each == name} == labels
        for (name, label), attribution in attributions.items():
            if name == "SHAPGradient":
                gap = attribution.base + attribution.values.sum() - row.outputs[label]
                assert abs(gap) < 0.1
    assert 0 < with_two < NUMBER


def test_the_network_comes_back_as_it_was(framework: str, tmp_path: Path) -> None:
    network = softmax_network(framework)
    runner(framework, tmp_path, network).run()
    assert network.training


def frame() -> Any:
    x, y = iris(60)
    table = pandas.DataFrame(x.astype(float), columns=FEATURES)
    table["colour"] = np.arange(60) % 3
    table["species"] = [CLASSES[k] for k in y]
    table.index = [f"flower {n}" for n in range(60)]
    return table


def test_a_data_frame_with_the_truth_in_a_column(tmp_path: Path) -> None:
    table = frame()
    features = table.drop(columns=["species"])
    forest = RandomForestClassifier(20, random_state=0).fit(features, table["species"])
    job = TabularRunner(
        tmp_path,
        table,
        forest,
        ground_truth="species",
        categorical_names={4: ["red", "green", "blue"]},
    )
    colours = {4: ["red", "green", "blue"]}
    lime = LIMETabular(
        forest.predict_proba,
        LIMETabular.to_feat_stats(features, None, [4]),
        categorical_features_indexes=[4],
        num_perturbs=200,
        categorical_names=colours,
    )
    job.register_explainers([lime, SHAPKernel(forest, features.iloc[:5])])
    with read_tabular(job.run()) as reader:
        assert reader.labels == tuple(CLASSES)  # as the forest calls them
        assert reader.feature_names == list(features.columns)
        assert reader.features[4].describe(1.0) == "green"
        assert reader.features[0].describe(5.12345) == "5.123"
        row = reader.row(7)
        assert (row.name, row.truth) == ("flower 7", CLASSES.index(table["species"].iloc[7]))
        rules = {r.description for a in reader.attributions_of(7) for r in a.rules}
        assert "colour=green" in rules
        assert reader.info().settings["predictor"] == "RandomForestClassifier.predict_proba"
        assert "sklearn" in reader.info().versions
        kinds = [row.id for row in reader.rows(labels=["setosa"], kinds=["TP"])]
        assert set(kinds) <= set(range(0, 60, 3))


def test_a_regression_has_one_output(framework: str, tmp_path: Path) -> None:
    x, _ = iris()
    model = LinearRegression().fit(x[:, :3], x[:, 3])
    widths = [float("nan"), *x[1:, 3].astype(float)]
    rows = tensor(framework, x[:, :3])
    job = TabularRunner(tmp_path, (rows, ["petal width"]), model, ground_truth=widths)
    job.register_explainers([SHAPKernel(model, background()[:, :3])])
    with read_tabular(job.run()) as reader:
        assert reader.is_regression
        assert reader.labels == ("petal width",)
        assert reader.row(0).truth is None
        assert reader.row(1).truth == pytest.approx(x[1, 3])
        assert reader.row(1).inferences[0].kind is None
        highest = next(reader.rows(sort="-prob"))
        assert highest.outputs[0] == pytest.approx(model.predict(x[:, :3]).max(), abs=1e-5)
        found = reader.attributions("SHAPKernel")
    # Of a linear model: coefficient times distance from the mean.
    expected = model.coef_ * (x[:, :3] - background()[:, :3].mean(0))
    np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_importance_and_plots_out_of_the_store(tmp_path: Path) -> None:
    x, y = iris(60)
    model = LogisticRegression(max_iter=500).fit(x, y)
    job = TabularRunner(tmp_path, (x, CLASSES), model, targets="all")
    shap = SHAPKernel(model, background(), FEATURES)
    job.register_explainers([shap])
    with read_tabular(job.run()) as reader:
        made = stored_importance(reader, "SHAPKernel", "versicolor")
        expected = global_importance(shap.explain(x, 1))
        np.testing.assert_allclose(made.importance, expected.importance, rtol=1e-9)
        assert [name for name, _ in made.ranking()] == [name for name, _ in expected.ranking()]
        assert made.num_rows == 60
        explanation = stored_explanation(reader, "SHAPKernel", 2)
        assert explanation.chart(3, 0).title == "[3] virginica"
        assert explanation.beeswarm().axes
        with pytest.raises(KeyError, match="no attribution by Nobody for label 1"):
            stored_importance(reader, "Nobody", 1)
        with pytest.raises(ValueError, match="`label` must be one of the job's labels"):
            stored_importance(reader, "SHAPKernel", "rose")
        with pytest.raises(KeyError, match="no coefficients by SHAPKernel"):
            reader.coefficients("SHAPKernel")


def test_of_logits_the_largest_is_the_prediction(tmp_path: Path) -> None:
    x, y = iris()

    def logits(rows: Any) -> Any:
        return np.log(probabilities(rows)) + 3

    job = TabularRunner(tmp_path, (x, CLASSES), logits, ground_truth=y)
    job.register_explainers([SHAPKernel(logits, background())])
    for row, _ in stored(job.run()).values():
        assert row.inferences[0].label == row.outputs.argmax()
        assert {i.label for i in row.inferences} == {int(row.outputs.argmax()), row.truth}


def test_of_independent_probabilities_all_above_the_threshold_are(tmp_path: Path) -> None:
    x, _ = iris()

    def sigmoids(rows: Any) -> Any:
        return 1 / (1 + np.exp(-(np.asarray(rows)[:, :3] - [5.5, 3.0, 3.5]) * 4))

    job = TabularRunner(tmp_path, x, sigmoids, threshold=0.7)
    job.register_explainers([SHAPKernel(sigmoids, background())])
    counts = set()
    for row, attributions in stored(job.run()).values():
        above = set(np.flatnonzero(row.outputs > 0.7))
        assert {label for _, label in attributions} == above
        counts.add(len(above))
    assert {0, 1, 2} <= counts


def test_batches_do_not_matter(framework: str, tmp_path: Path) -> None:
    one = runner(framework, tmp_path / "a", batch_size=3).run()
    other = runner(framework, tmp_path / "b", batch_size=None).run()
    assert_same(stored(one), stored(other))


@pytest.mark.torch
def test_a_network_with_one_output_is_a_regression(tmp_path: Path) -> None:
    torch = library("torch")
    network = torch.nn.Sequential(torch.nn.Linear(4, 1), torch.nn.Flatten(0))
    x, _ = iris()
    job = TabularRunner(tmp_path, x, network)
    job.register_explainers([SHAPGradient(network, background())])
    with read_tabular(job.run()) as reader:
        assert reader.labels == ("output",)
        weight = network[0].weight.detach().numpy()[0]
        found = reader.attributions("SHAPGradient").values
    expected = (x - background().mean(0)) * weight
    assert np.abs(found - expected).max() < 0.1
