"""Real processes: killed, and stopped by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from seewhy.store import read_job
from tests.networks import make
from tests.runner.helpers import (
    SPEC,
    Stored,
    all_scores,
    assert_same,
    explainers,
    labelled,
    metrics,
    runner,
    stored,
)
from tests.runner.test_results import Counter, forwards

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 20

# Slow data, so that there is time to stop it; what they hold is what `labelled` holds.
PLAN = """
import time
from tests.runner.helpers import NAMES, SPEC, explainers as make_explainers, labelled, sigmoid
from tests.networks import make

class Slow(list):
    def __getitem__(self, index):
        time.sleep({pause})
        return super().__getitem__(index)

network = make("{framework}", SPEC)
activation_fn = sigmoid("{framework}")
data = (Slow(labelled({number})), NAMES)
explainers = make_explainers(network)
batch_size = 4
job = "stopped"
"""
SCORED = """
from tests.runner.helpers import metrics
benchmarkers = metrics("{framework}")
"""


@contextmanager
def running(framework: str, folder: Path, text: str = PLAN) -> Iterator[subprocess.Popen[str]]:
    """`seewhy run` in a process of its own."""
    plan = folder / "plan.py"
    plan.write_text(text.format(framework=framework, pause=0.4, number=NUMBER))
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "seewhy",
        "run",
        str(plan),
        "--summary-dir",
        str(folder),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_samples(path: Path, process: subprocess.Popen[str], number: int) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if path.exists() and path.stat().st_size:
            try:
                with closing(read_job(path)) as job:
                    if job.info().samples >= number:
                        return
            except ValueError:
                pass  # nothing but the file yet
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[int, Stored]]:
    """What a run stores that nothing stops, made once for each framework."""
    made: dict[str, dict[int, Stored]] = {}

    def straight(framework: str) -> dict[int, Stored]:
        if framework not in made:
            folder = tmp_path_factory.mktemp(framework)
            made[framework] = stored(runner(framework, folder, labelled(NUMBER)).run())
        return made[framework]

    return straight


def finish(framework: str, folder: Path, straight: dict[int, Stored]) -> None:
    """Run again: nothing stored is done again, and all is as if nothing had happened."""
    path = folder / "stopped.seewhy.db"
    before = stored(path)
    assert 4 <= len(before) < NUMBER
    network = make(framework, SPEC)
    again = runner(framework, folder, labelled(NUMBER), network, job="stopped", batch_size=4)
    counter = Counter(network)
    found = stored(again.run())
    assert_same(found, straight)
    # Except those of the last batch, a sample is stored with all its maps.
    assert sum(set(s.maps) != set(straight[i].maps) for i, s in before.items()) <= 4
    left = [len(s.kinds) for i, s in straight.items() if i not in before]
    most = len(left) + forwards(framework, left)
    assert len(left) < counter.samples <= most + 4 * 7
    with read_job(path) as job:
        assert (job.info().state, job.info().done) == ("finished", NUMBER)


def test_a_killed_run_goes_on(
    framework: str, tmp_path: Path, straight: Callable[[str], dict[int, Stored]]
) -> None:
    path = tmp_path / "stopped.seewhy.db"
    with running(framework, tmp_path) as process:
        wait_for_samples(path, process, 8)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    with read_job(path) as job:
        assert job.info().state == "stalled"
    finish(framework, tmp_path, straight(framework))


@pytest.mark.filterwarnings("ignore:neutral score")
def test_the_scores_of_a_killed_run_go_on(framework: str, tmp_path: Path) -> None:
    path = tmp_path / "stopped.seewhy.db"
    with running(framework, tmp_path, PLAN + SCORED) as process:
        wait_for_samples(path, process, 8)
        process.kill()
        process.wait()
    before = all_scores(path)
    for folder in (tmp_path, tmp_path / "straight"):
        network = make(framework, SPEC)
        job = runner(
            framework, folder, labelled(NUMBER), network, job="stopped", make_explainers=None
        )
        job.register_saliency(explainers(network), metrics(framework))
        job.run()
    after = all_scores(path)
    straight = all_scores(tmp_path / "straight" / path.name)
    assert 0 < len(before) < len(after)
    assert before.items() <= after.items()  # none was made again
    # Other batches round otherwise, and a pixel may fall into the next band.
    assert after == pytest.approx(straight, abs=0.01)


def test_ctrl_c_stops_cleanly(
    framework: str, tmp_path: Path, straight: Callable[[str], dict[int, Stored]]
) -> None:
    path = tmp_path / "stopped.seewhy.db"
    with running(framework, tmp_path) as process:
        wait_for_samples(path, process, 4)
        with read_job(path) as job:
            assert job.info().state == "running"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130, err
    assert out == ""
    assert "Stopped; everything so far is readable. Start again to go on." in err
    assert "Traceback" not in err
    with read_job(path) as job:
        assert job.info().state == "interrupted"
    assert [file.name for file in tmp_path.glob("stopped.*")] == [path.name]  # one ordinary file
    finish(framework, tmp_path, straight(framework))


@pytest.mark.torch
def test_a_second_runner_on_the_same_job_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stopped.seewhy.db"
    with running("torch", tmp_path) as process:
        wait_for_samples(path, process, 4)
        second = runner("torch", tmp_path, labelled(NUMBER), job="stopped")
        with pytest.raises(RuntimeError, match="another process is writing this job"):
            second.run()
        other = runner("torch", tmp_path, labelled(2), job="another")  # beside it is no problem
        assert len(stored(other.run())) == 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert len(stored(second.run())) == NUMBER
