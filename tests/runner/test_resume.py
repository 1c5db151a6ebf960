"""Going on where a run stopped, by content and not by place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import GradCAM, Gradient, GuidedBackprop
from seewhy.store import read_job
from tests.networks import Spec, images, make
from tests.runner.helpers import (
    NAMES,
    SPEC,
    Stored,
    assert_same,
    labelled,
    pictures,
    runner,
    softmax,
    stored,
)
from tests.runner.test_results import Counter, forwards

Sequence = list[Any]


class Stop(Exception):
    """Raised by the data themselves, as a crash is."""


class StopsAt(list):  # type: ignore[type-arg]
    """Data that crash at an item, except in the first look at it."""

    def __init__(self, rows: Sequence, at: int) -> None:
        super().__init__(rows)
        self.at = at

    def __getitem__(self, index: Any) -> Any:
        if index == self.at:
            raise Stop
        return super().__getitem__(index)


def interrupt(framework: str, folder: Path, rows: Sequence, at: int, **options: Any) -> None:
    with pytest.raises(Stop):
        runner(framework, folder, StopsAt(rows, at), **options).run()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[int, Stored]]:
    made: dict[str, dict[int, Stored]] = {}

    def whole(framework: str) -> dict[int, Stored]:
        if framework not in made:
            folder = tmp_path_factory.mktemp(framework)
            made[framework] = stored(runner(framework, folder, labelled(10)).run())
        return made[framework]

    return whole


def test_the_rest_is_done_and_no_more(
    framework: str, tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    interrupt(framework, tmp_path, labelled(10), at=6, batch_size=4)
    with read_job(tmp_path / "explanations.seewhy.db") as job:
        assert (job.info().state, job.info().done, job.info().total) == ("failed", 6, 10)
    network = make(framework, SPEC)
    again = runner(framework, tmp_path, labelled(10), network)
    counter = Counter(network)
    assert_same(stored(again.run()), whole(framework))
    labels = [len(sample.kinds) for sample in whole(framework).values()][6:]
    assert counter.samples == 4 + forwards(framework, labels)
    with read_job(tmp_path / "explanations.seewhy.db") as job:
        assert (job.info().state, job.info().done) == ("finished", 10)


@pytest.mark.torch
def test_a_shuffled_data_set_goes_on_too(tmp_path: Path, whole: Callable[[str], Any]) -> None:
    rows = labelled(10)
    first = [rows[i] for i in (7, 2, 9, 0, 4, 1, 3, 5, 6, 8)]
    second = [rows[i] for i in (3, 9, 5, 8, 2, 1, 0, 7, 6, 4)]
    interrupt("torch", tmp_path, first, at=5, batch_size=2)
    network = make("torch", SPEC)
    again = runner("torch", tmp_path, second, network, batch_size=2)
    counter = Counter(network)
    found = stored(again.run())
    assert sorted(found) == list(range(10))
    new = [len(whole("torch")[i].kinds) for i in (3, 5, 8, 6, 7)]
    assert counter.samples <= 5 + forwards("torch", new)
    order = {number: i for i, number in enumerate([7, 2, 9, 0, 4])}
    for number, place in order.items():  # what was stored keeps its number
        one = {0: found[place]._replace(name="")}
        assert_same(one, {0: whole("torch")[number]._replace(name="")})
    key = sorted(repr((s.truth, sorted(s.kinds.items()), sorted(s.maps))) for s in found.values())
    assert key == sorted(
        repr((s.truth, sorted(s.kinds.items()), sorted(s.maps))) for s in whole("torch").values()
    )


@pytest.mark.torch
def test_numbers_and_names_keep_their_places(tmp_path: Path) -> None:
    """A sample of a rare shape may still have waited for company when the run was killed."""
    rows: Sequence = [(image, [0]) for image in pictures(6)]
    rows[1] = (images(1, 3, (8, 8))[0], [0])
    names = list("abcdef")
    options = {"names": names, "batch_size": 2}
    straight = stored(runner("torch", tmp_path / "straight", rows, **options).run())
    assert [s.name for s in straight.values()] == names

    class Killed(BaseException):
        """Not an Exception: what waits is lost."""

    class KilledAt(StopsAt):
        def __getitem__(self, index: Any) -> Any:
            if index == self.at:
                raise Killed
            return list.__getitem__(self, index)

    with pytest.raises(Killed):
        runner("torch", tmp_path, KilledAt(rows, 5), **options).run()
    assert sorted(stored(tmp_path / "explanations.seewhy.db")) == [0, 2, 3, 4]
    assert_same(stored(runner("torch", tmp_path, rows, **options).run()), straight)


@pytest.mark.torch
def test_equal_samples_are_all_stored(tmp_path: Path) -> None:
    image, other = pictures(2)
    rows = [(image, 1), (other, 1), (image, 1), (image, 1), (image, 2), (other, 1)]
    straight = stored(runner("torch", tmp_path / "straight", rows).run())
    assert [s.truth for s in straight.values()] == [(1,)] * 4 + [(2,), (1,)]
    interrupt("torch", tmp_path, rows, at=3, batch_size=1)
    network = make("torch", SPEC)
    again = runner("torch", tmp_path, rows, network)
    counter = Counter(network)
    assert_same(stored(again.run()), straight)
    assert counter.samples > 0
    counter.samples = 0
    again.run()
    assert counter.samples == 0


@pytest.mark.torch
def test_data_that_have_grown(tmp_path: Path, whole: Callable[[str], Any]) -> None:
    rows = labelled(10)
    runner("torch", tmp_path, rows[:7]).run()
    assert_same(stored(runner("torch", tmp_path, rows).run()), whole("torch"))


@pytest.mark.torch
def test_data_that_have_shrunk_or_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = labelled(4)
    before = stored(runner("torch", tmp_path, rows).run())
    changed = [rows[0], (rows[1][0] * 0.5, rows[1][1]), rows[2]]
    with caplog.at_level(logging.INFO, "seewhy"):
        found = stored(runner("torch", tmp_path, changed).run())
    assert "holds 4 samples: going on with it" in caplog.text
    assert "also holds 2 samples that `data` did not yield this time" in caplog.text
    assert_same({i: found[i] for i in range(4)}, before)
    assert sorted(found) == [0, 1, 2, 3, 4]  # the changed one is a new one
    assert found[4].truth == before[1].truth


def test_an_explainer_may_come_later(
    framework: str, tmp_path: Path, whole: Callable[[str], Any]
) -> None:
    rows = labelled(10)
    runner(framework, tmp_path, rows, make_explainers=lambda n: [Gradient(n)]).run()
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, rows, network)
    counter = Counter(network)
    assert_same(stored(job.run()), whole(framework))
    labels = [len(sample.kinds) for sample in whole(framework).values()]
    assert counter.samples == forwards(framework, labels) / 2  # nothing but the new maps
    # One that is left out keeps its maps.
    runner(framework, tmp_path, rows, make_explainers=lambda n: [GuidedBackprop(n)]).run()
    with read_job(tmp_path / "explanations.seewhy.db") as found:
        assert {e.name for e in found.explainers} == {"Gradient", "GradCAM", "GuidedBackprop"}


CURE = "give this run another job name or summary_dir"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 0.4}, "setting `threshold` = 0.5, this run has 0.4"),
        ({"labels": [*NAMES[:-1], "emu"]}, r"`labels`\[4\] = 'elk', this run has 'emu'"),
        ({"activation_fn": softmax}, "setting `activation_fn` = 'Sigmoid', this run has 'Softmax'"),
        ({"network": Spec(seed=3)}, "setting `weights` = "),
        (
            {"make_explainers": lambda n: [GradCAM(n, layer="features")]},
            "'GradCAM' with params {'layer': 'conv'}",
        ),
    ],
)
def test_another_run_is_not_mixed_in(
    framework: str, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = runner(framework, tmp_path, labelled(2)).run()
    before = stored(path)
    if "network" in change:
        change = {"network": make(framework, change["network"])}
    elif "activation_fn" in change:
        change = {"activation_fn": softmax(framework)}
    network = change.get("network", make(framework, SPEC))
    changed = runner(framework, tmp_path, labelled(2), **{"network": network, **change})
    counter = Counter(network)
    with pytest.raises(ValueError, match=message) as caught:
        changed.run()
    assert CURE in str(caught.value)
    assert counter.samples == 0
    assert_same(stored(path), before, levels=0)
    with read_job(path) as job:
        assert job.info().state == "finished"
    other = runner(framework, tmp_path, labelled(2), job="other", **{"network": network, **change})
    assert len(stored(other.run())) == 2


def test_retrained_weights_in_the_same_object_are_noticed(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, labelled(2), network)
    job.run()
    if framework == "torch":
        network.fc.bias.data += 1
    else:
        network.fc.bias.set_data(network.fc.bias + 1)
    with pytest.raises(ValueError, match="setting `weights`"):
        job.run()


@pytest.mark.torch
def test_unlike_digests(tmp_path: Path) -> None:
    """The same picture with other labels or boxes is another sample."""
    image = pictures(1)[0]
    forms: Sequence = [
        (image,),
        (image, -1),
        (image, 1),
        (image, 1, [1, 1, 2, 2]),
        (image, 1, [1, 1, 2, 3]),
    ]
    found = stored(runner("torch", tmp_path, forms).run())
    assert [s.truth for s in found.values()] == [None, (), (1,), (1,), (1,)]
    with read_job(tmp_path / "explanations.seewhy.db") as job:
        assert len({s.digest for s in job.samples()}) == 5
    assert np.array_equal(found[0].picture, found[4].picture)
