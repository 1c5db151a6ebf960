"""A run over a table goes on where it stopped; what would not fit together is refused."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from seewhy import LIMETabular, PseudoLinearCoef, SHAPKernel, TabularRunner
from seewhy.runner.paced import next_size, paced_batches
from seewhy.store import JobReader, read_tabular
from tests.explainer.tabular.models import IRIS_WEIGHT, probabilities, softmax_network
from tests.networks import tensor
from tests.runner.tabular_models import (
    FEATURES,
    NUMBER,
    assert_same,
    background,
    explainers,
    iris,
    kernel_only,
    runner,
    slow_runner,
    stored,
    truth,
)

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from pathlib import Path
from tests.runner.tabular_models import slow_runner
slow_runner(sys.argv[1], Path(sys.argv[2]), pause=0.1).run()
"""


def start(framework: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, framework, str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def wait_for_rows(path: Path, process: subprocess.Popen[str], number: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if path.exists() and path.stat().st_size:
            try:
                with closing(JobReader(path)) as job:
                    if job.info().samples >= number:
                        return
            except ValueError:
                pass  # nothing but the file yet
        time.sleep(0.05)
    raise TimeoutError


@pytest.mark.parametrize(
    ("sent", "state"), [(signal.SIGKILL, "stalled"), (signal.SIGINT, "interrupted")]
)
def test_a_stopped_process_goes_on(
    framework: str, tmp_path: Path, sent: signal.Signals, state: str
) -> None:
    path = tmp_path / "tabular.seewhy.db"
    with start(framework, tmp_path) as process:
        try:
            wait_for_rows(path, process, 4)
            process.send_signal(sent)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode != 0
    assert ("KeyboardInterrupt" in err) == (sent == signal.SIGINT)
    with read_tabular(path) as job:
        assert job.info().state == state
    if state == "interrupted":
        assert [file.name for file in tmp_path.iterdir()] == [path.name]  # one ordinary file
    before = stored(path)
    assert 4 <= len(before) < NUMBER
    again = slow_runner(framework, tmp_path)
    slow = again._predictor.original
    slow.rows = 0
    after = stored(again.run())
    assert_same(after, stored(slow_runner(framework, tmp_path / "straight").run()))
    # Except those of the last batch nothing was asked about again.
    each = 14 * len(background()) + 2
    left = NUMBER - len(before) + 2
    assert slow.rows <= left * each + 20 * len(background()) + len(before)
    with read_tabular(path) as job:
        assert (job.info().state, job.info().done) == ("finished", NUMBER)


class Stop(Exception):
    """Raised by the model, as a crash is."""


def stop_after(predictor: Any, rows: int) -> Callable[[Any], Any]:
    """Answers as the predictor until it was asked about so many rows."""
    asked = 0

    def stopping(inputs: Any) -> Any:
        nonlocal asked
        asked += len(inputs)
        if asked > rows:
            raise Stop
        return predictor(inputs)

    return stopping


def model(rows: Any) -> Any:
    return probabilities(rows)


def run(folder: Path, rows: Any, predictor: Any = model, **options: Any) -> Path:
    job = TabularRunner(folder, rows, predictor, batch_size=2, **options)
    job.register_explainers([SHAPKernel(predictor, background())])
    return job.run()


def interrupted(folder: Path, rows: Any) -> Path:
    stopping = stop_after(model, 900)
    stopping.__qualname__ = "model"
    with pytest.raises(Stop):
        run(folder, rows, stopping)
    path = folder / "tabular.seewhy.db"
    with read_tabular(path) as job:
        assert job.info().state == "failed"
        assert 0 < job.info().samples < len(rows)
    return path


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    x = iris()[0]
    path = run(tmp_path, x)
    asked = []

    def counted(rows: Any) -> Any:
        asked.append(len(rows))
        return probabilities(rows)

    counted.__qualname__ = "model"
    before = stored(path)
    job = TabularRunner(tmp_path, x, counted)
    job.register_explainers([SHAPKernel(counted, background())])
    asked.clear()
    assert_same(stored(job.run()), before)
    assert asked == [NUMBER]  # whether it answers as before


def test_shuffled_and_grown_data_go_on(tmp_path: Path) -> None:
    x = iris(30)[0]
    path = interrupted(tmp_path, x[:NUMBER])
    before = stored(path)
    order = np.random.default_rng(0).permutation(30)
    after = stored(run(tmp_path, x[order]))
    assert sorted(after) == list(range(30))
    for number, (row, found) in before.items():  # what was stored keeps its number
        assert after[number][0].digest == row.digest
        for key, attribution in found.items():
            np.testing.assert_array_equal(after[number][1][key].values, attribution.values)
    rows = sorted(row.features.tolist() for row, _ in after.values())
    assert rows == sorted(x.astype(float).tolist())


def test_equal_rows_are_all_stored(tmp_path: Path) -> None:
    x = np.repeat(iris(4)[0], 4, axis=0)
    interrupted(tmp_path, x)
    after = stored(run(tmp_path, x))
    assert sorted(after) == list(range(16))
    for number, (row, _) in after.items():
        np.testing.assert_array_equal(row.features, x[number])


def test_rows_that_did_not_come_stay(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    x = iris()[0]
    run(tmp_path, x)
    with caplog.at_level(logging.WARNING, "seewhy"):
        path = run(tmp_path, x[5:])
    assert "also holds 5 rows that `data` does not have" in caplog.text
    assert len(stored(path)) == NUMBER


def test_more_may_be_asked_later(framework: str, tmp_path: Path) -> None:
    network = softmax_network(framework)
    runner(framework, tmp_path, network, make_explainers=kernel_only).run()
    path = runner(framework, tmp_path, network, targets="all").run()
    straight = runner(framework, tmp_path / "straight", network, targets="all").run()
    assert_same(stored(path), stored(straight))


def test_coefficients_follow_the_rows(tmp_path: Path) -> None:
    x = iris(60)[0]
    for number in (30, 60, 60):
        job = TabularRunner(tmp_path, x[:number], model)
        explainer = PseudoLinearCoef(model, 3, riemann=20)
        job.register_explainers([explainer])
        with read_tabular(job.run()) as reader:
            found = reader.coefficients("PseudoLinearCoef")
            assert reader.info().samples == number
        np.testing.assert_allclose(found.overall, explainer(x[:number])[0])


def other_weights(framework: str) -> Any:
    return softmax_network(framework, IRIS_WEIGHT * 1.1)


def test_other_weights_are_refused(framework: str, tmp_path: Path) -> None:
    path = runner(framework, tmp_path).run()
    before = stored(path)
    with pytest.raises(ValueError, match=r"was written with setting `weights` = .*: give this run"):
        runner(framework, tmp_path, other_weights(framework)).run()
    assert_same(stored(path), before)


def test_a_callable_that_answers_otherwise_is_refused(tmp_path: Path) -> None:
    x, y = iris(60)
    first, second = (LogisticRegression(C=c, max_iter=500).fit(x, y) for c in (1, 0.5))
    run(tmp_path, x, first)
    run(tmp_path, x, first.predict_proba)  # the same by another name
    with pytest.raises(ValueError, match=r"written with another `predictor`: output .*: give this"):
        run(tmp_path, x, second)


@pytest.mark.parametrize(
    ("options", "made", "message"),
    [
        ({"feature_names": ["a", "b", "c", "d"]}, kernel_only, "feature 0 = 'sepal length', this"),
        ({"threshold": 0.6}, kernel_only, "setting `threshold` = 0.5, this run has 0.6"),
        (
            {"categorical_names": {3: ["x", "y"]}},
            kernel_only,
            "categories of 'petal width' = None, this run has {0: 'x', 1: 'y'}",
        ),
        (
            {},
            lambda predictor: [SHAPKernel(predictor, background(), FEATURES, num_neighbours=99)],
            "explainer 'SHAPKernel' with params .*5000",
        ),
        (
            {},
            lambda predictor: [SHAPKernel(predictor, background()[1:], FEATURES)],
            "explainer 'SHAPKernel' with params",
        ),
        ({"rows": iris()[0][:, :3]}, None, "was written with 4 features, this run has 3"),
    ],
)
def test_other_settings_are_refused(
    tmp_path: Path, options: dict[str, Any], made: Any, message: str
) -> None:
    path = runner("numpy", tmp_path / "named", model, iris()[0], kernel_only).run()
    before = stored(path)
    rows = options.pop("rows", iris()[0])
    if made is None:

        def narrow(rows: Any) -> Any:
            return probabilities(np.asarray(rows) @ np.eye(3, 4))

        narrow.__qualname__ = "model"

        def made(predictor: Any) -> Any:
            return [SHAPKernel(predictor, background()[:, :3])]

        predictor = narrow
    else:
        predictor = model
    with pytest.raises(ValueError, match=message):
        runner("numpy", tmp_path / "named", predictor, rows, made, **options).run()
    assert_same(stored(path), before)
    with read_tabular(path) as job:
        assert job.info().state == "finished"


def test_other_statistics_of_lime_are_refused(tmp_path: Path) -> None:
    def lime(rows: Any) -> Any:
        stats = LIMETabular.to_feat_stats(rows)
        return lambda predictor: [LIMETabular(predictor, stats, num_perturbs=50)]

    x = iris(150)[0]
    runner("numpy", tmp_path, model, x[:5], lime(x)).run()
    runner("numpy", tmp_path, model, x[:5], lime(x)).run()
    with pytest.raises(ValueError, match="explainer 'LIMETabular' with params"):
        runner("numpy", tmp_path, model, x[:5], lime(x[50:])).run()


def test_one_run_at_a_time(tmp_path: Path) -> None:
    inner: list[Exception] = []

    def meanwhile(rows: Any) -> Any:
        if not inner and (tmp_path / "tabular.seewhy.lock").exists():
            inner.append(RuntimeError("none"))
            with pytest.raises(RuntimeError, match="another process is writing this job") as caught:
                run(tmp_path, iris(4)[0])
            inner[0] = caught.value
        return probabilities(rows)

    run(tmp_path, iris(4)[0], meanwhile)
    assert "another process" in str(inner[0])


def test_batches_grow_until_they_take_a_while() -> None:
    assert next_size(8, 0.1) == 16
    assert next_size(4096, 0.1) == 4096
    assert next_size(8, 1.0) == 8
    assert next_size(8, 3.0) == 4
    assert next_size(1, 9.0) == 1
    assert [len(batch) for batch in paced_batches(range(60), None)] == [8, 16, 32, 4]
    assert [len(batch) for batch in paced_batches(range(7), 3)] == [3, 3, 1]
    assert list(paced_batches([], None)) == []


def test_explainers_serve_several_runners(framework: str, tmp_path: Path) -> None:
    network = softmax_network(framework)
    made = explainers(network)
    paths = []
    for name in ("a", "b"):
        job = TabularRunner(
            tmp_path, tensor(framework, iris()[0]), network, ground_truth=truth(), job=name
        )
        job.register_explainers(made)
        paths.append(job.run())
    assert_same(*map(stored, paths))
