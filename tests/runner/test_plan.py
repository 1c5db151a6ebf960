"""Runs described in a file."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy.runner.plan import load_runner
from seewhy.runner.plan_words import PlanError
from seewhy.runner.user_code import UserCodeError, blamed_on
from seewhy.store import read_job
from tests.runner.helpers import assert_same, labelled, runner, stored

MODULE = """
from functools import partial
from tests.networks import make
from tests.runner import helpers

FRAMEWORK = "{framework}"
names = tuple(helpers.NAMES)
rows = helpers.labelled(3)

def build():
    return make(FRAMEWORK, helpers.SPEC)

def test_set():
    return rows

def shades(x):
    return helpers.library(FRAMEWORK).nn.Sigmoid()(x)

class Squash:
    def __call__(self, x):
        return shades(x)

def make_shades(unused=None):
    return shades

make_partly = partial(make_shades, unused=1)

class Needy:
    def __init__(self, x):
        pass
"""

PYTHON = """
from mine import FRAMEWORK, build, rows
from seewhy import GradCAM, Gradient
from tests.runner.helpers import NAMES, sigmoid

network = build()
activation_fn = sigmoid(FRAMEWORK)
data = (rows, NAMES)
explainers = [GradCAM(network, layer="conv"), Gradient(network)]
job = "plan"
names = ["a", "b", "c"]
unknown_names_are_the_users_own = 1

class Row(tuple):
    pass
"""

TOML = """
network = "mine:build"
activation_fn = "mine:Squash"
data = "mine:test_set"
labels = ["ant", "bee", "cat", "dog", "elk"]
job = "plan"
batch_size = 2
names = ["a", "b", "c"]

[explainers.GradCAM]
layer = "conv"
[explainers.Gradient]
"""


@pytest.fixture(autouse=True)
def _imports_as_before() -> Iterator[None]:
    path, modules = sys.path.copy(), set(sys.modules)
    yield
    sys.path[:] = path
    for name in {"mine", "plan", "seewhy_plan_json"} & (set(sys.modules) - modules):
        del sys.modules[name]


def write(folder: Path, text: str, name: str, framework: str = "torch") -> Path:
    folder.joinpath("mine.py").write_text(MODULE.format(framework=framework))
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "name"), [(PYTHON, "plan.py"), (TOML, "plan.toml")])
def test_a_plan_does_what_a_script_does(
    framework: str, text: str, name: str, tmp_path: Path
) -> None:
    job = load_runner(write(tmp_path, text, name, framework), str(tmp_path / "out"))
    path = job.run()
    assert path == tmp_path / "out" / "plan.seewhy.db"
    options: dict[str, Any] = {"names": ["a", "b", "c"]}
    script = stored(runner(framework, tmp_path / "script", labelled(3), **options).run())
    assert_same(stored(path), script)


@pytest.mark.torch
def test_the_folder_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    plan = write(tmp_path, TOML, "plan.toml")
    assert load_runner(plan).run() == Path("explanations/plan.seewhy.db")
    plan.write_text('summary_dir = "mine-own"\n' + TOML)
    assert load_runner(plan).run() == Path("mine-own/plan.seewhy.db")
    assert load_runner(plan, "given").run() == Path("given/plan.seewhy.db")


@pytest.mark.torch
def test_a_list_of_explainers_and_named_objects(tmp_path: Path) -> None:
    text = """
network = "mine:build"
activation_fn = "mine:shades"
data = "mine:rows"
labels = "mine:names"
explainers = ["Gradient", "GuidedBackprop"]
"""
    found = stored(load_runner(write(tmp_path, text, "plan.toml"), str(tmp_path)).run())
    assert {name for s in found.values() for _, name in s.maps} == {"Gradient", "GuidedBackprop"}


@pytest.mark.torch
@pytest.mark.parametrize(
    "name", ["mine:make_shades", "mine:make_partly", "torch:sigmoid", "torch.nn:Sigmoid"]
)
def test_what_makes_an_object_is_called(name: str, tmp_path: Path) -> None:
    plan = write(tmp_path, TOML.replace("mine:Squash", name), "plan.toml")
    assert len(stored(load_runner(plan, str(tmp_path)).run())) == 3


@pytest.mark.torch
def test_arguments_of_an_explainer_may_name_objects(tmp_path: Path) -> None:
    """An OoDNet of the very network, and a function that takes arguments."""
    text = """
network = "mine:network"
activation_fn = "mine:Squash"
data = "mine:rows"
labels = "mine:names"
[explainers.RISEPlus]
ood_net = "mine:ood_net"
num_masks = 8
[explainers.RISE]
num_masks = 8
[explainers.Occlusion]
window = [4, 3]
reference = "mine:brighter"
"""
    more = """
from seewhy.tool import OoDNet
network = build()

def ood_net():
    return OoDNet(network, 2)

def brighter(x):
    return x + 1
"""
    plan = write(tmp_path, text, "plan.toml")
    with tmp_path.joinpath("mine.py").open("a") as file:
        file.write(more)
    path = load_runner(plan, str(tmp_path / "out")).run()
    with read_job(path) as job:
        parameters = {explainer.name: explainer.params for explainer in job.explainers}
    assert parameters["Occlusion"]["reference"] == "callable"
    assert set(parameters) == {"RISEPlus", "RISE", "Occlusion"}


@pytest.mark.torch
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mine:odd_net", "`ood_net` = 'mine:odd_net' cannot be found"),
        ("mime:ood_net", "`ood_net` names a module 'mime'"),
    ],
)
def test_arguments_that_name_nothing(name: str, message: str, tmp_path: Path) -> None:
    plan = write(tmp_path, f'{TOML}[explainers.RISEPlus]\nood_net = "{name}"\n', "plan.toml")
    with pytest.raises(PlanError, match=message):
        load_runner(plan, str(tmp_path))


@pytest.mark.torch
def test_the_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Loading it drives the real network once; the demo's test does the rest."""
    monkeypatch.chdir(tmp_path)
    load_runner(Path(__file__).parents[2] / "examples" / "plan.toml")


@pytest.mark.torch
def test_what_a_python_plan_defines_can_be_pickled(tmp_path: Path) -> None:
    """As data loaders with workers need it where processes are not forked."""
    load_runner(write(tmp_path, PYTHON, "plan.py"), str(tmp_path))
    row = sys.modules["plan"].Row((1, 2))
    assert pickle.loads(pickle.dumps(row)) == row


@pytest.mark.torch
def test_a_plan_named_like_a_loaded_module(tmp_path: Path) -> None:
    import json

    load_runner(write(tmp_path, PYTHON, "json.py"), str(tmp_path))
    assert sys.modules["json"] is json


def without(key: str) -> str:
    return "\n".join(line for line in TOML.splitlines() if not line.startswith(key))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (without("network"), "plan.toml must define network; see `seewhy run --help`"),
        (without("data").replace("activation_fn", "#"), "must define activation_fn, data"),
        ("netwrok = 'mine:build'\n" + TOML, "unknown key 'netwrok'; did you mean 'network'?"),
        ("zzz = 1\n" + TOML, "unknown key 'zzz'; known: network, activation_fn"),
        (TOML.replace("mine:build", "mine"), "`network` must name an object as 'module:name'"),
        (TOML.replace("mine:build", "mine:"), "must name an object as 'module:name', got 'mine:'"),
        (TOML.replace("mine:build", "mime:build"), "`network` names a module 'mime', which cannot"),
        (TOML.replace("mine:build", "tests.x.y:z"), "names a module 'tests.x.y', which cannot"),
        (
            TOML.replace("mine:build", "mine:bild"),
            "'mine:bild' cannot be found: there is no 'bild'",
        ),
        (
            TOML.replace("mine:Squash", "mine:Needy"),
            "`activation_fn` = 'mine:Needy' needs arguments",
        ),
        (TOML.replace("GradCAM", "GradCam"), "unknown name 'GradCam'; did you mean 'GradCAM'?"),
        (TOML.replace("GradCAM", "Zzz"), "unknown name 'Zzz'; known: .*Gradient"),
        (
            TOML.replace("layer", "layr"),
            r"\[explainers.GradCAM\] has an unknown argument 'layr'; did",
        ),
        (
            TOML.replace("[explainers.Gradient]", "[explainers]\nGradient = 3"),
            "must be a table of arg",
        ),
        (without("[").replace("layer", "explainers"), "`explainers` must be a list of names or"),
        (
            without("[").replace('layer = "conv"', "explainers.Gradient = 3"),
            "must be a table of arg",
        ),
        ("this is no TOML", "is not valid TOML: .*line 1"),
    ],
)
def test_mistakes_in_toml(text: str, message: str, tmp_path: Path) -> None:
    plan = write(tmp_path, text, "plan.toml")
    with pytest.raises(PlanError, match=message):
        load_runner(plan, str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.torch
@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (TOML.replace('"conv"', '"cnv"'), ValueError, "got 'cnv'; close names: conv"),
        (
            TOML.replace("batch_size = 2", "batch_size = 0"),
            ValueError,
            "`batch_size` must be positive",
        ),
        (TOML.replace('"elk"', '"dog"'), ValueError, "distinct, got 'dog' more than once"),
        (TOML.replace(', "elk"', ""), ValueError, "each of the 4 class names"),
    ],
)
def test_mistakes_that_the_runner_finds(
    text: str, error: type[Exception], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        load_runner(write(tmp_path, text, "plan.toml"), str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.py", "none.py does not exist"), (".", "is not a file"), ("x.yaml", "must be a Python")],
)
def test_files_that_are_no_plan(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").touch()
    with pytest.raises(PlanError, match=message):
        load_runner(tmp_path / name)


# ---- whose mistake it is


def blame(folder: Path, text: str) -> str:
    plan = folder / "plan.py"
    plan.write_text(text)
    with pytest.raises(UserCodeError) as caught, blamed_on(folder):
        load_runner(plan, str(folder / "out"))
    return str(caught.value)


def test_errors_in_the_users_file_name_the_line(tmp_path: Path) -> None:
    plan = tmp_path / "plan.py"
    assert blame(tmp_path, "x = 1\ny = {}['k']\n") == f"KeyError: 'k'\n  at {plan}:2: y = {{}}['k']"
    assert blame(tmp_path, "def f():\n    1 / 0\nf()") == (
        f"ZeroDivisionError: division by zero\n  at {plan}:2: 1 / 0"
    )
    assert blame(tmp_path, "import nothing_like_it") == (
        "ModuleNotFoundError: No module named 'nothing_like_it'\n"
        f"  at {plan}:1: import nothing_like_it"
    )
    message = blame(tmp_path, "x = 1\nif x\n    y")
    assert message.startswith("SyntaxError: ")
    assert message.endswith(f"  at {plan}:2: if x")


@pytest.mark.torch
def test_our_checks_name_the_users_line_too(tmp_path: Path) -> None:
    text = "from seewhy import Gradient\ne = Gradient(7)\n"
    message = blame(tmp_path, text)
    assert message.startswith("`network` must be a torch.nn.Module")
    assert message.endswith(f"  at {tmp_path / 'plan.py'}:2: e = Gradient(7)")


@pytest.mark.torch
def test_errors_of_modules_beside_the_plan(tmp_path: Path) -> None:
    write(tmp_path, "", "plan.toml")
    (tmp_path / "broken.py").write_text("import numpy\n\nvalue = numpy.zeros(3).reshape(2)\n")
    plan = tmp_path / "plan.toml"
    plan.write_text(TOML.replace("mine:build", "broken:build"))
    with pytest.raises(UserCodeError) as caught, blamed_on(tmp_path):
        load_runner(plan)
    assert str(caught.value) == (
        "ValueError: cannot reshape array of size 3 into shape (2,)\n"
        f"  at {tmp_path / 'broken.py'}:3: value = numpy.zeros(3).reshape(2)"
    )


def test_other_errors_come_through(tmp_path: Path) -> None:
    with pytest.raises(PlanError), blamed_on(tmp_path):
        load_runner(tmp_path / "none.py")
    with pytest.raises(KeyboardInterrupt), blamed_on(tmp_path):
        raise KeyboardInterrupt


BENCHMARKERS = """
[benchmarkers.DeletionAUC]
steps = 6
[benchmarkers.PointingGame]
[benchmarkers.ClassSensitivity]
"""


def test_metrics_of_a_plan(framework: str, tmp_path: Path) -> None:
    toml = write(tmp_path, TOML + BENCHMARKERS, "plan.toml", framework)
    with read_job(load_runner(toml, str(tmp_path / "toml")).run()) as job:
        metrics, means = job.metrics(), job.scores()
    assert [metric.name for metric in metrics] == [
        "DeletionAUC",
        "PointingGame",
        "ClassSensitivity",
    ]
    assert metrics[0].params["steps"] == 6
    text = PYTHON + (
        "from seewhy.benchmark import ClassSensitivity, Faithfulness, Localization\n"
        "benchmarkers = [Faithfulness(5, activation_fn, 'DeletionAUC', steps=6),"
        "Localization(5), ClassSensitivity()]"
    )
    python = write(tmp_path, text, "plan.py", framework)
    with read_job(load_runner(python, str(tmp_path / "python")).run()) as job:
        assert job.metrics() == metrics
        np.testing.assert_allclose(
            [score.mean for score in job.scores()], [score.mean for score in means], rtol=1e-4
        )
    assert {score.metric for score in means} == {"DeletionAUC", "ClassSensitivity"}  # no boxes


@pytest.mark.torch
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("DeletionAUC]", "DeletionAuc]", "`benchmarkers` has an unknown name 'DeletionAuc'; did"),
        ("steps", "stepz", r"\[benchmarkers.DeletionAUC\] has an unknown argument 'stepz'; did"),
        ("steps = 6", 'metric = "IoSR"', "has an unknown argument 'metric'"),
    ],
)
def test_a_metric_that_is_not_right(tmp_path: Path, old: str, new: str, message: str) -> None:
    plan = write(tmp_path, TOML + BENCHMARKERS.replace(old, new), "plan.toml")
    with pytest.raises((PlanError, TypeError), match=message):
        load_runner(plan)
