"""What a network answers, in both frameworks: against slow oracles and numeric derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests import oracles
from tests.networks import (
    SMALL_CNN_LAYERS,
    Spec,
    images,
    library,
    make,
    numpy,
    slow,
    small_cnn_at,
    tensor,
)

TARGETS = np.array([[1, 4], [0, 0]])
SPATIAL = ["features.0", "features.1", "features.2", "features", "conv", "relu6"]


def close(actual: Any, expected: Any, rtol: float = 1e-4) -> None:
    """Elementwise, with an absolute part that goes by the largest value (float32 sums)."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(numpy(actual), expected, rtol, rtol * np.abs(expected).max())


@pytest.fixture
def network(framework: str) -> Network:
    return adapt(make(framework))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_logits(framework: str, channels: int) -> None:
    spec = Spec(channels=channels)
    x = images(channels=channels)
    close(adapt(make(framework, spec)).forward(tensor(framework, x)), oracles.logits(slow(spec), x))


def test_the_networks_meet_every_piece_of_relu6() -> None:
    """Else the tests of this file would not tell ReLU6 from ReLU."""
    before = oracles.Chain(slow().layers[:4])
    values = np.stack([before.forward(x) for x in images().astype(float)])
    for piece in (values < 0, (values > 0) & (values < 6), values > 6):
        assert piece.mean() > 0.05


@pytest.mark.parametrize("as_layer", [True, False], ids=["layer", "callable"])
def test_probabilities(framework: str, as_layer: bool) -> None:
    nn = library(framework).nn
    softmax = nn.Softmax(-1) if as_layer else lambda logits: nn.Softmax(-1)(logits)
    network = adapt(make(framework), softmax)
    x = images()
    powers = np.exp(oracles.logits(slow(), x))
    close(network.probabilities(tensor(framework, x)), powers / powers.sum(1, keepdims=True))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_gradient(framework: str, channels: int) -> None:
    spec = Spec(channels=channels)
    x = images(channels=channels)
    network = adapt(make(framework, spec))
    made = network.gradient(tensor(framework, x), tensor(framework, TARGETS))
    assert tuple(made.shape) == (2, 2, channels, 5, 4)
    close(made, oracles.gradients(slow(spec), x, TARGETS))


@pytest.mark.parametrize("rule", ["deconvolution", "guided"])
def test_gradient_with_a_modified_relu(framework: str, network: Network, rule: Any) -> None:
    x = images()
    made = network.gradient(tensor(framework, x), tensor(framework, TARGETS), rule)
    close(made, oracles.gradients(slow(), x, TARGETS, rule))


@pytest.mark.parametrize("rule", [None, "deconvolution", "guided"])
def test_gradient_through_one_relu_that_runs_twice(framework: str, rule: Any) -> None:
    spec, x = Spec("reused_relu"), images()
    made = adapt(make(framework, spec)).gradient(
        tensor(framework, x), tensor(framework, TARGETS), rule
    )
    close(made, oracles.gradients(slow(spec), x, TARGETS, rule))


@pytest.mark.parametrize("layer", ["", *SPATIAL])
def test_activation_and_gradient(framework: str, network: Network, layer: str) -> None:
    x = images()
    layers = slow().layers
    head = oracles.Chain(layers[: small_cnn_at(layer)])
    tail = oracles.Chain(layers[small_cnn_at(layer) :])
    expected = np.stack([head.forward(sample) for sample in x.astype(float)])
    activation, gradient = network.activation_and_gradient(
        tensor(framework, x), tensor(framework, TARGETS), layer
    )
    close(activation, expected)
    close(gradient, oracles.gradients(tail, expected, TARGETS))


def test_of_a_layer_that_runs_twice_the_last_call_is_meant(framework: str) -> None:
    spec, x = Spec("reused_relu"), images()
    first, relu, residual, *rest = slow(spec).layers
    # What is around the second call, `+ h`, is a constant to it.
    before = [oracles.Chain([first, relu]).forward(sample) for sample in x.astype(float)]
    expected = np.stack([residual.branch.forward(h) for h in before])
    tails = [_PlusConstant(h, oracles.Chain(rest)) for h in before]
    activation, gradient = adapt(make(framework, spec)).activation_and_gradient(
        tensor(framework, x), tensor(framework, TARGETS), "relu"
    )
    close(activation, expected)
    for n, tail in enumerate(tails):
        close(gradient[n], oracles.gradients(tail, expected[n : n + 1], TARGETS[n : n + 1])[0])


def test_a_branch_around_the_layer_is_no_part_of_its_gradient(framework: str) -> None:
    spec, x = Spec("reused_relu"), images()
    first, relu, residual, *rest = slow(spec).layers
    convolution, second = residual.branch.layers
    activation, gradient = adapt(make(framework, spec)).activation_and_gradient(
        tensor(framework, x), tensor(framework, TARGETS), "conv2"
    )
    for n, sample in enumerate(x.astype(float)):
        h = oracles.Chain([first, relu]).forward(sample)
        expected = convolution.forward(h)[None]
        tail = oracles.Chain([second, _PlusConstant(h, oracles.Chain(rest))])
        close(activation[n], expected[0])
        close(gradient[n], oracles.gradients(tail, expected, TARGETS[n : n + 1])[0])


class _PlusConstant:
    def __init__(self, constant: oracles.Array, tail: oracles.Chain) -> None:
        self.constant, self.tail = constant, tail

    def forward(self, x: oracles.Array) -> oracles.Array:
        return self.tail.forward(x + self.constant)


def test_several_labels_equal_one_at_a_time(framework: str, network: Network) -> None:
    x = tensor(framework, images())
    ids = np.array([[0, 3, 1], [2, 2, 4]])
    every = numpy(network.gradient(x, tensor(framework, ids)))
    cams = numpy(network.activation_and_gradient(x, tensor(framework, ids), "conv")[1])
    for label in range(3):
        one = tensor(framework, ids[:, label : label + 1])
        close(network.gradient(x, one)[:, 0], every[:, label], 1e-6)
        close(network.activation_and_gradient(x, one, "conv")[1][:, 0], cams[:, label], 1e-6)


def test_a_batch_equals_its_samples(framework: str, network: Network) -> None:
    x, ids = images(5), np.array([[0], [1], [2], [3], [4]])
    logits = numpy(network.forward(tensor(framework, x)))
    gradient = numpy(network.gradient(tensor(framework, x), tensor(framework, ids)))
    for n in range(5):
        part = slice(n, n + 1)
        close(network.forward(tensor(framework, x[part])), logits[part])
        one = network.gradient(tensor(framework, x[part]), tensor(framework, ids[part]))
        close(one, gradient[part])


def test_layers_are_named_in_the_order_of_definition(network: Network) -> None:
    assert network.layers() == SMALL_CNN_LAYERS


def test_spatial_layers_are_named_in_the_order_in_which_they_end(
    framework: str, network: Network
) -> None:
    assert network.spatial_layers(tensor(framework, images())) == SPATIAL


def test_a_layer_that_runs_twice_is_listed_where_it_ended_last(framework: str) -> None:
    network = adapt(make(framework, Spec("reused_relu")))
    assert network.layers() == ["conv1", "relu", "conv2", "fc"]
    assert network.spatial_layers(tensor(framework, images())) == ["conv1", "conv2", "relu"]


def test_no_layer_is_spatial_when_the_network_flattens_first(framework: str) -> None:
    network = adapt(make(framework, Spec("relu_dense")))
    assert network.spatial_layers(tensor(framework, images(channels=1, size=(4, 4)))) == ["before"]
    network = adapt(make(framework, Spec("dense")))
    assert network.spatial_layers(tensor(framework, images(channels=16, size=(1, 1)))) == []


def test_new_weights_are_seen_by_the_next_call(framework: str, network: Network) -> None:
    x = images()
    other = adapt(make(framework, Spec(seed=7)))
    assert not np.allclose(
        numpy(network.forward(tensor(framework, x))), numpy(other.forward(tensor(framework, x)))
    )
    parameters = {
        "torch": lambda module: module.load_state_dict(other.original.state_dict()),
        "mindspore": lambda cell: library("mindspore").load_param_into_net(
            cell, other.original.parameters_dict()
        ),
    }
    parameters[framework](network.original)
    close(network.forward(tensor(framework, x)), oracles.logits(slow(Spec(seed=7)), x))
    expected = oracles.gradients(slow(Spec(seed=7)), x, TARGETS)
    close(network.gradient(tensor(framework, x), tensor(framework, TARGETS)), expected)


def test_fingerprint(framework: str) -> None:
    same, also, other = (make(framework, spec) for spec in (Spec(), Spec(), Spec(seed=7)))
    marks = [adapt(network).fingerprint() for network in (same, also, other)]
    assert marks[0] == marks[1] != marks[2]
    assert len(marks[0]) == 32
    assert int(marks[0], 16) >= 0
    assert adapt(make(framework, Spec("reused_relu"))).fingerprint() not in marks


def test_fingerprint_sees_running_statistics(framework: str) -> None:
    changed = Spec()
    changed.weights["bn.mean"][2] += 1e-3
    assert adapt(make(framework, changed)).fingerprint() != adapt(make(framework)).fingerprint()


def test_the_users_own_object_is_kept(framework: str) -> None:
    network = make(framework)
    assert adapt(network).original is network
