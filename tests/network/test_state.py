"""A user's network comes back exactly as it was, whatever was asked of it and however it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot

Question = Callable[[Network, Any, Any], Any]


def with_dropout(network: Network, x: Any, ids: Any) -> Any:
    with network.with_dropout(0.3, seed=1):
        return network.gradient(x, ids)


QUESTIONS: dict[str, Question] = {
    "forward": lambda network, x, ids: network.forward(x),
    "probabilities": lambda network, x, ids: network.probabilities(x),
    "gradient": lambda network, x, ids: network.gradient(x, ids),
    "guided": lambda network, x, ids: network.gradient(x, ids, "guided"),
    "deconvolution": lambda network, x, ids: network.gradient(x, ids, "deconvolution"),
    "at the input": lambda network, x, ids: network.activation_and_gradient(x, ids, ""),
    "at a layer": lambda network, x, ids: network.activation_and_gradient(x, ids, "features.0"),
    "spatial_layers": lambda network, x, ids: network.spatial_layers(x),
    "fingerprint": lambda network, x, ids: network.fingerprint(),
    "with_dropout": with_dropout,
}


def mixed(framework: str, spec: Spec | None = None) -> Any:
    """A network as it stands in the middle of somebody's training: nothing is uniform."""
    network = make(framework, spec)
    if framework == "torch":
        network.train()
        network.features[1].eval()
        network.conv.weight.requires_grad_(False)
        network.fc.weight.grad = library("torch").ones_like(network.fc.weight)
        network.fc.register_forward_hook(lambda module, inputs, result: None)
        network.conv.register_full_backward_hook(lambda module, inputs, outputs: None)
    else:
        network.set_train(True)
        network.set_grad()  # as in a training step: cells record what they run
        network.features[1].set_train(False)
        network.conv.weight.requires_grad = False
        network.fc.register_forward_hook(lambda cell, inputs, result: None)
    return network


def softmax(framework: str) -> Any:
    """In training mode, so that it too has something to come back to."""
    nn = library(framework).nn
    layer = nn.Softmax(-1)
    return layer.train() if framework == "torch" else layer.set_train(True)


def ids_of(framework: str, *targets: int) -> Any:
    return tensor(framework, np.array([targets, targets]))


@pytest.mark.parametrize("question", QUESTIONS)
def test_after_an_answer(framework: str, question: str) -> None:
    network, activation = mixed(framework), softmax(framework)
    x = tensor(framework, images())
    before = snapshot(framework, network), snapshot(framework, activation), images()
    QUESTIONS[question](adapt(network, activation), x, ids_of(framework, 1, 2))
    assert (snapshot(framework, network), snapshot(framework, activation)) == before[:2]
    np.testing.assert_array_equal(numpy(x), before[2])


@pytest.mark.parametrize("question", [name for name in QUESTIONS if name != "fingerprint"])
def test_after_the_network_raises(framework: str, question: str) -> None:
    network = mixed(framework)
    failing: list[BaseException] = [KeyError("from the middle of the forward")]

    def hook(*_: Any) -> None:
        if failing:
            raise failing[0]

    network.relu6.register_forward_hook(hook)
    adapted = adapt(network, softmax(framework))
    x, ids = tensor(framework, images()), ids_of(framework, 1, 2)
    before = snapshot(framework, network)
    with pytest.raises(KeyError, match="from the middle"):
        QUESTIONS[question](adapted, x, ids)
    assert snapshot(framework, network) == before
    failing[:] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        QUESTIONS[question](adapted, x, ids)
    assert snapshot(framework, network) == before
    # Nothing half-done stays behind in the framework either.
    failing.clear()
    fresh = adapt(mixed(framework), softmax(framework))
    answers = [QUESTIONS[question](other, x, ids) for other in (adapted, fresh)]
    for made, expected in zip(*map(flat, answers), strict=True):
        np.testing.assert_array_equal(made, expected)


def flat(answer: Any) -> list[Any]:
    """The arrays of an answer of any kind."""
    if isinstance(answer, (tuple, list)):
        return [array for part in answer for array in flat(part)]
    return [answer if isinstance(answer, str) else numpy(answer)]


@pytest.mark.parametrize("question", ["gradient", "guided", "at the input", "at a layer"])
def test_after_a_class_that_is_out_of_range(framework: str, question: str) -> None:
    network = mixed(framework)
    before = snapshot(framework, network)
    with pytest.raises(ValueError, match=r"`targets` must be class ids in 0\.\.4, .* got 5"):
        QUESTIONS[question](adapt(network), tensor(framework, images()), ids_of(framework, 0, 5))
    assert snapshot(framework, network) == before


def test_after_a_layer_that_has_no_spatial_output(framework: str) -> None:
    network = mixed(framework)
    before = snapshot(framework, network)
    with pytest.raises(ValueError, match=r"must have a spatial output \(N, C, h, w\), 'fc' gave"):
        adapt(network).activation_and_gradient(
            tensor(framework, images()), ids_of(framework, 0), "fc"
        )
    assert snapshot(framework, network) == before


def test_after_an_error_inside_the_dropout_context(framework: str) -> None:
    network = mixed(framework)
    before = snapshot(framework, network)
    with pytest.raises(KeyError), adapt(network).with_dropout(0.5):
        raise KeyError("the caller's own")
    assert snapshot(framework, network) == before


def test_random_numbers_go_on_as_if_nothing_had_been_asked(framework: str) -> None:
    native = library(framework)

    def draws() -> Any:
        if framework == "torch":
            return numpy(native.rand(3))
        return numpy(native.ops.standard_normal((3,)))

    def seed() -> None:
        native.manual_seed(3) if framework == "torch" else native.set_seed(3)

    network = adapt(mixed(framework, Spec()))
    seed()
    expected = draws()
    seed()
    x, ids = tensor(framework, images()), ids_of(framework, 1)
    network.gradient(x, ids, "guided")
    with network.with_dropout(0.5, seed=None):
        network.forward(x)
    np.testing.assert_array_equal(draws(), expected)


def test_a_network_that_works_in_place_on_its_input(framework: str) -> None:
    made = in_place_network(framework)
    given = tensor(framework, images())
    made(given)
    assert not np.allclose(numpy(given), images()), "the network of this test is harmless"
    x, ids = tensor(framework, images()), ids_of(framework, 1)
    network = adapt(made, softmax(framework))
    for name, question in QUESTIONS.items():
        question(network, x, ids)
        np.testing.assert_array_equal(numpy(x), images(), name)


def in_place_network(framework: str) -> Any:
    """Subtracts 1 from its input, in the input's own memory, before anything else."""
    network = make(framework)
    if framework == "torch":
        network.register_forward_pre_hook(lambda module, inputs: (inputs[0].sub_(1),))
    else:
        ops = library("mindspore").ops
        network.register_forward_pre_hook(
            lambda cell, inputs: (ops.assign_sub(inputs[0], ops.ones_like(inputs[0])),)
        )
    return network


def test_other_networks_are_not_touched(framework: str) -> None:
    network, bystander = make(framework), mixed(framework)
    before = snapshot(framework, bystander)
    adapted = adapt(network, softmax(framework))
    for question in QUESTIONS.values():
        question(adapted, tensor(framework, images()), ids_of(framework, 1))
    assert snapshot(framework, bystander) == before
