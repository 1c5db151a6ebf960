"""The store of a tabular job: what goes in comes out; what does not fit is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy.store import (
    Attribution,
    Coefficients,
    ExplainerInfo,
    FeatureInfo,
    Inference,
    JobReader,
    JobWriter,
    MetricInfo,
    Rule,
    Score,
    TabularRow,
    TabularWriter,
    find_jobs,
    read_tabular,
)

FEATURES = (FeatureInfo("size"), FeatureInfo("colour", {0: "red", 2: "blue"}), FeatureInfo("age"))
KERNEL, LIME = ExplainerInfo("SHAPKernel", True, {}), ExplainerInfo("LIMETabular", True, {"m": 5})

Open = Callable[..., TabularWriter]


@pytest.fixture
def open_tabular(tmp_path: Path) -> Open:
    def open_tabular(**changes: Any) -> TabularWriter:
        arguments: dict[str, Any] = {
            "settings": {"kind": "tabular classification"},
            "labels": ["no", "yes"],
            "features": FEATURES,
            "explainers": [KERNEL, LIME],
            "total": 2,
        }
        return TabularWriter(tmp_path, "table", **(arguments | changes))

    return open_tabular


def row(number: int, **changes: Any) -> TabularRow:
    values: dict[str, Any] = {
        "id": number,
        "name": f"row {number}",
        "digest": f"digest {number}",
        "features": np.array([0.1 + number, 2.0, 1 / 3]),
        "outputs": np.array([0.25, 0.75]),
        "truth": 0,
        "inferences": (Inference(1, 0.75, "FP"), Inference(0, 0.25, "FN")),
    }
    return TabularRow(**(values | changes))


def values(number: int, label: int = 1, **changes: Any) -> Attribution:
    made: dict[str, Any] = {
        "row_id": number,
        "label": label,
        "explainer": "SHAPKernel",
        "base": 0.5,
        "output": 0.75,
        "values": np.array([0.1 / (number + 1), -0.2, 1 / 7]),
    }
    return Attribution(**(made | changes))


def rules(number: int) -> Attribution:
    found = (Rule(2, "age <= 1", -0.5), Rule(0, "0 < size <= 3", 0.1))
    dense = np.array([0.1, 0, -0.5])
    return Attribution(number, 1, "LIMETabular", 0.4, 0.75, dense, found, 0.8)


def test_what_goes_in_comes_out_to_the_last_digit(open_tabular: Open, tmp_path: Path) -> None:
    with open_tabular() as writer:
        for _ in range(2):  # twice is as good as once
            for number in range(2):
                writer.add_row(row(number))
                writer.add_attributions([values(number), rules(number)])
    assert list(find_jobs(tmp_path)) == ["table"]
    with read_tabular(writer.path) as job:
        assert job.features == FEATURES
        assert (job.info().kind, job.info().is_tabular) == ("tabular classification", True)
        assert (job.info().samples, job.info().done) == (2, 2)
        found = job.row(1)
        for name in ("id", "name", "digest", "truth"):
            assert getattr(found, name) == getattr(row(1), name)
        assert [tuple(i)[:3] for i in found.inferences] == [(1, 0.75, "FP"), (0, 0.25, "FN")]
        np.testing.assert_array_equal(found.features, row(1).features)
        np.testing.assert_array_equal(found.outputs, row(1).outputs)
        kernel, lime = job.attributions_of(1)
        np.testing.assert_array_equal(kernel.values, values(1).values)
        assert (kernel.base, kernel.output, kernel.rules, kernel.fit) == (0.5, 0.75, (), None)
        assert (lime.rules, lime.fit) == (rules(1).rules, 0.8)
        np.testing.assert_array_equal(lime.values, rules(1).values)
        assert job.attributions_of(9) == ()
        every = job.attributions("LIMETabular", "yes")
        np.testing.assert_array_equal(every.values, [rules(n).values for n in range(2)])
        np.testing.assert_array_equal(every.rows, [row(n).features for n in range(2)])
        assert job.attribution_counts() == {"SHAPKernel": 2, "LIMETabular": 2}
        with pytest.raises(KeyError, match="no sample 5"):
            job.row(5)
    with JobReader(writer.path) as plain:  # the pages' reader does not mind
        assert [sample.name for sample in plain.samples(kinds=["FP"])] == ["row 0", "row 1"]


def test_importance_is_one_query(open_tabular: Open) -> None:
    with open_tabular() as writer:
        for number in range(2):
            writer.add_row(row(number))
            writer.add_attributions([values(number)])
    query = (
        "SELECT feature.name, avg(abs(each.value)) FROM attribution, json_each(weights) AS each "
        "JOIN feature ON feature.id = each.key GROUP BY feature.id"
    )
    with closing(sqlite3.connect(writer.path)) as connection:
        found = connection.execute(query).fetchall()
    assert found == [("size", pytest.approx(0.075)), ("colour", 0.2), ("age", pytest.approx(1 / 7))]


def test_known_rows(open_tabular: Open) -> None:
    with open_tabular() as writer:
        writer.add_row(row(0))
        writer.add_row(row(3))
        writer.add_attributions([values(3), rules(3)])
        known = writer.known([0, 1, 3])
        assert sorted(known) == [0, 3]
        assert known[0].attributions == frozenset()
        assert known[3].attributions == {(1, "SHAPKernel"), (1, "LIMETabular")}
        assert known[3].labels == {0, 1}
        features, outputs = writer.first_rows(1)
        np.testing.assert_array_equal(features, row(0).features[None])
        assert outputs.shape == (1, 2)


def test_coefficients_are_replaced(open_tabular: Open) -> None:
    random = np.random.default_rng(0)
    with open_tabular() as writer:
        assert writer.coefficients_digest("LIMETabular") is None
        for digest in ("old", "new"):
            made = Coefficients(random.normal(size=(2, 3)), random.normal(size=(2, 2, 3)))
            writer.set_coefficients("LIMETabular", made, digest)
        assert writer.coefficients_digest("LIMETabular") == "new"
    with read_tabular(writer.path) as job:
        for found, expected in zip(job.coefficients("LIMETabular"), made, strict=True):
            np.testing.assert_array_equal(found, expected)


def test_a_regression_keeps_its_truth_as_a_number(open_tabular: Open) -> None:
    one = np.array([3.5])
    with open_tabular(settings={"kind": "tabular regression"}, labels=["price"]) as writer:
        for number, truth in enumerate((3.25, None)):
            guess = (Inference(0, 3.5, None),)
            writer.add_row(row(number, outputs=one, truth=truth, inferences=guess))
    with read_tabular(writer.path) as job:
        assert job.is_regression
        assert [found.truth for found in job.rows()] == [3.25, None]


@pytest.mark.parametrize(
    ("attribution", "message"),
    [
        (values(0, label=2), r"`label` must be in 0\.\.1, got 2"),
        (values(0, explainer="RISE"), "`explainer` must be one of SHAPKernel, .*, got 'RISE'"),
        (values(0, values=np.ones(2)), r"`values` must have shape \(3,\), got \(2,\)"),
        (values(0, values=np.full(3, np.nan)), "`values` must be finite"),
        (values(0, base=np.inf), "`attribution` must be finite, got NaN or infinity for row 0"),
    ],
)
def test_a_bad_attribution_is_refused(
    open_tabular: Open, attribution: Attribution, message: str
) -> None:
    with open_tabular() as writer:
        writer.add_row(row(0))
        with pytest.raises(ValueError, match=message):
            writer.add_attributions([attribution])


def test_an_attribution_needs_its_row(open_tabular: Open) -> None:
    writer = open_tabular()
    writer.add_attributions([values(7)])
    with pytest.raises(
        ValueError,
        match="an attribution or score was added for a row or label that `add_row` never",
    ):
        writer.flush()
    writer.close()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (FEATURES[:2], "was written with 3 features, this run has 2"),
        ((FeatureInfo("length"), *FEATURES[1:]), "feature 0 = 'size', this run has 'length'"),
        ((FEATURES[0], FeatureInfo("colour"), FEATURES[2]), "categories of 'colour' = .* has None"),
    ],
)
def test_other_features_are_refused(open_tabular: Open, features: Any, message: str) -> None:
    open_tabular().close()
    with pytest.raises(ValueError, match=message):
        open_tabular(features=features)


def test_an_image_job_is_no_table(tmp_path: Path) -> None:
    with JobWriter(
        tmp_path, "images", settings={}, labels=["a"], explainers=[KERNEL], total=0
    ) as writer:
        pass
    with pytest.raises(ValueError, match="holds no tabular job: read it with `read_job`"):
        read_tabular(writer.path)


def test_scores_come_out_by_metric_explainer_and_label(open_tabular: Open) -> None:
    metrics = [MetricInfo(name, True, -inf, inf, {}) for name in ("Deletion", "Insertion")]
    explainers = [
        ExplainerInfo("SHAPKernel", True, {}),
        ExplainerInfo("RandomRanking", True, {}, baseline=True),
    ]
    expected = [
        Score(0, 1, "SHAPKernel", "Deletion", 0.25),
        Score(0, 1, "RandomRanking", "Deletion", -0.5),
        Score(0, 1, "SHAPKernel", "Insertion", 1 / 3),
    ]
    with open_tabular(metrics=metrics, explainers=explainers) as writer:
        writer.add_row(row(0))
        writer.add_scores([*expected[::-1], *expected])
        assert writer.known([0])[0].scores == {tuple(s[1:4]) for s in expected}
    with read_tabular(writer.path) as reader:
        assert list(reader.scores_of(0)) == expected
        assert reader.scores_of(1) == ()
        means = {(s.explainer, s.metric): s.mean for s in reader.scores(by_label=False)}
        assert means["SHAPKernel", "Insertion"] == 1 / 3


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (Score(0, 1, "SHAPKernel", "Delete", 0.0), "`metric` must be one of Deletion, got"),
        (Score(0, 1, "Lime", "Deletion", 0.0), "`explainer` must be one of SHAPKernel"),
        (Score(0, 9, "SHAPKernel", "Deletion", 0.0), "`label` must be in 0..1, got 9"),
        (Score(0, 1, "SHAPKernel", "Deletion", nan), "`value` must be finite, got nan"),
    ],
)
def test_bad_scores_are_refused(score: Score, words: str, open_tabular: Open) -> None:
    metrics = [MetricInfo("Deletion", True, -inf, inf, {})]
    explainers = [ExplainerInfo("SHAPKernel", True, {})]
    with open_tabular(metrics=metrics, explainers=explainers) as writer:
        writer.add_row(row(0))
        with pytest.raises(ValueError, match=words):
            writer.add_scores([score])
