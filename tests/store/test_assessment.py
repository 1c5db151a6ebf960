"""What scores say: intervals against SciPy's bootstrap and theory, comparisons by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap

from seewhy.store import ExplainerInfo, MetricInfo, Score, in_words, read_job
from seewhy.store.bootstrap import MANY, mean_interval
from seewhy.store.schema import SCRIPTS

Factory = Callable[..., Any]
RANDOM = np.random.default_rng(0)


def test_interval_is_that_of_scipys_bootstrap() -> None:
    values = RANDOM.gamma(2, size=40)
    got = mean_interval(values, np.ones(40))
    made = bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, rng=1)
    assert got.mean == pytest.approx(values.mean())
    assert got.n == 40
    expected = (made.confidence_interval.low, made.confidence_interval.high)
    np.testing.assert_allclose(got[1:3], expected, atol=0.03)


def test_explanations_of_one_sample_are_drawn_together() -> None:
    """Ten equal explanations a sample tell no more than one."""
    values = RANDOM.normal(size=30)
    one = mean_interval(values, np.ones(30))
    ten = mean_interval(10 * values, np.full(30, 10))
    np.testing.assert_allclose(ten[:3], one[:3])


@pytest.mark.parametrize("n", [25, 200, MANY, 3 * MANY])
def test_intervals_hold_the_true_mean_nineteen_times_of_twenty(n: int) -> None:
    random = np.random.default_rng(n)
    held = 0
    for _ in range(200):
        counts = random.integers(1, 4, n)
        sums = random.normal(counts * 0.3, np.sqrt(counts))
        made = mean_interval(sums, counts.astype(float))
        held += made.low <= 0.3 <= made.high
    assert 0.88 <= held / 200 <= 0.99


def test_a_single_sample_has_no_interval() -> None:
    made = mean_interval(np.array([3.0]), np.array([2.0]))
    assert (made.mean, made.n) == (1.5, 1)
    assert np.isnan([made.low, made.high]).all()


def write(open_writer: Factory, make_sample: Factory, number: int = 30) -> Any:
    """A job in which GradCAM is good, Gradient is no better than chance and Edges are bad."""
    random = np.random.default_rng(1)
    noise = random.normal(scale=0.05, size=(number, 2))
    values = {
        "GradCAM": 0.8 + noise,
        "Gradient": 0.5 + random.normal(scale=0.05, size=noise.shape),
        "RandomMap": 0.5 + random.normal(scale=0.05, size=noise.shape),
    }
    explainers = [
        ExplainerInfo("GradCAM", False, {}),
        ExplainerInfo("Gradient", False, {}),
        ExplainerInfo("RandomMap", False, {}, baseline=True),
    ]
    metrics = [
        MetricInfo("up", True, 0, 1, {}, 0.5),
        MetricInfo("down", False, -np.inf, np.inf, {}),
        MetricInfo("whole", True, 0, 1, {}),
        MetricInfo("unused", True, 0, 1, {}, needs_mask=True),
    ]
    with open_writer(explainers=explainers, metrics=metrics) as writer:
        for sample in range(number):
            writer.add_sample(make_sample(sample))
        for name, table in values.items():
            for (sample, label), value in np.ndenumerate(table):
                for metric in ("up", "down"):
                    writer.add_scores([Score(sample, label, name, metric, value)])
            writer.add_scores(
                Score(sample, None, name, "whole", value)
                for sample, value in enumerate(table[:, 0])
            )
    return writer.path, values


def test_rankings_compare_with_the_baseline(open_writer: Factory, make_sample: Factory) -> None:
    path, values = write(open_writer, make_sample)
    with read_job(path) as job:
        assert [explainer.name for explainer in job.explainers] == ["GradCAM", "Gradient"]
        assert job.baselines == ("RandomMap",)
        report = job.sanity_report()
        assert {m.name: (m.chance, m.needs_mask) for m in job.metrics()} == {
            "up": (0.5, False), "down": (None, False), "whole": (None, False),
            "unused": (None, True),
        }  # fmt: skip
    assert [ranking.metric.name for ranking in report] == ["up", "down", "whole"]
    up, down, whole = report
    assert up.standings[0].explainer == "GradCAM"
    assert down.standings[-1].explainer == "GradCAM"
    standings = {standing.explainer: standing for standing in up.standings}
    assert standings["RandomMap"].baseline
    assert standings["RandomMap"].comparisons == ()
    (best,), (chance,) = standings["GradCAM"].comparisons, standings["Gradient"].comparisons
    assert (best.verdict, chance.verdict) == ("better", "not distinguishable")
    difference = values["GradCAM"] - values["RandomMap"]
    assert best.difference.mean == pytest.approx(difference.mean())
    made = bootstrap((difference.mean(1),), np.mean, method="percentile", rng=1)
    np.testing.assert_allclose(best.difference[1:3], made.confidence_interval, atol=0.004)
    worse = {s.explainer: s for s in down.standings}["GradCAM"].comparisons[0]
    assert worse.verdict == "worse"
    assert {s.explainer: s.score.n for s in whole.standings} == dict.fromkeys(values, 30)
    assert in_words(up)[0] == "GradCAM is better than RandomMap."
    assert "Gradient is not distinguishable from RandomMap: the difference is" in in_words(up)[1]
    assert "over 30 samples" in in_words(up)[1]
    assert any("GradCAM is worse than RandomMap" in sentence for sentence in in_words(down))


def test_summaries_by_label(open_writer: Factory, make_sample: Factory) -> None:
    path, values = write(open_writer, make_sample)
    with read_job(path) as job:
        found = {(s.explainer, s.metric, s.label): s for s in job.scores()}
    for label in (0, 1):
        made = found["GradCAM", "up", label]
        assert made.n == 30
        assert made.mean == pytest.approx(values["GradCAM"][:, label].mean())
        assert made.low < made.mean < made.high
    assert found["GradCAM", "up", None].n == 60
    assert ("GradCAM", "whole", 0) not in found


def test_a_single_sample_cannot_be_compared(open_writer: Factory, make_sample: Factory) -> None:
    path, _ = write(open_writer, make_sample, 1)
    with read_job(path) as job:
        sentences = in_words(job.sanity_report()[0])
    assert "cannot be compared with RandomMap: there is only one sample" in sentences[0]


def tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    return {name for (name,) in rows}


def test_stores_of_the_first_version_are_read(open_writer: Factory, make_sample: Factory) -> None:
    """Made by taking back what later versions added."""
    path, _ = write(open_writer, make_sample)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCRIPTS[0])
        first = tables(connection)
    with closing(sqlite3.connect(path)) as connection, connection:
        later = sorted(tables(connection) - first)
        assert "sample_score" in later
        connection.executescript("".join(f"DROP TABLE {name};" for name in later))
        connection.executescript(
            "DROP INDEX inference_label_std; DROP INDEX inference_kind_std;"
            "DROP INDEX sample_max_std; DROP INDEX sample_min_std;"
            "DROP TRIGGER inference_estimated; DROP TRIGGER inference_levelled;"
            "DROP TRIGGER sample_levelled; ALTER TABLE inference DROP COLUMN level;"
            "ALTER TABLE sample DROP COLUMN levels;"
            "ALTER TABLE sample DROP COLUMN max_std; ALTER TABLE sample DROP COLUMN min_std;"
            "ALTER TABLE explainer DROP COLUMN baseline;"
            "ALTER TABLE metric DROP COLUMN chance; ALTER TABLE metric DROP COLUMN needs_mask;"
            "ALTER TABLE inference DROP COLUMN mean; ALTER TABLE inference DROP COLUMN std;"
            "ALTER TABLE inference DROP COLUMN low; ALTER TABLE inference DROP COLUMN high;"
            "UPDATE meta SET value = '1' WHERE key = 'schema_version'"
        )
    with read_job(path) as job:
        assert job.baselines == ()
        assert len(job.explainers) == 3
        assert in_words(job.sanity_report()[0]) == []


def test_means_of_labels_with_and_without_intervals(
    open_writer: Factory, make_sample: Factory
) -> None:
    path, values = write(open_writer, make_sample)
    with read_job(path) as job:
        every = {of[:3]: of for of in job.scores() if of.label is not None}
        means = job.label_scores("up")
        one = job.label_scores(None, "GradCAM", [1])
        assert job.label_scores("whole") == job.label_scores("none such") == ()
        assert job.label_scores("up", None, []) == ()
    assert {of[:3] for of in means} == {of for of in every if of[1] == "up"}
    for explainer, _, label, mean, n, low, high in means:
        assert mean == pytest.approx(values[explainer][:, label].mean())
        assert n == 30
        assert np.isnan([low, high]).all()
    assert sorted(one) == sorted(
        of for of in every.values() if of.explainer == "GradCAM" and of.label == 1
    )


@pytest.mark.parametrize("highest", [False, True])
@pytest.mark.parametrize("label", [None, 1])
def test_lowest_and_highest_scores(
    open_writer: Factory, make_sample: Factory, highest: bool, label: int | None
) -> None:
    path, values = write(open_writer, make_sample)
    with read_job(path) as job:
        found = job.extreme_scores("up", "GradCAM", label, highest, 7)
        samples = {sample.id: sample for sample in job.samples()}
        assert job.extreme_scores("up", "none such") == ()
        assert job.extreme_scores("unused", "GradCAM") == ()
    sign = -1 if highest else 1
    expected = sorted(
        (sign * value, sample, of)
        for (sample, of), value in np.ndenumerate(values["GradCAM"])
        if label in (None, of)
    )[:7]
    assert [(sign * s.value, s.sample_id, s.label) for s in found] == expected
    for scored in found:
        sample = samples[scored.sample_id]
        inference = next(i for i in sample.inferences if i.label == scored.label)
        assert scored.name == sample.name
        assert (scored.prob, scored.kind) == (inference.prob, inference.kind)


def test_scores_whatever_the_label_lead_to_the_most_probable_label(
    open_writer: Factory, make_sample: Factory
) -> None:
    path, values = write(open_writer, make_sample)
    with read_job(path) as job:
        found = job.extreme_scores("whole", "Gradient", limit=5)
        best = {sample.id: sample.inferences[0].label for sample in job.samples()}
        assert job.extreme_scores("whole", "Gradient", 0) == ()
    column = values["Gradient"][:, 0]
    assert [scored.sample_id for scored in found] == list(np.argsort(column)[:5])
    assert [scored.label for scored in found] == [best[scored.sample_id] for scored in found]


def test_differences_are_taken_where_both_have_a_score(
    open_writer: Factory, make_sample: Factory
) -> None:
    """Against the definition, a dictionary lookup for each explanation."""
    random = np.random.default_rng(3)
    table = {
        name: {key: random.random() for key in np.ndindex(40, 2) if random.random() < 0.7}
        for name in ("GradCAM", "RandomMap")
    }
    explainers = [ExplainerInfo("GradCAM", False, {}), ExplainerInfo("RandomMap", False, {}, True)]
    with open_writer(explainers=explainers, metrics=[MetricInfo("up", True, 0, 1, {})]) as writer:
        for number in range(40):
            writer.add_sample(make_sample(number))
        for name, scores in table.items():
            writer.add_scores(Score(*key, name, "up", value) for key, value in scores.items())
    with read_job(writer.path) as job:
        (ranking,) = job.sanity_report()
    (comparison,) = next(s for s in ranking.standings if not s.baseline).comparisons
    both = table["GradCAM"].keys() & table["RandomMap"].keys()
    differences = {key: table["GradCAM"][key] - table["RandomMap"][key] for key in both}
    assert comparison.difference.mean == pytest.approx(np.mean(list(differences.values())))
    assert comparison.difference.n == len({sample for sample, _ in both})
