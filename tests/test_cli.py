"""The command line as people use it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from seewhy import cli
from seewhy.store import (
    ExplainerInfo,
    Inference,
    JobWriter,
    MetricInfo,
    SaliencyMap,
    Sample,
    Score,
    read_job,
    read_tabular,
)
from tests.runner.test_plan import MODULE, PYTHON, TOML

ROOT = Path(__file__).resolve().parents[1]


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def seewhy(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in this process."""
    path, modules = sys.path.copy(), set(sys.modules)

    def run(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["seewhy", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code
        return Result(0 if code is None else int(code), *capfd.readouterr())

    yield run
    sys.path[:] = path
    for name in {"mine", "plan", "iris_model"} & (set(sys.modules) - modules):
        del sys.modules[name]


def shell(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "seewhy", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def write_plan(folder: Path, framework: str, text: str = PYTHON, name: str = "plan.py") -> Path:
    folder.joinpath("mine.py").write_text(MODULE.format(framework=framework))
    path = folder / name
    path.write_text(text)
    return path


def flat(text: str) -> str:
    return " ".join(text.split())


# ---- help


def test_help_teaches(seewhy: Run) -> None:
    result = seewhy("--help")
    assert result.code == 0
    for word in ("demo", "run", "view", "info", "seewhy run --help", "130 stopped by Ctrl-C"):
        assert word in flat(result.out)
    assert seewhy("run", "--help").out.count("explainers") >= 3


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "demo",
            ["--framework", "torch|mindspore", "--no-serve", "EfficientNet-Lite0", "extra demo"],
        ),
        (
            "run",
            [
                "again to go on where it stopped",
                'data = "pictures:test_set"',
                "[explainers.Gradient]",
            ],
        ),
        ("view", ["works while a run is writing", "ssh -L 8421:127.0.0.1:8421", "--port"]),
        ("info", ["what the stores below DIRECTORY hold"]),
    ],
)
def test_help_of_each_command(seewhy: Run, command: str, words: list[str]) -> None:
    result = seewhy(command, "--help")
    assert (result.code, result.err) == (0, "")
    for word in words:
        assert word in flat(result.out)
    for markup in ("[bold]", "\\b", "\\["):
        assert markup not in result.out


def test_examples_in_the_help_keep_their_lines(seewhy: Run) -> None:
    lines = [line.strip() for line in seewhy("run", "--help").out.splitlines()]
    for line in ('network = "models:build"', 'labels = ["cat", "dog"]', 'layer = "auto"'):
        assert line in lines


def test_version(seewhy: Run) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", seewhy("--version").out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Usage: seewhy"),
        (["rnu"], "No such command 'rnu'. Did you mean 'run'?"),
        (["run"], "Missing argument"),
        (["demo", "--framework", "jax"], "'jax' is not one of"),
        (["view", "x", "--port", "many"], "Invalid value for '--port'"),
        (["info", "--verbose"], "No such option: --verbose"),
    ],
)
def test_wrong_usage_is_code_2(seewhy: Run, arguments: list[str], message: str) -> None:
    result = seewhy(*arguments)
    assert result.code == 2
    assert message in flat(result.out + result.err)


# ---- run


@pytest.mark.parametrize(("text", "name"), [(PYTHON, "plan.py"), (TOML, "plan.toml")])
def test_run(framework: str, text: str, name: str, seewhy: Run, tmp_path: Path) -> None:
    plan = write_plan(tmp_path, framework, text, name)
    store = tmp_path / "my [bold]runs" / "plan.seewhy.db"
    result = seewhy("run", plan, "--summary-dir", store.parent)
    assert (result.code, result.err) == (0, "")  # no bar where there is no terminal
    assert result.out == (
        f"Explanations are in {store}\nLook at them with: seewhy view '{store.parent}'\n"
    )
    with read_job(store) as job:
        assert (job.info().state, job.info().done) == ("finished", 3)
    again = seewhy("run", plan, "--summary-dir", store.parent, "--quiet")
    assert (again.code, again.out) == (0, result.out)


@pytest.mark.torch
@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            PYTHON.replace("network =", "net = network ="),
            "plan.yaml",
            "must be a Python (.py) or TOML",
        ),
        (PYTHON.replace("\nexplainers", "\nexplainer"), "plan.py", "must define explainers; see"),
        (TOML.replace("GradCAM", "GradCamm"), "plan.toml", "did you mean 'GradCAM'?"),
        (TOML.replace("job", "jub"), "plan.toml", "unknown key 'jub'; did you mean 'job'?"),
        (
            TOML.replace("mine:build", "mien:build"),
            "plan.toml",
            "a module 'mien', which cannot be found",
        ),
        (PYTHON.replace("NAMES)\n", "NAMES[:2])\n"), "plan.py", "each of the 2 class names"),
        (PYTHON + "1 / 0\n", "plan.py", "ZeroDivisionError: division by zero\n  at "),
        (PYTHON + "if\n", "plan.py", "SyntaxError: invalid syntax\n  at "),
        (PYTHON + "raise KeyError('x')\n", "plan.py", "KeyError: 'x'\n  at "),
        (PYTHON.replace('"conv"', '"cnv"'), "plan.py", "close names: conv\n  at "),
    ],
)
def test_mistakes_end_with_a_message(
    text: str, name: str, message: str, seewhy: Run, tmp_path: Path
) -> None:
    plan = write_plan(tmp_path, "torch", text, name)
    result = seewhy("run", plan, "--summary-dir", tmp_path / "out")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Error: ")
    message, at, _ = message.partition("\n  at ")
    assert message in result.err
    assert "Traceback" not in result.err
    if at:
        assert re.search(rf"\n  at {re.escape(str(plan))}:\d+: \S", result.err)


def test_a_missing_file(seewhy: Run, tmp_path: Path) -> None:
    result = seewhy("run", tmp_path / "none.py")
    assert result == (1, "", f"Error: {tmp_path / 'none.py'} does not exist, or is not a file\n")


@pytest.mark.torch
def test_an_error_while_it_runs(seewhy: Run, tmp_path: Path) -> None:
    data = """
class Photos(list):
    def __getitem__(self, i):
        if i == 2:
            raise LookupError(f"photo {i} is gone")
        return super().__getitem__(i)

data = (Photos(rows), NAMES)
"""
    plan = write_plan(tmp_path, "torch", PYTHON + data)
    result = seewhy("run", plan, "--summary-dir", tmp_path / "out")
    assert result.code == 1
    assert result.err.startswith("Error: LookupError: photo 2 is gone\n  at ")
    assert 'raise LookupError(f"photo {i} is gone")' in result.err
    with read_job(tmp_path / "out" / "plan.seewhy.db") as job:
        assert (job.info().state, job.info().done) == ("failed", 2)
    whole = seewhy("run", plan, "--summary-dir", tmp_path / "out", "--traceback")
    assert whole.code == 1
    assert "Traceback" in whole.err


@pytest.mark.torch
def test_the_bar_on_a_terminal(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, "torch")
    ours, theirs = pty.openpty()
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "seewhy",
        "run",
        str(plan),
        "--summary-dir",
        str(tmp_path),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "110"}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        seen = b""
        try:
            while part := os.read(ours, 4096):
                seen += part
        except OSError:
            pass
        os.close(ours)
    assert process.returncode == 0
    text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", seen).decode()
    assert re.search(r"Explaining plan .* 3/3 +\d+\.\d samples/s, 0:00:00 left", text)


def test_python_m_seewhy() -> None:
    done = shell("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert shell("rnu").returncode == 2


def test_help_is_quick_and_loads_no_framework() -> None:
    script = (
        "import sys\nsys.argv[1:] = ['run', '--help']\nfrom seewhy.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'mindspore', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


# ---- info and view


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of one sample in a folder below `tmp_path`, made without any framework."""
    with JobWriter(
        tmp_path / "runs [1]", "cats",
        settings={"kind": "image classification", "threshold": 0.5}, labels=["cat", "dog"],
        explainers=[ExplainerInfo("GradCAM", False, {"layer": "auto"})], total=2,
    ) as writer:  # fmt: skip
        picture = Image.new("RGB", (4, 4))
        writer.add_sample(Sample(0, "0", "x", picture, (0,), (), (Inference(0, 0.9, "TP"),)))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", np.zeros((2, 2), np.float32))])
    return writer.path


def test_info(seewhy: Run, store: Path, tmp_path: Path) -> None:
    result = seewhy("info", tmp_path)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == str(store)
    for key, value in (
        ("state", "finished"), ("samples", "1 of 2"), ("labels", "2"), ("threshold", "0.5"),
        ("explainer", "GradCAM(layer='auto')"),
    ):  # fmt: skip
        assert any(line.split(maxsplit=1) == [key, line.split(maxsplit=1)[1]] and value in line
                   for line in lines if line.split()[:1] == [key])  # fmt: skip


def test_benchmark_ranks_and_says_what_it_is_worth(seewhy: Run, tmp_path: Path) -> None:
    names = ("GradCAM", "Gradient", "RandomMap")
    with JobWriter(
        tmp_path, "cats", settings={}, labels=["cat", "dog"], total=20,
        explainers=[ExplainerInfo(name, False, {}, name == "RandomMap") for name in names],
        metrics=[MetricInfo("DeletionAUC", True, -np.inf, 1.0, {}, 0.25)],
    ) as writer:  # fmt: skip
        random = np.random.default_rng(0)
        for number in range(20):
            picture = Image.new("RGB", (4, 4))
            writer.add_sample(
                Sample(number, "0", str(number), picture, (0,), (), (Inference(0, 0.9, "TP"),))
            )
            for name, mean in zip(names, (0.75, 0.25, 0.25), strict=True):
                value = mean + random.normal(scale=0.05)
                writer.add_scores([Score(number, 0, name, "DeletionAUC", value)])
    result = seewhy("benchmark", tmp_path)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == str(writer.path)
    assert lines[1].strip() == "DeletionAUC: higher is better, ... to 1, chance 0.25"
    assert re.search(
        r"1 +GradCAM +0\.7\d\d +0\.7\d\d to 0\.\d{3} +20 +\+0\.\d{3} better", result.out
    )
    assert re.search(r"\(RandomMap\) +0\.2", result.out)
    assert re.search(r"Gradient +0\.2.* =", result.out)
    assert "GradCAM is better than RandomMap." in result.out
    assert "Gradient is not distinguishable from RandomMap: the difference is" in result.out

    plain = json.loads(seewhy("benchmark", tmp_path, "--json").out)
    (ranking,) = plain[str(writer.path)]
    assert ranking["metric"]["low"] is None
    assert ranking["standings"][0]["explainer"] == "GradCAM"
    assert ranking["standings"][0]["comparisons"][0]["verdict"] == "better"


def test_a_table_is_run_and_ranked(seewhy: Run, tmp_path: Path) -> None:
    plan = ROOT / "examples" / "tabular_plan.toml"
    result = seewhy("run", plan, "--summary-dir", tmp_path)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Explanations are in {tmp_path / 'iris.seewhy.db'}\n")
    told = flat(seewhy("benchmark", tmp_path).out)
    assert "Deletion: higher is better" in told
    assert "SHAPKernel is better than RandomRanking." in told
    info = flat(seewhy("info", tmp_path).out)
    assert "rows 30 of 30" in info
    assert "metrics Deletion, Insertion" in info
    assert "explained 90 outputs by SHAPKernel" in info


def test_benchmark_without_scores_says_how_to_get_them(
    seewhy: Run, store: Path, tmp_path: Path
) -> None:
    result = seewhy("benchmark", tmp_path)
    assert result.code == 1
    assert "there are no scores: run with metrics, `benchmarkers` of" in flat(result.err)


def test_info_of_a_folder_with_a_broken_store(seewhy: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.seewhy.db").write_bytes(b"?" * 5000)
    result = seewhy("info", tmp_path)
    assert result.code == 1
    assert str(store) in result.out  # the others are told all the same
    assert "broken.seewhy.db is corrupt or not a SeeWhy store" in flat(result.err)


def test_info_without_a_folder_tells_what_is_installed(seewhy: Run) -> None:
    result = seewhy("info")
    assert result.code == 0
    versions = dict(line.split(maxsplit=1) for line in result.out.splitlines())
    assert versions["python"].strip() == sys.version.split()[0]
    assert versions["numpy"].strip() == np.__version__
    assert {"torch", "mindspore", "seewhy", "matplotlib"} <= set(versions)


@pytest.mark.parametrize("command", ["info", "view", "benchmark"])
def test_a_folder_that_is_none(seewhy: Run, command: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = seewhy(command, tmp_path / "none")
    assert result == (1, "", f"Error: {tmp_path / 'none'} does not exist\n")
    result = seewhy(command, tmp_path / "file")
    assert result == (1, "", f"Error: {tmp_path / 'file'} is not a folder\n")


def test_info_of_an_empty_folder(seewhy: Run, tmp_path: Path) -> None:
    result = seewhy("info", tmp_path)
    assert result.code == 1
    assert "holds no explanations (*.seewhy.db), nor do folders in it" in flat(result.err)


@pytest.mark.parametrize("filled", [False, True])
def test_view_shows_a_folder_until_ctrl_c(filled: bool, tmp_path: Path, store: Path) -> None:
    """Also an empty one, as a run may be about to write there."""
    folder = store.parent if filled else tmp_path / "empty"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "seewhy", "view", str(folder), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            link = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
            assert link, said
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with browser.open(link[0], timeout=30) as response:
                page = response.read().decode()
            assert response.status == 200
            assert ("cats" in page) == filled
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")


# ---- demo


def test_demo(framework: str, seewhy: Run, tmp_path: Path) -> None:
    """The real network on the real photographs."""
    result = seewhy("demo", "--framework", framework, "--no-serve", "--summary-dir", tmp_path)
    assert (result.code, result.err) == (0, "")
    path = tmp_path / f"efficientnet-lite0-{framework}.seewhy.db"
    assert result.out == f"Explanations are in {path}\nLook at them with: seewhy view {tmp_path}\n"
    with read_job(path) as job:
        info = job.info()
        samples = list(job.samples())
        right = [s for s in samples if any(i.kind == "TP" for i in s.inferences)]
        boxed = [s for s in samples if s.boxes]
    assert (info.state, info.done, info.labels) == ("finished", len(samples), 1000)
    assert len(samples) >= 10
    assert len(right) >= len(samples) / 2
    assert boxed
    assert all(len(s.maps) == 4 * len(s.inferences) >= 4 for s in samples)
    assert all(i.uncertainty for s in samples for i in s.inferences)
    found, searched = info.counterfactuals
    assert 0 < found <= searched if framework == "torch" else searched == 0
    with read_tabular(tmp_path / "wines.seewhy.db") as table:
        rows = list(table.rows())
        values = table.attributions("SHAPKernel", 0)
    assert len(rows) == 60
    np.testing.assert_allclose(values.base_values + values.values.sum(1), values.outputs, atol=1e-6)
