"""Hierarchical occlusion in a run: what is stored, going on, plans, errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seewhy.counterfactual import HierarchicalOcclusion
from seewhy.runner.plan import load_runner
from seewhy.runner.plan_words import PlanError
from seewhy.store import CounterfactualRecord, read_job
from tests.networks import images, make, tensor
from tests.runner.helpers import SPEC, labelled, pictures, runner, sigmoid
from tests.runner.test_plan import MODULE
from tests.runner.test_results import Counter
from tests.runner.test_resume import Stop, StopsAt

SETTINGS: dict[str, Any] = {
    "windows": [4, 2],
    "strides": [2, 2],
    "mask": 0.0,
    "relative": True,
    "threshold": 0.97,
}


def searching(framework: str, folder: Path, data: Any, network: Any = None, **options: Any) -> Any:
    network = make(framework, SPEC) if network is None else network
    options = {"make_explainers": None, **options}
    made = runner(framework, folder, data, network, **options)
    made.register_hierarchical_occlusion(
        HierarchicalOcclusion(network, sigmoid(framework), **SETTINGS)
    )
    return made


def records(path: Path) -> dict[tuple[int, int], CounterfactualRecord]:
    with read_job(path) as job:
        found = job.counterfactuals([sample.id for sample in job.samples()])
    return {(record.sample_id, record.label): record for record in found}


def rounded(found: dict[tuple[int, int], CounterfactualRecord]) -> Any:
    return {
        key: (one.reason, one.images, [step.box for step in one.steps], one.region_boxes)
        for key, one in found.items()
    }


def test_what_is_stored_is_what_a_call_gives(framework: str, tmp_path: Path) -> None:
    rows, network = labelled(5), make(framework, SPEC)
    path = searching(framework, tmp_path, rows, network).run()
    stored = records(path)
    with read_job(path) as job:
        explained = {(s.id, i.label): i.prob for s in job.samples() for i in s.inferences}
        assert not any(sample.maps for sample in job.samples())
        found = sum(record.reason is None for record in stored.values())
        assert job.info().counterfactuals == (found, len(stored))
        assert job.info().hierarchical_occlusion["windows"] == [4, 2]
    assert set(stored) == set(explained)
    assert {record.reason for record in stored.values()} > {None}
    hoc = HierarchicalOcclusion(network, sigmoid(framework), **SETTINGS)
    for (number, label), record in stored.items():
        ((one,),) = hoc(tensor(framework, rows[number][0][None]), label)
        assert (record.reason, record.images) == (one.reason, one.images)
        assert (record.direction, record.mask) == (one.direction, one.mask) == ("reveal", "0")
        assert (record.width, record.height) == (9, 12)
        assert record.output == pytest.approx(explained[number, label], abs=1e-5)
        assert record.target == pytest.approx(one.target, abs=1e-5)
        if one.tree is None:
            assert (record.start, record.region, record.steps, record.layers) == (
                None,
                None,
                (),
                (),
            )
            continue
        assert record.start == pytest.approx(one.tree.network_output, abs=1e-5)
        assert [step.box for step in record.steps] == [step.box for step, _ in one.tree.process()]
        for layer, outcome in enumerate(one.layers):
            assert sorted(record.layer_boxes(layer)) == sorted(outcome.boxes)
            assert record.layers[layer] == pytest.approx((outcome.output, outcome.area), abs=1e-5)
        assert sorted(record.region_boxes) == sorted(one.region.boxes)
        assert record.region == pytest.approx((one.region.output, one.region.area), abs=1e-5)
        for step in record.steps:
            parent = (0, 0, 9, 12) if step.parent is None else record.steps[step.parent].box
            assert step.layer == (0 if step.parent is None else record.steps[step.parent].layer + 1)
            assert parent[0] <= step.x <= step.x + step.w <= parent[0] + parent[2]
            assert parent[1] <= step.y <= step.y + step.h <= parent[1] + parent[3]


def test_together_with_saliency_in_either_order(framework: str, tmp_path: Path) -> None:
    from seewhy import Gradient

    alone = rounded(records(searching(framework, tmp_path, labelled(4)).run()))
    network = make(framework, SPEC)
    made = searching(framework, tmp_path, labelled(4), network, job="after")
    made.register_saliency([Gradient(network)])
    path = made.run()
    assert rounded(records(path)) == alone
    with read_job(path) as job:
        assert all(len(s.maps) == len(s.inferences) for s in job.samples())
    # Saliency that joins later leaves the counterfactuals as they are.
    made = runner(framework, tmp_path, labelled(4), network)
    made.run()
    assert rounded(records(tmp_path / "explanations.seewhy.db")) == alone


def test_a_run_goes_on_where_it_stopped(framework: str, tmp_path: Path) -> None:
    whole = rounded(records(searching(framework, tmp_path / "whole", labelled(6)).run()))
    rows = labelled(6)
    with pytest.raises(Stop):
        searching(framework, tmp_path, StopsAt(rows, 4), batch_size=2).run()
    path = tmp_path / "explanations.seewhy.db"
    before = records(path)
    assert 0 < len(before) < len(whole)
    network = make(framework, SPEC)
    made = searching(framework, tmp_path, rows, network)
    counter = Counter(network)
    made.run()
    assert rounded(records(path)) == whole
    # Two forwards of the two new samples, and those that the search needs at the most.
    images = sum(one[1] for key, one in whole.items() if key not in before)
    assert 0 < counter.samples <= 2 + 2 + 1 + images
    counter.samples = 0
    made = searching(framework, tmp_path, rows, network)
    counter.samples = 0
    made.run()
    assert counter.samples == 0


def test_counterfactuals_that_join_a_finished_run(framework: str, tmp_path: Path) -> None:
    whole = rounded(records(searching(framework, tmp_path / "whole", labelled(4)).run()))
    runner(framework, tmp_path, labelled(4)).run()
    assert rounded(records(searching(framework, tmp_path, labelled(4)).run())) == whole


def test_images_that_do_not_fit_get_a_reason(framework: str, tmp_path: Path) -> None:
    small = images(2, size=(3, 9), seed=1)
    rows = [row[0] for row in labelled(4)] + list(small)
    stored = records(searching(framework, tmp_path, rows).run())
    unfit = {key: record for key, record in stored.items() if key[0] >= 4}
    for record in unfit.values():
        assert (record.reason, record.images, record.steps) == ("unfit image", 0, ())
        assert record.target == pytest.approx(0.97 * record.output)
    assert unfit
    assert {record.reason for key, record in stored.items() if key[0] < 4} & {None}


def test_by_default_the_runner_says_what_holds(framework: str, tmp_path: Path) -> None:
    made = runner(
        framework, tmp_path, list(images(1, size=(60, 56))), make_explainers=None, threshold=0.25
    )
    made.register_hierarchical_occlusion()
    path = made.run()
    with read_job(path) as job:
        assert job.info().hierarchical_occlusion == {
            "direction": "reveal",
            "threshold": 0.25,
            "relative": False,
            "layers": 3,
            "windows": None,
            "strides": None,
            "mask": "blur",
            "prune": True,
        }
    assert {(r.mask, r.target) for r in records(path).values()} <= {("gaussian:2", 0.25)}


def test_errors(framework: str, tmp_path: Path) -> None:
    made = searching(framework, tmp_path, labelled(3))
    with pytest.raises(RuntimeError, match="`register_hierarchical_occlusion` must be called once"):
        made.register_hierarchical_occlusion()
    made = runner(framework, tmp_path, labelled(3), make_explainers=None)
    with pytest.raises(
        ValueError, match="`register_saliency` must be called before `run`, nothing"
    ):
        made.run()
    with pytest.raises(TypeError, match="`search` must be a HierarchicalOcclusion, got str"):
        made.register_hierarchical_occlusion("blur")
    other = HierarchicalOcclusion(make(framework, SPEC), sigmoid(framework), **SETTINGS)
    with pytest.raises(ValueError, match="`search` must be made for the runner's own network"):
        made.register_hierarchical_occlusion(other)
    with pytest.raises(ValueError, match=r"56 or more pixels .* got 12 x 9 \(the first image of"):
        made.register_hierarchical_occlusion()
    assert not list(tmp_path.iterdir())


@pytest.mark.torch
def test_one_channel(tmp_path: Path) -> None:
    from tests.networks import Spec

    network = make("torch", Spec(channels=1))
    made = runner("torch", tmp_path, list(pictures(2, 1)), network, make_explainers=None)
    with pytest.raises(ValueError, match=r"`inputs` must have 3 channels, got 1 \(the first image"):
        made.register_hierarchical_occlusion(
            HierarchicalOcclusion(network, sigmoid("torch"), **SETTINGS)
        )


@pytest.mark.torch
def test_other_settings_are_refused_once_something_is_stored(tmp_path: Path) -> None:
    searching("torch", tmp_path, labelled(2)).run()
    network = make("torch", SPEC)
    made = runner("torch", tmp_path, labelled(2), network, make_explainers=None)
    made.register_hierarchical_occlusion(
        HierarchicalOcclusion(network, sigmoid("torch"), **{**SETTINGS, "direction": "hide"})
    )
    with pytest.raises(
        ValueError, match=r"has counterfactuals with settings .*'direction': 'reveal'"
    ):
        made.run()


@pytest.fixture(autouse=True)
def _imports_as_before() -> Iterator[None]:
    path, modules = sys.path.copy(), set(sys.modules)
    yield
    sys.path[:] = path
    for name in {"mine", "plan"} & (set(sys.modules) - modules):
        del sys.modules[name]


PYTHON = """
from mine import FRAMEWORK, build, rows
from seewhy.counterfactual import HierarchicalOcclusion
from tests.runner.helpers import NAMES, sigmoid
from tests.runner.test_counterfactuals import SETTINGS

network = build()
activation_fn = sigmoid(FRAMEWORK)
data = (rows, NAMES)
hierarchical_occlusion = HierarchicalOcclusion(network, activation_fn, **SETTINGS)
"""

TOML = """
network = "mine:build"
activation_fn = "mine:Squash"
data = "mine:test_set"
labels = ["ant", "bee", "cat", "dog", "elk"]
threshold = 0.4

[hierarchical_occlusion]
windows = [4, 2]
strides = [2, 2]
mask = 0.0
relative = true
threshold = 0.97
"""


def write(folder: Path, text: str, name: str) -> Path:
    folder.joinpath("mine.py").write_text(MODULE.format(framework="torch"))
    folder.joinpath(name).write_text(text)
    return folder / name


@pytest.mark.torch
@pytest.mark.parametrize(("text", "name"), [(PYTHON, "plan.py"), (TOML, "plan.toml")])
def test_plans(text: str, name: str, tmp_path: Path) -> None:
    path = load_runner(write(tmp_path, text, name), str(tmp_path / "out")).run()
    threshold = {"threshold": 0.4} if name == "plan.toml" else {}
    script = searching("torch", tmp_path / "script", labelled(3), **threshold).run()
    assert rounded(records(path)) == rounded(records(script))


@pytest.mark.torch
def test_plans_that_are_wrong(tmp_path: Path) -> None:
    plan = TOML.replace("windows", "window")
    with pytest.raises(PlanError, match="unknown key 'window'; did you mean 'windows'"):
        load_runner(write(tmp_path, plan, "plan.toml"))
    plan = TOML.partition("[hier")[0]
    for word in ('hierarchical_occlusion = "yes"', "hierarchical_occlusion = 1"):
        with pytest.raises(PlanError, match="`hierarchical_occlusion` must be true or a table"):
            load_runner(write(tmp_path, f"{word}\n{plan}", "plan.toml"))
    with pytest.raises(PlanError, match="must define explainers"):
        load_runner(write(tmp_path, f"hierarchical_occlusion = false\n{plan}", "plan.toml"))
    with pytest.raises(ValueError, match="56 or more pixels"):
        load_runner(write(tmp_path, f"hierarchical_occlusion = true\n{plan}", "plan.toml"))


@pytest.mark.torch
def test_info_counts_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from seewhy import cli

    path = searching("torch", tmp_path, labelled(4)).run()
    found = [record.reason is None for record in records(path).values()]
    cli.info(tmp_path)
    said = " ".join(capsys.readouterr().out.split())
    assert f"counterfactuals {sum(found)} of {len(found)} labels; HierarchicalOcclusion(" in said
