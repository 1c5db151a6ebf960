"""Uncertainties in a run: what is stored, when it is asked for late, and after a crash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import EpistemicUncertainty, Gradient
from seewhy.runner.plan import load_runner
from seewhy.runner.plan_words import PlanError
from seewhy.store import Uncertainty, read_job
from tests.networks import make, numpy, tensor
from tests.runner.helpers import SPEC, labelled, runner, sigmoid
from tests.runner.test_results import Counter
from tests.runner.test_resume import Stop, StopsAt, interrupt

STORE = "explanations.seewhy.db"


def uncertainties(path: Path) -> dict[tuple[int, int], Uncertainty | None]:
    with read_job(path) as job:
        return {(s.id, i.label): i.uncertainty for s in job.samples() for i in s.inferences}


def uncertain_runner(framework: str, folder: Path, data: Any, **options: Any) -> Any:
    made = runner(framework, folder, data, **options)
    made.register_uncertainty()
    return made


def assert_close(one: dict[Any, Any], other: dict[Any, Any]) -> None:
    assert one.keys() == other.keys()
    for key in one:
        np.testing.assert_allclose(one[key], other[key], atol=1e-5)


def test_every_explained_label_has_one(framework: str, tmp_path: Path) -> None:
    rows = labelled(8)
    found = uncertainties(uncertain_runner(framework, tmp_path, rows, batch_size=3).run())
    estimate = EpistemicUncertainty(make(framework, SPEC), sigmoid(framework))
    assert len(found) >= 8
    for (number, label), stored in found.items():
        expected = estimate(tensor(framework, rows[number][0][None]), label)
        assert stored is not None
        np.testing.assert_allclose(stored, [numpy(v)[0, 0] for v in expected[1:]], atol=1e-5)
    with read_job(tmp_path / STORE) as job:
        assert job.info().uncertainty == estimate.parameters


@pytest.mark.parametrize("first", ["saliency", "uncertainty"])
def test_the_order_of_registration_does_not_matter(
    framework: str, tmp_path: Path, first: str
) -> None:
    network = make(framework, SPEC)
    made = runner(framework, tmp_path, labelled(2), network, make_explainers=None)
    explainers = [Gradient(network)]
    if first == "saliency":
        made.register_saliency(explainers)
    made.register_uncertainty()
    if first == "uncertainty":
        made.register_saliency(explainers)
    assert None not in uncertainties(made.run()).values()


def test_a_crash_loses_nothing(framework: str, tmp_path: Path) -> None:
    whole = uncertainties(uncertain_runner(framework, tmp_path / "whole", labelled(8)).run())
    crashing = uncertain_runner(framework, tmp_path, StopsAt(labelled(8), 5), batch_size=2)
    with pytest.raises(Stop):
        crashing.run()
    before = uncertainties(tmp_path / STORE)
    assert None not in before.values()
    assert 0 < len(before) < len(whole)
    assert_close(uncertainties(uncertain_runner(framework, tmp_path, labelled(8)).run()), whole)


def test_a_later_run_fills_in_what_is_stored(framework: str, tmp_path: Path) -> None:
    whole = uncertainties(uncertain_runner(framework, tmp_path / "whole", labelled(6)).run())
    interrupt(framework, tmp_path, labelled(6), at=4)
    assert set(uncertainties(tmp_path / STORE).values()) == {None}
    network = make(framework, SPEC)
    again = uncertain_runner(framework, tmp_path, labelled(6), network=network)
    assert_close(uncertainties(again.run()), whole)
    counter = Counter(network)
    again.run()
    assert counter.samples == 0
    # A run that does not ask for them keeps them.
    assert_close(uncertainties(runner(framework, tmp_path, labelled(6)).run()), whole)


@pytest.mark.torch
def test_other_settings_are_refused_once_some_are_stored(tmp_path: Path) -> None:
    network = make("torch", SPEC)
    for passes in (10, 20):
        made = runner("torch", tmp_path, labelled(2), network)
        made.register_uncertainty(EpistemicUncertainty(network, sigmoid("torch"), passes))
        if passes == 10:
            made.run()
    with pytest.raises(ValueError, match=r"uncertainties .*'passes': 10.*'passes': 20"):
        made.run()


@pytest.mark.torch
def test_an_ensemble_with_the_network_of_the_runner(tmp_path: Path) -> None:
    network = make("torch", SPEC)
    made = runner("torch", tmp_path, labelled(3), network)
    made.register_uncertainty(EpistemicUncertainty([network, make("torch")], sigmoid("torch")))
    assert None not in uncertainties(made.run()).values()


def test_errors(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    made = runner(framework, tmp_path, labelled(2), network, make_explainers=None)
    with pytest.raises(TypeError, match="`uncertainty` must be an EpistemicUncertainty, got int"):
        made.register_uncertainty(50)
    other = EpistemicUncertainty(make(framework, SPEC), sigmoid(framework))
    with pytest.raises(ValueError, match="the runner's own network object"):
        made.register_uncertainty(other)
    made.register_uncertainty()
    with pytest.raises(RuntimeError, match="`register_uncertainty` must be called once"):
        made.register_uncertainty()
    with pytest.raises(ValueError, match=r"`register_saliency` must be called .*uncertainty needs"):
        made.run()


PLAN = """
import numpy as np
import torch
from seewhy import Gradient
from seewhy.uncertainty import EpistemicUncertainty
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2))
activation_fn = torch.nn.Softmax(-1)
data = ([(np.ones((3, 4, 4), "float32"), 1)], ["cat", "dog"])
explainers = [Gradient(network)]
"""


@pytest.mark.torch
@pytest.mark.parametrize(
    ("line", "passes"),
    [
        ("uncertainty = True", 50),
        ("uncertainty = {'passes': 20}", 20),
        ("uncertainty = EpistemicUncertainty(network, activation_fn, 30)", 30),
        ("uncertainty = False", None),
    ],
)
def test_in_a_python_plan(tmp_path: Path, line: str, passes: int | None) -> None:
    file = tmp_path / "plan.py"
    file.write_text(PLAN + line)
    path = load_runner(file, str(tmp_path), progress=False).run()
    assert (None in uncertainties(path).values()) == (passes is None)
    with read_job(path) as job:
        assert (job.info().uncertainty or {}).get("passes") == passes


@pytest.mark.torch
@pytest.mark.parametrize(
    ("lines", "passes"), [("uncertainty = true", 50), ("[uncertainty]\npasses = 20", 20)]
)
def test_in_a_toml_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, passes: int
) -> None:
    (tmp_path / "uncertain_parts.py").write_text(PLAN)
    parts = ("network", "activation_fn", "data")
    named = "\n".join(f'{part} = "uncertain_parts:{part}"' for part in parts)
    file = tmp_path / "plan.toml"
    file.write_text(f'{named}\nexplainers = ["Gradient"]\n{lines}\n')
    path = load_runner(file, str(tmp_path), progress=False).run()
    with read_job(path) as job:
        assert (job.info().uncertainty or {})["passes"] == passes


@pytest.mark.torch
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("uncertainty = 50", "`uncertainty` must be true or a table of arguments, got 50"),
        ("uncertainty = {'pases': 5}", "unknown key 'pases'; did you mean 'passes'"),
    ],
)
def test_bad_plans(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "bad_plan.py"
    file.write_text(PLAN + line)
    with pytest.raises(PlanError, match=message):
        load_runner(file, str(tmp_path), progress=False)
