"""What is stored equals the network and the explainers called by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import GradCAM, Gradient, GuidedBackprop
from seewhy.store import read_job
from tests import oracles
from tests.networks import Spec, images, make, numpy, slow, small_cnn_at, tensor
from tests.runner.helpers import (
    NAMES,
    SIZE,
    SPEC,
    Stored,
    assert_close_maps,
    assert_same,
    explainers,
    labelled,
    pictures,
    runner,
    softmax,
    stored,
)
from tests.snapshots import snapshot

Run = Callable[[str], dict[int, Stored]]
TRUTH = [(), (3,), (0, 2), (4, 1, 2), (), (3,)]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The store of `labelled()`, made once for each framework."""
    made: dict[str, dict[int, Stored]] = {}

    def run(framework: str) -> dict[int, Stored]:
        if framework not in made:
            folder = tmp_path_factory.mktemp(framework)
            made[framework] = stored(runner(framework, folder, labelled()).run())
        return made[framework]

    return run


def slow_logits(spec: Spec, array: np.ndarray) -> np.ndarray:
    return oracles.logits(slow(spec), array.astype(np.float64))


def test_probabilities_labels_and_kinds(framework: str, run: Run) -> None:
    probabilities = 1 / (1 + np.exp(-slow_logits(SPEC, pictures(6))))
    predicted = [set(np.flatnonzero(row > 0.5)) for row in probabilities]
    assert {(), (4,), (1, 4)} == {tuple(sorted(labels)) for labels in predicted}  # all cases occur
    for number, sample in run(framework).items():
        truth = TRUTH[number]
        assert sample.truth == truth
        assert set(sample.kinds) == predicted[number] | set(truth)
        for label, kind in sample.kinds.items():
            assert sample.probabilities[label] == pytest.approx(
                probabilities[number, label], abs=1e-5
            )
            if label in truth:
                assert kind == ("TP" if label in predicted[number] else "FN")
            else:
                assert kind == "FP"
    kinds = {kind for sample in run(framework).values() for kind in sample.kinds.values()}
    assert kinds == {"TP", "FN", "FP"}


def test_maps_equal_the_explainers_called_by_hand(framework: str, run: Run) -> None:
    network = make(framework, SPEC)
    array = pictures(6)
    gradient, gradcam = Gradient(network), GradCAM(network, layer="conv")
    for number, sample in run(framework).items():
        assert set(sample.maps) == {
            (k, name) for k in sample.kinds for name in ("GradCAM", "Gradient")
        }
        x = tensor(framework, array[number : number + 1])
        for label in sample.kinds:
            assert_close_maps(sample.maps[label, "Gradient"], numpy(gradient(x, label))[0, 0])
            # Stored at the layer's own grid; the call enlarges it.
            native = numpy(gradcam.native(x, label))[0, 0]
            assert native.shape == (6, 5)
            assert_close_maps(sample.maps[label, "GradCAM"], native)


def test_maps_equal_the_slow_definitions(framework: str, run: Run) -> None:
    sample = run(framework)[2]
    x = pictures(6)[2:3].astype(np.float64)
    ids = sorted(sample.kinds)
    assert len(ids) >= 2
    gradients = oracles.gradients(slow(SPEC), x, np.array([ids]))
    expected = oracles.largest_over_channels(gradients)[0]
    for label, values in zip(ids, expected, strict=True):
        assert_close_maps(sample.maps[label, "Gradient"], values)
    chain, cut = slow(SPEC), small_cnn_at("conv")
    activation = oracles.Chain(chain.layers[:cut]).forward(x[0])[None]
    tail = oracles.gradients(oracles.Chain(chain.layers[cut:]), activation, np.array([ids]))
    for label, values in zip(ids, oracles.grad_cam(activation, tail)[0], strict=True):
        assert_close_maps(sample.maps[label, "GradCAM"], values)


@pytest.mark.torch
@pytest.mark.mindspore
def test_both_frameworks_store_the_same(run: Run) -> None:
    assert_same(run("torch"), run("mindspore"))


@pytest.mark.parametrize("batch_size", [1, 2, 4])
def test_the_batch_size_does_not_matter(
    framework: str, batch_size: int, run: Run, tmp_path: Path
) -> None:
    path = runner(framework, tmp_path, labelled(), batch_size=batch_size).run()
    assert_same(stored(path), run(framework))


def test_softmax_explains_the_top_label_where_none_passes(framework: str, tmp_path: Path) -> None:
    spec = Spec(seed=39)
    logits = slow_logits(spec, pictures(8))
    exponents = np.exp(logits - logits.max(1, keepdims=True))
    probabilities = exponents / exponents.sum(1, keepdims=True)
    assert 2 <= (probabilities.max(1) < 0.5).sum() <= 6  # both cases occur
    truth = [2, 2, -1, 1, 0, 0, 3, -1]
    data = list(zip(pictures(8), truth, strict=True))
    job = runner(
        framework, tmp_path, data, make(framework, spec),
        make_explainers=lambda network: [Gradient(network)], activation_fn=softmax(framework),
    )  # fmt: skip
    for number, sample in stored(job.run()).items():
        top = int(probabilities[number].argmax())
        true = {truth[number]} - {-1}
        assert set(sample.kinds) == {top} | true
        assert sample.kinds[top] == ("TP" if top in true else "FP")
        assert sample.probabilities[top] == pytest.approx(probabilities[number, top], abs=1e-5)


def test_sigmoid_with_nothing_predicted_explains_nothing(framework: str, tmp_path: Path) -> None:
    path = runner(framework, tmp_path, list(pictures(2)), threshold=1.0).run()
    for sample in stored(path).values():
        assert (sample.kinds, sample.maps) == ({}, {})
        assert sample.picture.shape == (*SIZE, 3)
    with read_job(path) as job:
        assert (job.info().state, job.info().done) == ("finished", 2)


def test_the_job_says_how_it_was_made(framework: str, tmp_path: Path) -> None:
    path = runner(
        framework, tmp_path / "new" / "folder", labelled(2), threshold=0.4, job="a b"
    ).run()
    assert path == tmp_path / "new" / "folder" / "a b.seewhy.db"
    with read_job(path) as job:
        info = job.info()
        assert job.labels == tuple(NAMES)
    assert (info.status, info.done, info.total, info.samples) == ("finished", 2, 2, 2)
    assert [e.name for e in info.explainers] == ["GradCAM", "Gradient"]
    assert info.explainers[0].params == {"layer": "conv"}
    assert info.settings["threshold"] == 0.4
    assert info.settings["activation_fn"] == "Sigmoid"
    assert {"seewhy", framework} <= set(info.versions)


# ---- nothing in vain, nothing twice


class Counter:
    """Counts the samples that go through a native network."""

    def __init__(self, network: Any) -> None:
        self.samples = 0
        network.register_forward_hook(self._count)

    def _count(self, network: Any, inputs: Any, result: Any) -> None:
        self.samples += len(inputs[0])


def forwards(framework: str, labels: list[int]) -> int:
    """Samples that must go through for two explainers; MindSpore needs a forward a label."""
    explained = [count for count in labels if count]
    return 2 * (len(explained) if framework == "torch" else sum(explained))


@pytest.mark.parametrize("batch_size", [1, 8])
def test_nothing_is_explained_twice_or_in_vain(
    framework: str, batch_size: int, tmp_path: Path, run: Run
) -> None:
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, labelled(), network, batch_size=batch_size)
    counter = Counter(network)
    path = job.run()
    labels = [len(sample.kinds) for sample in run(framework).values()]
    assert 0 in labels
    assert counter.samples == 6 + forwards(framework, labels)
    assert_same(stored(path), run(framework))


def test_a_finished_run_needs_no_forward(framework: str, tmp_path: Path, run: Run) -> None:
    runner(framework, tmp_path, labelled()).run()
    network = make(framework, SPEC)
    again = runner(framework, tmp_path, labelled(), network)
    counter = Counter(network)
    assert_same(stored(again.run()), run(framework))
    again.run()
    assert counter.samples == 0


# ---- what is the user's stays the user's


def test_the_network_comes_back_as_it_was(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    before = snapshot(framework, _in_training(framework, network))
    runner(framework, tmp_path, labelled(3), network).run()
    assert snapshot(framework, network) == before


def test_also_when_the_run_fails(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    before = snapshot(framework, _in_training(framework, network))
    data = [*pictures(2), np.full((3, *SIZE), np.nan, np.float32)]
    with pytest.raises(ValueError, match="item 2"):
        runner(framework, tmp_path, data, network).run()
    assert snapshot(framework, network) == before


def _in_training(framework: str, network: Any) -> Any:
    """Mixed flags: all in training but one."""
    if framework == "torch":
        network.train()
        network.features.eval()
        network.fc.weight.requires_grad_(False)
    else:
        network.set_train(True)
        network.features.set_train(False)
        network.fc.weight.requires_grad = False
    return network


def test_the_data_are_not_changed(framework: str, tmp_path: Path) -> None:
    data = labelled(3)
    copies = [(image.copy(), ids.copy()) for image, ids in data]
    runner(framework, tmp_path, data).run()
    for (image, ids), (image_before, ids_before) in zip(data, copies, strict=True):
        assert np.array_equal(image, image_before)
        assert np.array_equal(ids, ids_before)


def test_the_same_explainers_serve_two_runners(framework: str, tmp_path: Path, run: Run) -> None:
    """On other shapes in between, so that nothing may be remembered from the first."""
    network = make(framework, SPEC)
    shared = explainers(network)
    jobs = [
        runner(framework, tmp_path / name, data, network, make_explainers=lambda _: shared)
        for name, data in (
            ("one", labelled()),
            ("two", [(image, [0]) for image in images(2, 3, (8, 15))]),
            ("three", labelled()),
        )
    ]
    one, two, three = (stored(job.run()) for job in jobs)
    assert_same(one, run(framework))
    assert_same(three, run(framework))
    assert two[0].maps[0, "Gradient"].shape == (8, 15)


@pytest.mark.parametrize("form", ["tuple", "dict"])
def test_output_picks_the_logits(framework: str, form: str, tmp_path: Path, run: Run) -> None:
    network = make(framework, SPEC)
    wrapped = _returning(framework, network, form)
    key: Any = 1 if form == "tuple" else "logits"

    def pick(answer: Any) -> Any:
        return answer[key]

    job = runner(
        framework, tmp_path, labelled(), wrapped, output=pick,
        make_explainers=lambda w: [
            GradCAM(w, layer="inner.conv", output=pick), Gradient(w, output=pick),
        ],
    )  # fmt: skip
    assert_same(stored(job.run()), run(framework))


def _returning(framework: str, network: Any, form: str) -> Any:
    from tests.networks import library

    native = library(framework).nn
    base = native.Module if framework == "torch" else native.Cell

    class Wrapped(base):  # type: ignore[misc,valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.inner = network

        def forward(self, x: Any) -> Any:
            made = self.inner(x)
            return (x, made) if form == "tuple" else {"logits": made}

        construct = forward

    return Wrapped()


def test_activation_may_be_any_callable(framework: str, tmp_path: Path, run: Run) -> None:
    def squash(logits: Any) -> Any:
        return 1 / (1 + (-logits).exp())

    path = runner(framework, tmp_path, labelled(), activation_fn=squash).run()
    assert_same(stored(path), run(framework))


def test_a_network_that_returns_probabilities_itself(framework: str, tmp_path: Path) -> None:
    """The activation is then the identity; the softmax rule holds all the same."""
    from tests.networks import library

    native = library(framework).nn
    network = make(framework, Spec(seed=39))
    sequential = native.Sequential if framework == "torch" else native.SequentialCell
    whole = sequential(network, softmax(framework))
    job = runner(
        framework, tmp_path, list(pictures(3)), whole, activation_fn=lambda p: p,
        make_explainers=lambda w: [GuidedBackprop(w)],
    )  # fmt: skip
    assert all(len(sample.kinds) == 1 for sample in stored(job.run()).values())
