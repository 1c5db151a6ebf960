"""Weights that are random for a while, in both frameworks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network import adapt
from tests import oracles
from tests.networks import Spec, images, library, make, numpy, slow, tensor
from tests.snapshots import snapshot

WEIGHTED = ["features.0", "features.1", "conv", "fc"]


def parameters(framework: str, network: Any) -> dict[str, np.ndarray]:
    """Copies of all parameters and statistics, under the names of `Spec.weights`."""
    return {name: numpy(native) for name, native in network.named_places().items()}


def test_weighted_layers_are_those_with_parameters(framework: str) -> None:
    assert adapt(make(framework)).weighted_layers() == WEIGHTED
    assert adapt(make(framework, Spec("dense"))).weighted_layers() == ["fc"]


def test_a_layer_gets_what_an_untrained_one_has(framework: str) -> None:
    network = make(framework, Spec(channels=40))
    before = parameters(framework, network)
    with adapt(network).randomised(["features.0", "features.1"]):
        made = parameters(framework, network)
    drawn = made["conv1.weight"]  # (4, 40, 3, 3)
    fan_in = 40 * 9
    assert abs(drawn.mean()) < 4 * np.sqrt(2 / fan_in / drawn.size)
    assert drawn.var() == pytest.approx(2 / fan_in, rel=0.15)
    for name, value in {"conv1.bias": 0, "bn.gamma": 1, "bn.beta": 0, "bn.mean": 0}.items():
        np.testing.assert_array_equal(made[name], value)
    np.testing.assert_array_equal(made["bn.variance"], 1)
    for name in ("conv2.weight", "conv2.bias", "fc.weight", "fc.bias"):
        np.testing.assert_array_equal(made[name], before[name])


def test_the_network_answers_with_the_random_weights_and_then_with_its_own(framework: str) -> None:
    network, x = make(framework), images()
    nn = library(framework).nn
    adapted, native = adapt(network, nn.Softmax(-1)), tensor(framework, x)
    own = numpy(adapted.forward(native))
    streamed = numpy(next(iter(adapted.stream([native]))))
    with adapted.randomised(WEIGHTED, seed=3):
        spec = Spec()
        for name, values in parameters(framework, network).items():
            spec.weights[name][:] = values
        expected = oracles.logits(slow(spec), x)
        np.testing.assert_allclose(numpy(adapted.forward(native)), expected, rtol=1e-4, atol=1e-5)
        powers = np.exp(expected)
        (answer,) = adapted.stream([native])
        np.testing.assert_allclose(numpy(answer), powers / powers.sum(1, keepdims=True), rtol=1e-4)
    np.testing.assert_array_equal(numpy(adapted.forward(native)), own)
    (answer,) = adapted.stream([native])
    np.testing.assert_array_equal(numpy(answer), streamed)


def test_it_comes_back_as_it_was(framework: str) -> None:
    network = make(framework)
    before, adapted = snapshot(framework, network), adapt(network)
    objects = {name: id(place) for name, place in network.named_places().items()}
    with adapted.randomised([""]):
        inside = {name: id(place) for name, place in network.named_places().items()}
        assert inside == objects
        assert snapshot(framework, network) != before
    assert snapshot(framework, network) == before
    for error in (KeyError, KeyboardInterrupt):
        with pytest.raises(error), adapted.randomised(["conv"]):
            raise error
        assert snapshot(framework, network) == before


def test_a_layers_numbers_depend_on_its_name_and_the_seed_alone(framework: str) -> None:
    network = make(framework)
    adapted = adapt(network)

    def weight(layers: list[str], seed: int | None) -> np.ndarray:
        with adapted.randomised(layers, seed):
            return parameters(framework, network)["conv2.weight"]

    one = weight(["conv"], 0)
    np.testing.assert_array_equal(weight(["fc", "conv"], 0), one)
    np.testing.assert_array_equal(weight([""], 0), one)
    assert not np.array_equal(weight(["conv"], 1), one)
    assert not np.array_equal(weight(["conv"], None), weight(["conv"], None))
    expected = np.random.default_rng([0, *b"conv.weight"]).standard_normal((4, 4, 3, 3), np.float32)
    np.testing.assert_allclose(one, expected * np.sqrt(2 / 36), rtol=1e-6)


def test_contexts_may_be_nested(framework: str) -> None:
    network = make(framework)
    before, adapted = snapshot(framework, network), adapt(network)
    with adapted.randomised(["fc"], 1):
        outer = snapshot(framework, network)
        with adapted.randomised([""], 2):
            pass
        assert snapshot(framework, network) == outer
    assert snapshot(framework, network) == before


def test_refuses_what_names_no_layers(framework: str) -> None:
    network = make(framework)
    before, adapted = snapshot(framework, network), adapt(network)
    for layers, kind, message in [
        ("conv", TypeError, "`layers` must be a list of names, got str"),
        ([3], TypeError, "`layers` must be a list of names, got 3 in it"),
        (["fc", "conv9"], ValueError, "`layer` must name a layer of the network, got 'conv9'"),
    ]:
        with pytest.raises(kind, match=message), adapted.randomised(layers):
            pass
    assert snapshot(framework, network) == before
