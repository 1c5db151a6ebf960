from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import (
    ExplainerInfo,
    Inference,
    JobWriter,
    KnownSample,
    MetricInfo,
    SaliencyMap,
    Sample,
    Score,
    Uncertainty,
    read_job,
)

Factory = Callable[..., Any]


def test_what_goes_in_comes_out(
    open_writer: Factory, make_sample: Factory, make_map: Factory
) -> None:
    saliency = make_map(7, label=1, explainer="Gradient")
    with open_writer(total=1, versions={"torch": "2.13"}) as writer:
        writer.add_sample(make_sample(7, image=Image.new("RGB", (1000, 500), "red")))
        writer.add_maps([saliency])
    with read_job(writer.path) as job:
        sample = job.sample(7)
        assert (sample.name, sample.width, sample.height) == ("photo 7", 1000, 500)
        assert sample.ground_truth == (0,)
        assert sample.boxes == ((0, 1.5, 2.0, 30.0, 40.0),)
        assert sample.inferences == (Inference(0, 0.9, "TP"), Inference(1, 0.6, "FP"))
        assert [(m.label, m.explainer, m.width, m.height) for m in sample.maps] == [
            (1, "Gradient", 9, 7)
        ]
        assert job.image(7).size == (512, 256)
        read = job.saliency(7, "cat", "Gradient")
        np.testing.assert_allclose(read, saliency.values, atol=1 / 255)
        info = job.info()
    assert (info.name, info.state, info.done, info.total) == ("job", "finished", 1, 1)
    assert info.settings == {"min_confidence": 0.5, "network": "lite0"}
    assert info.versions["torch"] == "2.13"
    assert [explainer.name for explainer in info.explainers] == ["GradCAM", "Gradient"]


def test_a_finished_job_is_one_ordinary_file(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
    assert [file.name for file in tmp_path.iterdir()] == ["job.seewhy.db"]
    connection = sqlite3.connect(writer.path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_writing_twice_changes_nothing(
    open_writer: Factory, make_sample: Factory, make_map: Factory
) -> None:
    for _ in range(2):
        with open_writer() as writer:
            for _ in range(2):
                writer.add_sample(make_sample(0))
                writer.add_maps([make_map(0), make_map(0, label=1)])
    with read_job(writer.path) as job:
        assert job.info().samples == 1
        assert job.counts() == {0: {"TP": 1}, 1: {"FP": 1}}
        assert len(job.sample(0).maps) == 2


def test_a_label_added_to_a_known_sample_moves_its_counts(
    open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0, inferences=(Inference(0, 0.5, "TP"),)))
        writer.flush()
        writer.add_sample(
            make_sample(0, inferences=(Inference(0, 0.5, "TP"), Inference(1, 0.75, "FP")))
        )
        writer.add_sample(make_sample(1, inferences=()))
        writer.flush()
        writer.add_sample(make_sample(1, inferences=(Inference(2, 0.25, None),)))
    connection = sqlite3.connect(writer.path)
    rows = connection.execute("SELECT max_prob, min_prob, kinds FROM sample ORDER BY id").fetchall()
    counts = connection.execute("SELECT kinds, n FROM sample_count WHERE n > 0").fetchall()
    connection.close()
    assert rows == [(0.75, 0.5, 5), (0.25, 0.25, 8)]
    assert counts == [(5, 1), (8, 1)]


def test_known_samples_tell_what_a_resumed_run_can_skip(
    open_writer: Factory, make_sample: Factory, make_map: Factory
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(3))
        writer.add_maps([make_map(3), make_map(3, label=1, explainer="Gradient")])
    with open_writer() as writer:
        assert writer.known([2, 3, *range(1000, 3000)]) == {
            3: KnownSample(
                "digest 3",
                frozenset({0, 1}),
                frozenset({(0, "GradCAM"), (1, "Gradient")}),
                boxed=frozenset({0}),
            )
        }


def test_rows_wait_for_a_batch_and_no_longer_than_half_a_second(
    open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer() as writer, read_job(writer.path) as job:
        writer.add_sample(make_sample(0))
        assert job.info().samples == 0
        time.sleep(0.6)
        writer.add_sample(make_sample(1))
        assert job.info().samples == 2
        for number in range(2, 102):
            writer.add_sample(make_sample(number))
        assert job.info().samples > 60


def test_sixteen_bits_are_finer(open_writer: Factory, make_sample: Factory) -> None:
    values = np.random.default_rng(0).random((20, 20))
    with open_writer(bits=16) as writer:
        writer.add_sample(make_sample(0))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", values)])
    with read_job(writer.path) as job:
        np.testing.assert_allclose(job.saliency(0, 0, "GradCAM"), values, atol=1 / 65535)


def test_the_99th_percentile_is_kept(open_writer: Factory, make_sample: Factory) -> None:
    values = np.random.default_rng(0).standard_normal((50, 40)) ** 3
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        writer.add_maps([SaliencyMap(0, 0, name, values) for name in ("GradCAM", "Gradient")])
    with read_job(writer.path) as job:
        unsigned, signed = (record.p99 for record in job.sample(0).maps)
    assert np.mean(values <= unsigned) == pytest.approx(0.99, abs=1 / values.size)
    assert np.mean(np.abs(values) <= signed) == pytest.approx(0.99, abs=1 / values.size)


def test_numpy_scalars_are_stored_as_numbers(open_writer: Factory, make_sample: Factory) -> None:
    inference = Inference(np.int64(1), np.float32(0.5), "TP")
    with open_writer() as writer:
        writer.add_sample(
            make_sample(
                np.int64(4),
                ground_truth=(np.int32(1),),
                inferences=(inference,),
                boxes=((np.int64(1), *np.float32([1, 2, 3, 4])),),
            )
        )
        writer.add_maps([SaliencyMap(np.int64(4), np.int64(1), "GradCAM", np.eye(3))])
    with read_job(writer.path) as job:
        sample = job.sample(4)
    assert sample.inferences == (Inference(1, 0.5, "TP"),)
    assert sample.boxes == ((1, 1, 2, 3, 4),)
    assert len(sample.maps) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [(None, "finished"), (KeyboardInterrupt, "interrupted"), (ZeroDivisionError, "failed")],
)
def test_the_status_says_how_it_ended(
    open_writer: Factory,
    make_sample: Factory,
    error: type[BaseException] | None,
    status: str,
) -> None:
    writer = open_writer()
    try:
        with writer:
            writer.add_sample(make_sample(0))
            if error:
                raise error
    except (KeyboardInterrupt, ZeroDivisionError):
        assert error
    with read_job(writer.path) as job:
        assert (job.info().status, job.info().samples) == (status, 1)


def test_progress_is_what_the_runner_says_or_what_is_stored(
    open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer(total=10) as writer, read_job(writer.path) as job:
        writer.add_sample(make_sample(0))
        writer.flush()
        assert (job.info().done, job.info().total, job.info().state) == (1, 10, "running")
        writer.progress(4)
        writer.add_sample(make_sample(1))
        writer.flush()
        assert job.info().done == 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": {"min_confidence": 0.4, "network": "lite0"}}, "`min_confidence` = 0.5.*0.4"),
        ({"settings": {"min_confidence": 0.5}}, r"`network` = 'lite0'.*\(not set\)"),
        ({"settings": {"min_confidence": 0.5, "network": "lite0", "k": 1}}, r"`k` = '\(not set\)"),
        ({"labels": ("dog", "wolf", "owl")}, r"`labels`\[1\] = 'cat', this run has 'wolf'"),
        ({"labels": ("dog",)}, "3 `labels`, this run has 1"),
        (
            {"explainers": [ExplainerInfo("GradCAM", False, {"layer": "x"})]},
            "'GradCAM' with params {'layer': 'features.8'}.*{'layer': 'x'}",
        ),
        (
            {"explainers": [ExplainerInfo("Gradient", False, {})]},
            r"\(signed\).*\(unsigned\)",
        ),
    ],
)
def test_a_different_run_is_not_mixed_into_the_store(
    open_writer: Factory,
    make_sample: Factory,
    make_map: Factory,
    changes: dict[str, Any],
    message: str,
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        writer.add_maps([make_map(0), make_map(0, explainer="Gradient")])
    with pytest.raises(ValueError, match=f"(?s){message}.*another job name or summary_dir"):
        open_writer(**changes)
    # Still one ordinary file, not one in write-ahead mode.
    assert writer.path.read_bytes()[18:20] == b"\x01\x01"
    assert [file.name for file in writer.path.parent.iterdir()] == [writer.path.name]
    open_writer().close()


def test_an_explainer_that_made_nothing_may_be_corrected(open_writer: Factory) -> None:
    open_writer(explainers=[ExplainerInfo("GradCAM", False, {"layer": "fc"})]).close("failed")
    with open_writer() as writer, read_job(writer.path) as job:
        assert dict(job.explainers[0].params) == {"layer": "features.8"}


def test_scores_are_kept_by_sample_and_summed_up(
    open_writer: Factory, make_sample: Factory
) -> None:
    metrics = [MetricInfo("Faithfulness", True, -np.inf, 1.0, {"metric": "DeletionAUC"})]
    scores = [
        Score(0, 0, "GradCAM", "Faithfulness", 0.5),
        Score(0, 1, "GradCAM", "Faithfulness", 0.25),
        Score(1, 0, "GradCAM", "Faithfulness", 0.75),
        Score(0, 0, "Gradient", "Faithfulness", -0.5),
    ]
    for _ in range(2):  # writing twice changes nothing
        with open_writer(metrics=metrics) as writer, read_job(writer.path) as job:
            for number in (0, 1):
                writer.add_sample(make_sample(number))
            writer.add_scores(scores)
            assert writer.known([1])[1].scores == {(0, "GradCAM", "Faithfulness")}
            assert job.metrics() == tuple(metrics)
            assert {made[:5] for made in job.scores()} == {
                ("GradCAM", "Faithfulness", None, 0.5, 3),
                ("GradCAM", "Faithfulness", 0, 0.625, 2),
                ("GradCAM", "Faithfulness", 1, 0.25, 1),
                ("Gradient", "Faithfulness", None, -0.5, 1),
                ("Gradient", "Faithfulness", 0, -0.5, 1),
            }
            assert {made[:5] for made in job.scores(by_label=False)} == {
                ("GradCAM", "Faithfulness", None, 0.5, 3),
                ("Gradient", "Faithfulness", None, -0.5, 1),
            }
    changed = [metrics[0]._replace(params={"metric": "InsertionAUC"})]
    with pytest.raises(ValueError, match="metric 'Faithfulness' with params"):
        open_writer(metrics=changed)
    with open_writer(metrics=metrics) as writer:
        for bad, message in (
            (scores[0]._replace(value=np.nan), "`value` must be finite"),
            (scores[0]._replace(metric="Robustness"), "`metric` must be one of Faithfulness"),
            (scores[0]._replace(explainer="RISE"), "`explainer` must be one of GradCAM"),
            (scores[0]._replace(label=3), r"0\.\.2"),
        ):
            with pytest.raises(ValueError, match=message):
                writer.add_scores([bad])


def test_new_explainers_join_and_old_ones_stay(open_writer: Factory) -> None:
    open_writer().close()
    occlusion = ExplainerInfo("Occlusion", True, {"window": 32})
    with open_writer(explainers=[occlusion]) as writer, read_job(writer.path) as job:
        assert [explainer.name for explainer in job.explainers] == [
            "GradCAM",
            "Gradient",
            "Occlusion",
        ]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        (np.array([[0.0, np.nan]]), ValueError),
        (np.array([[0.0, np.inf]]), ValueError),
        (np.zeros((1, 2, 3)), ValueError),
        (np.zeros((0, 3)), ValueError),
        (np.zeros((3, 3), dtype=np.int64), TypeError),
    ],
)
def test_maps_must_be_finite_planes_of_floats(
    open_writer: Factory, make_sample: Factory, values: np.ndarray, error: type[Exception]
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        with pytest.raises(error, match="`values` must"):
            writer.add_maps([SaliencyMap(0, 0, "GradCAM", values)])


@pytest.mark.parametrize("prob", [1.1, -0.1, float("nan"), float("inf")])
def test_probabilities_lie_between_0_and_1(
    open_writer: Factory, make_sample: Factory, prob: float
) -> None:
    with open_writer() as writer, pytest.raises(ValueError, match=r"`prob` must be in \[0, 1\]"):
        writer.add_sample(make_sample(0, inferences=(Inference(0, prob, None),)))


def test_a_rounding_error_above_1_is_cut(open_writer: Factory, make_sample: Factory) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0, inferences=(Inference(0, 1.0000001, None),)))
    with read_job(writer.path) as job:
        assert job.sample(0).inferences[0].prob == 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"inferences": (Inference(3, 0.5, None),)},
        {"ground_truth": (-1,)},
        {"boxes": ((3, 0, 0, 1, 1),)},
        {"inferences": (Inference(0, 0.5, "TN"),)},  # type: ignore[arg-type]
    ],
)
def test_samples_name_known_labels_and_kinds(
    open_writer: Factory, make_sample: Factory, changes: dict[str, Any]
) -> None:
    with open_writer() as writer, pytest.raises(ValueError, match="must be"):
        writer.add_sample(make_sample(0, **changes))


def test_maps_belong_to_a_sample_a_label_and_an_explainer(
    open_writer: Factory, make_sample: Factory, make_map: Factory
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        with pytest.raises(ValueError, match=r"`label` must be in 0\.\.2, got 3"):
            writer.add_maps([make_map(0, label=3)])
        with pytest.raises(ValueError, match="`explainer` must be one of GradCAM, Gradient"):
            writer.add_maps([make_map(0, explainer="RISE")])
        writer.flush()
        writer.add_maps([make_map(1)])
        with pytest.raises(ValueError, match="`add_sample` never got"):
            writer.flush()
        writer.add_maps([make_map(0)])
    with read_job(writer.path) as job:
        assert len(job.sample(0).maps) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"bits": 12}, ValueError),
        ({"job": ""}, ValueError),
        ({"job": "../up"}, ValueError),
        ({"job": ".hidden"}, ValueError),
        ({"job": "a\nb"}, ValueError),
        ({"job": "ä" * 101}, ValueError),
        ({"job": 3}, TypeError),
        ({"labels": ()}, ValueError),
        ({"labels": ("dog", " ")}, ValueError),
        ({"labels": ("dog", "dog")}, ValueError),
        ({"labels": ("dog", 3)}, TypeError),
        ({"explainers": [ExplainerInfo("a", True, {}), ExplainerInfo("a", True, {})]}, ValueError),
    ],
)
def test_bad_arguments_leave_nothing_behind(
    open_writer: Factory, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match="`"):
        open_writer(**changes)
    assert not list(tmp_path.iterdir())


def test_a_closed_writer_refuses_and_closes_twice(
    open_writer: Factory, make_sample: Factory
) -> None:
    writer: JobWriter = open_writer()
    writer.close()
    writer.close()
    sample: Sample = make_sample(0)
    with pytest.raises(RuntimeError, match="closed"):
        writer.add_sample(sample)


def test_uncertainties_come_with_the_sample_or_later(
    open_writer: Factory, make_sample: Factory
) -> None:
    one, other = Uncertainty(0.8, 0.1, 0.5, 0.95), Uncertainty(0.5, 0.2, 0.1, 0.9)
    with open_writer(uncertainty={"passes": 10}) as writer:
        writer.add_sample(make_sample(0, inferences=(Inference(0, 0.9, "TP", one),)))
        writer.add_sample(make_sample(1))
        assert writer.known([0, 1])[1].uncertain == frozenset()
        writer.add_uncertainties([(1, 1, other), (0, 0, other)])
        assert writer.known([0, 1])[1].uncertain == {1}
    with read_job(writer.path) as job:
        assert [i.uncertainty for i in job.sample(0).inferences] == [one]  # not written twice
        assert [i.uncertainty for i in job.sample(1).inferences] == [None, other]
        assert job.info().uncertainty == {"passes": 10}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((0, 3, Uncertainty(0.5, 0.1, 0.4, 0.6)), r"`label` must be in 0\.\.2, got 3"),
        ((0, 0, Uncertainty(0.5, float("nan"), 0.4, 0.6)), "`uncertainty` must be finite"),
    ],
)
def test_bad_uncertainties(
    open_writer: Factory, make_sample: Factory, row: Any, message: str
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        with pytest.raises(ValueError, match=message):
            writer.add_uncertainties([row])


def test_settings_of_uncertainties_may_change_until_one_is_stored(
    open_writer: Factory, make_sample: Factory
) -> None:
    with open_writer(uncertainty={"passes": 10}) as writer:
        writer.add_sample(make_sample(0))
    with open_writer(uncertainty={"passes": 20}) as writer:
        writer.add_uncertainties([(0, 0, Uncertainty(0.5, 0.1, 0.4, 0.6))])
    with pytest.raises(ValueError, match=r"uncertainties .*'passes': 20.*'passes': 10"):
        open_writer(uncertainty={"passes": 10})
    with read_job(open_writer().path) as job:
        assert job.info().uncertainty == {"passes": 20}


def test_a_store_that_goes_on_forgets_how_small_it_was(tmp_path: Path) -> None:
    def plan() -> str:
        with closing(sqlite3.connect(path)) as connection:
            sql = "EXPLAIN QUERY PLAN SELECT name FROM sample WHERE id IN (1, 2, 3)"
            return " ".join(row[3] for row in connection.execute(sql))

    def write() -> JobWriter:
        return JobWriter(tmp_path, "job", settings={}, labels=["a"], explainers=[], total=None)

    with write() as writer:
        path = writer.path
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
        connection.execute("INSERT INTO sqlite_stat1 VALUES ('sample', NULL, '1')")
        connection.commit()
    with write():
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT * FROM sqlite_stat1").fetchall() == []
        assert "SCAN" not in plan()
