"""What Occlusion and RISE have in common: the networks they meet, memory, and a real photograph."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy.explainer.occlusion import Occlusion
from seewhy.explainer.perturbation import PerturbationExplainer
from seewhy.explainer.rise import RISE
from tests.networks import images, library, make, numpy, tensor
from tests.perturb.networks import softmax
from tests.snapshots import snapshot

EXPLAINERS: dict[str, Callable[[Any, Any], PerturbationExplainer]] = {
    "Occlusion": lambda network, activation: Occlusion(network, activation, window=3),
    "RISE": lambda network, activation: RISE(network, activation, num_masks=20, grid=3),
}


def answering(framework: str, answer: Callable[[Any, Any], Any]) -> Any:
    """A network that returns `answer(x, logits of the small network)`."""
    nn = library(framework).nn
    base, method = (nn.Module, "forward") if framework == "torch" else (nn.Cell, "construct")

    def run(self: Any, x: Any) -> Any:
        return answer(x, self.inner(x))

    network = type("Answering", (base,), {method: run})()
    network.inner = make(framework)
    return network


def nan_when_masked(x: Any, logits: Any) -> Any:
    """On the image as it is the answer is in order."""
    hidden = float(abs(x[:, :, :2, :2]).sum((1, 2, 3)).min()) == 0
    return logits * float("nan") if hidden else logits


@pytest.mark.parametrize("explainer", EXPLAINERS)
@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda x, y: y[:1], ValueError, "`network` must return one row for each sample, got 1"),
        (lambda x, y: y[:, 0], ValueError, r"`network` must return a tensor of shape \(N, K\)"),
        (lambda x, y: (y, y), TypeError, "`network` must return one .* of logits, got tuple"),
        (lambda x, y: y * float("nan"), ValueError, "`network` returned NaN or infinite values"),
        (lambda x, y: y / 0, ValueError, "`network` returned NaN or infinite values"),
        (nan_when_masked, ValueError, "`network` returned NaN or infinite values"),
    ],
)
def test_networks_that_answer_wrongly(
    framework: str, explainer: str, answer: Any, error: type[Exception], message: str
) -> None:
    network = answering(framework, answer)
    network.train() if framework == "torch" else network.set_train(True)
    before = snapshot(framework, network)
    # Two samples, that one row be too few; windows and masks that hide the corner will come.
    x = tensor(framework, images(2, size=(9, 9)))
    made = EXPLAINERS[explainer](network, softmax(framework))
    with pytest.raises(error, match=message):
        made(x, 0)
    assert snapshot(framework, network) == before


@pytest.mark.parametrize("explainer", EXPLAINERS)
@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (lambda p: p[:1], ValueError, "`activation_fn` must return one row for each sample"),
        (lambda p: p.sum(), ValueError, r"`activation_fn` must return a tensor of shape \(N, K\)"),
        (lambda p: None, TypeError, "`activation_fn` must return one .* got NoneType"),
        (lambda p: p * float("nan"), ValueError, "`activation_fn` returned NaN or infinite"),
    ],
)
def test_activations_that_answer_wrongly(
    framework: str, explainer: str, answer: Any, error: type[Exception], message: str
) -> None:
    made = EXPLAINERS[explainer](make(framework), answer)
    with pytest.raises(error, match=message):
        made(tensor(framework, images(2, size=(9, 9))), 0)


@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_the_network_and_the_world_are_as_before(framework: str, explainer: str) -> None:
    network = make(framework)
    network.train() if framework == "torch" else network.set_train(True)
    before = snapshot(framework, network)
    EXPLAINERS[explainer](network, softmax(framework))(tensor(framework, images()), [0, 1])
    assert snapshot(framework, network) == before


@pytest.mark.torch
@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_a_network_that_works_in_place_does_not_change_the_inputs(explainer: str) -> None:
    nn = library("torch").nn
    inner = make("torch")
    for network in (
        nn.Sequential(nn.ReLU(inplace=True), inner).eval(),
        answering("torch", lambda x, y: inner(x.mul_(0.5))),
    ):
        x = tensor("torch", images())
        EXPLAINERS[explainer](network, nn.Softmax(-1))(x, 0)
        np.testing.assert_array_equal(numpy(x), images())


@pytest.mark.torch
@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_inputs_that_require_gradients(explainer: str) -> None:
    x = tensor("torch", images()).requires_grad_()
    made = EXPLAINERS[explainer](make("torch"), softmax("torch"))(x, 0)
    assert not made.requires_grad
    assert x.grad is None


@pytest.mark.parametrize("explainer", EXPLAINERS)
def test_out_of_memory(framework: str, explainer: str, caplog: pytest.LogCaptureFixture) -> None:
    native = library(framework)
    own = native.OutOfMemoryError if framework == "torch" else MemoryError

    def small_machine(x: Any, logits: Any) -> Any:
        if len(x) > 3:
            raise own("out of memory")
        return logits

    x = tensor(framework, images(size=(9, 9)))
    expected = EXPLAINERS[explainer](make(framework), softmax(framework))(x, 0)
    network = answering(framework, small_machine)
    with caplog.at_level(logging.WARNING, "seewhy"):
        made = EXPLAINERS[explainer](network, softmax(framework))(x, 0)
    np.testing.assert_allclose(numpy(made), numpy(expected), atol=1e-5)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("out of memory with ")


MEMORY = """
import resource, sys, warnings
warnings.simplefilter("ignore")
from tests.networks import images, make, tensor
from tests.perturb.networks import softmax
from seewhy.explainer.rise import RISE
framework = sys.argv[1]
network, x = make(framework), tensor(framework, images(1, size=(96, 96)))
for num_masks in (300, 3000):
    RISE(network, softmax(framework), num_masks=num_masks)(x, [[0, 1, 2]])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_masks(framework: str) -> None:
    """All masks of 96 x 96 pixels in floats at once would take 110 MB more, the images 330 MB."""
    command = [sys.executable, "-c", MEMORY, framework]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    few, many = map(int, answer.stdout.split())  # kilobytes, the most so far
    assert many - few < 40_000


def energy_in(box: npt.NDArray[np.bool_], saliency: npt.NDArray[np.float64]) -> float:
    """Share of the map, from its smallest value up, that lies in the box."""
    above = saliency - saliency.min()
    return float(above[box].sum() / above.sum())


@pytest.mark.torch
def test_a_photograph_of_a_known_object() -> None:
    """On EfficientNet-Lite0; and all of it within 1e-5 of what the plain network would give."""
    from seewhy.demo import torch as demo
    from seewhy.demo.photographs import photographs

    torch = library("torch")
    number, photograph = next((k, p) for k, p in enumerate(photographs()) if p.name == "foolbox-00")
    x = demo.dataset()[number][0][None]
    left, top, width, height = photograph.boxes[0].round().astype(int)
    box = np.zeros((224, 224), bool)
    box[top : top + height, left : left + width] = True
    network, activation = demo.network(), demo.activation_fn()
    random = np.random.default_rng(0)
    by_chance = max(energy_in(box, random.random((224, 224))) for _ in range(20))

    occlusion = Occlusion(network, activation, window=56, stride=28)
    made = occlusion(x, photograph.label)
    positive = np.maximum(numpy(made)[0, 0].astype(float), 0)
    assert energy_in(box, positive) > by_chance + 0.2

    handle = network.register_forward_hook(lambda *_: None)  # with a hook nothing is fused
    plain = occlusion(x, photograph.label)
    handle.remove()
    torch.testing.assert_close(made, plain, rtol=0, atol=1e-5)
    assert not torch.equal(made, plain)

    rise = RISE(network, activation, num_masks=400)(x, photograph.label)
    assert energy_in(box, numpy(rise)[0, 0].astype(float)) > by_chance + 0.03


@pytest.mark.torch
@pytest.mark.mindspore
def test_the_frameworks_agree_on_a_photograph() -> None:
    from seewhy.demo import columns, mindspore, photographs, torch

    x = columns.columns(photographs.photographs()[:1])[0]
    made = {
        "torch": (torch.network(), torch.activation_fn()),
        "mindspore": (mindspore.network(), mindspore.activation_fn()),
    }
    for build in (
        lambda network, activation: Occlusion(network, activation, window=75),
        lambda network, activation: RISE(network, activation, num_masks=8),
    ):
        one, other = (
            numpy(build(*pair)(tensor(framework, x), [[243, 254]]))
            for framework, pair in made.items()
        )
        assert np.ptp(one[0, 0]) > 0.01
        np.testing.assert_allclose(one, other, atol=1e-4)
