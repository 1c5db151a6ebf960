"""Scores of a run over a table: those of the metric by itself, resumable, beside a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from seewhy import LIMETabular, PseudoLinearCoef, SHAPKernel, TabularRunner
from seewhy.benchmark import RandomRanking, TabularFaithfulness
from seewhy.explainer import exact_shapley
from seewhy.store import JobReader, read_tabular
from tests.explainer.tabular.models import probabilities
from tests.runner.tabular_models import CLASSES, FEATURES, background, iris, kernel_only, truth

METRICS = ["Deletion", "Insertion"]


def metrics(predictor: Any, kinds: Any = METRICS) -> list[Any]:
    return [TabularFaithfulness(predictor, background(), kind) for kind in kinds]


def local(predictor: Any) -> list[Any]:
    stats = LIMETabular.to_feat_stats(iris(150)[0])
    lime = LIMETabular(predictor, stats, FEATURES, num_perturbs=200, max_features=3)
    return [lime, *kernel_only(predictor)]


def runner(folder: Path, benchmarkers: Any, rows: int = 8, **options: Any) -> TabularRunner:
    x, _ = iris(rows)
    options = {"batch_size": 3, "progress": False, **options}
    made = TabularRunner(
        folder, (x, CLASSES), probabilities, ground_truth=truth(20)[:rows], **options
    )
    made.register_explainers(local(probabilities), benchmarkers)
    return made


def scores(path: Path) -> dict[tuple[int, int | None, str, str], float]:
    with read_tabular(path) as job:
        return {tuple(s[:4]): s.value for row in job.rows() for s in job.scores_of(row.id)}


@pytest.mark.parametrize("targets", ["predicted", "all"])
def test_they_are_those_of_the_metric_for_what_is_predicted_or_true(
    targets: Any, tmp_path: Path
) -> None:
    path = runner(tmp_path, metrics(probabilities), targets=targets).run()
    x, _ = iris(8)
    expected = {}
    with read_tabular(path) as job:
        for row in job.rows():
            for found in job.attributions_of(row.id):
                if found.label not in {each.label for each in row.inferences}:
                    continue
                for metric in metrics(probabilities):
                    score = metric.evaluate(x[[row.id]], found.label, found.values[None, None])
                    key = (row.id, found.label, found.explainer, metric.metric)
                    expected[key] = score[0, 0]
        assert job.baselines == ("RandomRanking",)
        assert [each.name for each in job.explainers] == ["LIMETabular", "SHAPKernel"]
        assert [(m.name, m.higher_is_better, m.chance) for m in job.metrics()] == [
            ("Deletion", True, None),
            ("Insertion", True, None),
        ]
    made = scores(path)
    assert {key for key in made if key[2] != "RandomRanking"} == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(made[key], value, atol=1e-6)
    baseline = [key for key in made if key[2] == "RandomRanking"]
    assert {(row, label) for row, label, *_ in baseline} == {key[:2] for key in expected}


def test_the_best_ranking_is_told_from_a_random_one(tmp_path: Path) -> None:
    path = runner(tmp_path, metrics(probabilities), rows=20).run()
    with JobReader(path) as job:
        for ranking in job.sanity_report():
            assert ranking.standings[-1].explainer == "RandomRanking"
            verdicts = {s.explainer: [c.verdict for c in s.comparisons] for s in ranking.standings}
            assert verdicts["SHAPKernel"] == ["better"]
        means = {(s.explainer, s.metric): s.mean for s in job.scores(by_label=False)}
    stored = scores(path)
    for (explainer, metric), mean in means.items():
        by_row: dict[int, list[float]] = {}
        for (row, _, *names), value in stored.items():
            if names == [explainer, metric]:
                by_row.setdefault(row, []).append(value)
        every = [value for values in by_row.values() for value in values]
        np.testing.assert_allclose(mean, np.mean(every))


def test_a_stopped_run_goes_on_with_its_scores(tmp_path: Path) -> None:
    whole = scores(runner(tmp_path / "whole", metrics(probabilities)).run())
    left = 40

    def failing(rows: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return probabilities(rows)

    def again() -> TabularRunner:
        made = TabularRunner(
            tmp_path, (iris(8)[0], CLASSES), failing, ground_truth=truth(20)[:8], batch_size=1
        )
        made.register_explainers(local(failing), metrics(failing))
        return made

    with pytest.raises(KeyboardInterrupt):
        again().run()
    before = scores(tmp_path / "tabular.seewhy.db")
    assert 0 < len(before) < len(whole)
    made = scores(again().run())
    assert made.keys() == whole.keys()
    np.testing.assert_allclose([made[key] for key in whole], list(whole.values()), atol=1e-6)


def test_a_metric_may_join_later(tmp_path: Path) -> None:
    runner(tmp_path, None).run()
    path = runner(tmp_path, metrics(probabilities, METRICS[:1])).run()
    assert {key[3] for key in scores(path)} == {"Deletion"}
    made = scores(runner(tmp_path, metrics(probabilities)).run())
    assert made == pytest.approx(scores(runner(tmp_path / "b", metrics(probabilities)).run()))


def test_a_finished_run_asks_nothing_more_than_whether_answers_are_the_same(tmp_path: Path) -> None:
    asked = []

    def counting(rows: Any) -> Any:
        asked.append(len(rows))
        return probabilities(rows)

    for _ in range(2):
        asked.clear()
        made = TabularRunner(tmp_path, (iris(8)[0], CLASSES), counting, progress=False)
        made.register_explainers(kernel_only(counting), metrics(counting))
        made.run()
    assert sum(asked) == 16  # what kind of answers it gives, and whether they are those stored


def test_another_background_is_refused(tmp_path: Path) -> None:
    runner(tmp_path, metrics(probabilities)).run()
    other = [TabularFaithfulness(probabilities, background()[:5], "Deletion")]
    with pytest.raises(ValueError, match="has a metric 'Deletion' with params"):
        runner(tmp_path, other).run()


def test_of_a_regression_the_output_is_scored(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(30, 4))
    model = LinearRegression().fit(x, x @ [1.0, 2.0, -1.0, 0.5])
    made = TabularRunner(tmp_path, x[:6], model, progress=False)
    metric = TabularFaithfulness(model, x[:10], "Insertion")
    made.register_explainers([SHAPKernel(model, x[:10])], [metric])
    found = scores(made.run())
    values = exact_shapley(model, x[:10], x[:6])
    expected = metric.evaluate(x[:6], 0, values)[:, 0]
    np.testing.assert_allclose(
        [found[row, 0, "SHAPKernel", "Insertion"] for row in range(6)], expected
    )


def test_a_random_ranking_scores_half_of_the_gain_of_a_linear_model() -> None:
    random = np.random.default_rng(0)
    weights, x = random.normal(size=6), random.normal(size=(1, 6))

    def linear(rows: Any) -> Any:
        return rows @ weights

    rows = np.repeat(x, 3000, axis=0) + random.normal(size=(3000, 1)) * 1e-9
    values = RandomRanking()(rows, np.zeros((3000, 1), np.int64))
    assert len(np.unique(values)) == values.size
    metric = TabularFaithfulness(linear, random.normal(size=(4, 6)), "Insertion")
    made = metric.evaluate(rows, 0, values)
    curves = metric.curves(x, 0, values[:1])[0, 0]
    np.testing.assert_allclose(made.mean(), (curves[-1] - curves[0]) / 2, atol=4 * made.std() / 54)


def test_a_random_ranking_depends_on_the_row_and_the_class_alone() -> None:
    x, ids = iris(5)[0].astype(np.float64), np.array([[0, 1]] * 5)
    made = RandomRanking()(x, ids)
    np.testing.assert_array_equal(RandomRanking()(x[3:4], ids[3:4, ::-1])[0, ::-1], made[3])
    assert not np.array_equal(RandomRanking(seed=1)(x, ids), made)
    assert not np.array_equal(RandomRanking(seed=None)(x, ids), RandomRanking(seed=None)(x, ids))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda p: metrics(p)[0], TypeError, "`benchmarkers` must be a list, got Tabular"),
        (lambda p: ["Deletion"], TypeError, "must hold TabularFaithfulness, got str"),
        (lambda p: metrics(p, ["Deletion"] * 2), ValueError, "distinct kinds, got Deletion twice"),
        (lambda p: metrics(lambda x: p(x)), ValueError, "Deletion was made for another one"),
        (
            lambda p: [TabularFaithfulness(p, background()[:, :3])],
            ValueError,
            "`benchmarkers` must be made for the 4 columns of `data`, Deletion was made for 3",
        ),
    ],
)
def test_bad_metrics_are_named(make: Any, error: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=message):
        runner(tmp_path, make(probabilities))
    assert not list(tmp_path.iterdir())


def test_coefficients_of_a_model_have_no_scores(tmp_path: Path) -> None:
    made = TabularRunner(tmp_path, (iris()[0], CLASSES), probabilities)
    with pytest.raises(ValueError, match="must hold one that explains them, got PseudoLinearCoef"):
        made.register_explainers([PseudoLinearCoef(probabilities, 3)], metrics(probabilities))
