"""What an OoDNet is, where its features come from, and what it leaves alone."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest

import seewhy.tool
from seewhy.explainer import Gradient
from seewhy.tool import OoDNet
from tests import oracles
from tests.networks import Spec, images, library, make, numpy, slow, tensor
from tests.snapshots import snapshot
from tests.tool import ood_oracle
from tests.tool.heads import head_of


def slow_features(x: Any) -> Any:
    """What goes into `fc` of "small_cnn"."""
    return oracles.logits(oracles.Chain(slow().layers[:-1]), x)


def test_it_is_a_network_of_its_framework(framework: str) -> None:
    native = library(framework).nn
    ood_net = OoDNet(make(framework), 5)
    assert isinstance(ood_net, OoDNet)
    assert isinstance(ood_net, native.Module if framework == "torch" else native.Cell)
    assert ood_net.num_classes == 5
    assert ood_net.num_features == 4
    assert seewhy.tool.cv.OoDNet is OoDNet


def test_underlying_is_the_users_own(framework: str) -> None:
    network = make(framework)
    assert OoDNet(network, 5).underlying is network


def test_scores(framework: str) -> None:
    ood_net, x = OoDNet(make(framework), 3), images()
    expected = ood_oracle.scores(slow_features(x), head_of(ood_net)["class_weights"])
    for made in (ood_net.score(tensor(framework, x)), ood_net(tensor(framework, x))):
        np.testing.assert_allclose(numpy(made), expected, atol=1e-5)


def test_logits_in_training_mode(framework: str) -> None:
    ood_net, x = OoDNet(make(framework), 3), images(5)
    made = ood_net.set_train()(tensor(framework, x))
    expected = ood_oracle.logits(slow_features(x), head_of(ood_net))
    np.testing.assert_allclose(numpy(made), expected, atol=1e-4)
    # The mode makes no difference to `score`.
    scores = ood_oracle.scores(slow_features(x), head_of(ood_net)["class_weights"])
    np.testing.assert_allclose(numpy(ood_net.score(tensor(framework, x))), scores, atol=1e-5)


def test_first_weights_are_the_same_in_each_framework(framework: str) -> None:
    from seewhy.tool.ood_head import initial_head

    for name, array in initial_head(4, 3, seed=7).items():
        assert (head_of(OoDNet(make(framework), 3, seed=7))[name] == array).all()


@pytest.mark.parametrize(("layer", "width"), [("fc", 5), ("relu6", 4)])
def test_features_of_a_named_layer(framework: str, layer: str, width: int) -> None:
    x = images(size=(2, 2))  # the stride leaves one pixel, so "relu6" gives (N, 4, 1, 1)
    ood_net = OoDNet(make(framework), 3, features=layer, num_features=width)
    chain = slow().layers[: {"fc": 7, "relu6": 5}[layer]]
    expected = oracles.logits(oracles.Chain(chain), x).reshape(2, width)
    np.testing.assert_allclose(numpy(ood_net.features(tensor(framework, x))), expected, atol=1e-5)


def test_width_of_a_linear_layer_is_known(framework: str) -> None:
    assert OoDNet(make(framework), 3, features="fc").num_features == 5


def giving_features(framework: str) -> Any:
    """A network that answers with features on demand, as the predecessor of this library asked."""
    native = library(framework).nn
    base = native.Module if framework == "torch" else native.Cell

    class Giving(base):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            super().__init__()
            self.inner = make(framework)
            self.num_features = 4
            self.output_features = False

        def forward(self, x: Any) -> Any:
            features = self.inner.relu6(self.inner.conv(self.inner.features(x))).mean((2, 3))
            return features if self.output_features else self.inner.fc(features)

        construct = forward

    return Giving()


def test_features_on_demand(framework: str) -> None:
    network, x = giving_features(framework), images()
    ood_net = OoDNet(network, 3)
    made = ood_net.features(tensor(framework, x))
    np.testing.assert_allclose(numpy(made), slow_features(x), atol=1e-5)
    assert network.output_features is False


def test_features_on_demand_are_switched_off_after_an_error(framework: str) -> None:
    network = giving_features(framework)
    network.num_features = 9
    with pytest.raises(ValueError, match=r"must be of shape \(2, 9\), got \(2, 4\)"):
        OoDNet(network, 3).score(tensor(framework, images()))
    assert network.output_features is False


@pytest.mark.parametrize(
    ("attribute", "value", "error", "message"),
    [
        (
            "num_features",
            4.0,
            TypeError,
            "`underlying.num_features` must be a positive int, got float",
        ),
        ("num_features", 0, ValueError, "`underlying.num_features` must be a positive int, got 0"),
        ("output_features", 1, TypeError, "`underlying.output_features` must be a bool, got int"),
    ],
)
def test_bad_features_on_demand(
    framework: str, attribute: str, value: Any, error: type[Exception], message: str
) -> None:
    network = giving_features(framework)
    setattr(network, attribute, value)
    with pytest.raises(error, match=message):
        OoDNet(network, 3)


def test_the_users_network_is_left_as_it_was(framework: str) -> None:
    network = make(framework)
    (network.train if framework == "torch" else network.set_train)(True)
    before = snapshot(framework, network)
    ood_net = OoDNet(network, 3)
    x = tensor(framework, images())
    for mode in (True, False):
        ood_net.set_train(mode)(x)
        ood_net.score(x)
    with pytest.raises(ValueError, match=r"must be of shape \(2, 4\)"):
        OoDNet(network, 3, features="conv", num_features=4).score(x)
    assert snapshot(framework, network) == before
    assert (numpy(x) == images()).all()


def test_it_can_be_explained(framework: str) -> None:
    """It is an ordinary network: what in the image makes it familiar?"""
    made = Gradient(OoDNet(make(framework), 3))(tensor(framework, images()), 1)
    assert tuple(made.shape) == (2, 1, 5, 4)
    assert numpy(made).any()


def test_it_can_be_copied(framework: str) -> None:
    ood_net, x = OoDNet(make(framework), 3), tensor(framework, images())
    copied = deepcopy(ood_net)
    assert copied.underlying is not ood_net.underlying
    np.testing.assert_array_equal(numpy(copied.score(x)), numpy(ood_net.score(x)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"num_classes": 2.0}, TypeError, "`num_classes` must be a positive int, got float 2.0"),
        ({"num_classes": True}, TypeError, "`num_classes` must be a positive int, got bool True"),
        ({"num_classes": 0}, ValueError, "`num_classes` must be a positive int, got 0"),
        ({"features": 3}, TypeError, "`features` must be 'auto' or the name of a layer, got int"),
        ({"features": "relu"}, ValueError, "name of a layer, got 'relu'; close names: relu6"),
        ({"features": "xyz"}, ValueError, "name of a layer, got 'xyz'$"),
        ({"features": "conv"}, ValueError, "`num_features` must be given, .* width of 'conv'"),
        ({"features": "fc", "num_features": 4}, ValueError, "`num_features` must be 5, .* got 4"),
        ({"num_features": 0}, ValueError, "`num_features` must be a positive int, got 0"),
        ({"seed": 1.5}, TypeError, "`seed` must be an int of 0 or more or None, got float"),
        ({"seed": -1}, ValueError, "`seed` must be an int of 0 or more or None, got -1"),
    ],
)
def test_bad_arguments(
    framework: str, arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        OoDNet(make(framework), **{"num_classes": 3, **arguments})


@pytest.mark.parametrize(
    ("underlying", "named"), [(None, "NoneType"), (lambda x: x, "function"), ("a", "str")]
)
def test_neither_framework(underlying: Any, named: str) -> None:
    with pytest.raises(TypeError, match=f"`underlying` must be a torch.nn.Module or .*{named}"):
        OoDNet(underlying, 3)


def test_a_network_without_features(framework: str) -> None:
    with pytest.raises(
        ValueError, match="`features` must name a layer, as `underlying` has no linear"
    ):
        OoDNet(make(framework).features, 3)


def test_a_layer_that_does_not_run(framework: str) -> None:
    network = make(framework)
    native = library(framework).nn
    network.idle = native.Linear(4, 2) if framework == "torch" else native.Dense(4, 2)
    with pytest.raises(ValueError, match=r"the input of 'idle'.* must come from a layer that runs"):
        OoDNet(network, 3).score(tensor(framework, images()))


def test_features_with_spatial_axes(framework: str) -> None:
    ood_net = OoDNet(make(framework), 3, features="conv", num_features=4)
    with pytest.raises(
        ValueError, match=r"the output of 'conv'\) must be of shape \(2, 4\), got \(2, 4, 3, 2\)"
    ):
        ood_net.score(tensor(framework, images()))


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (images(), TypeError, "`inputs` must be a .*Tensor, got ndarray"),
        (None, TypeError, "`inputs` must be a .*Tensor, got NoneType"),
    ],
)
def test_inputs_of_a_wrong_type(
    framework: str, inputs: Any, error: type[Exception], message: str
) -> None:
    ood_net = OoDNet(make(framework), 3)
    for ask in (ood_net.score, ood_net.features):
        with pytest.raises(error, match=message):
            ask(inputs)


def test_inputs_of_a_wrong_shape_or_dtype(framework: str) -> None:
    ood_net = OoDNet(make(framework), 3)
    with pytest.raises(TypeError, match="`inputs` must hold floating-point numbers"):
        ood_net.score(tensor(framework, images().astype(np.int32)))
    with pytest.raises(ValueError, match="`inputs` must hold one sample or more"):
        ood_net.score(tensor(framework, images()[0, 0, 0]))
    with pytest.raises(ValueError, match="`inputs` must be finite"):
        ood_net.score(tensor(framework, images() * np.float32("nan")))


def test_dropout_is_not_live(framework: str) -> None:
    network = make(framework, Spec("dropout_dense"))
    (network.train if framework == "torch" else network.set_train)(True)
    ood_net = OoDNet(network, 3).set_train()
    x = tensor(framework, images(channels=1, size=(4, 4)))
    np.testing.assert_array_equal(numpy(ood_net(x)), numpy(ood_net(x)))


def test_bad_mode(framework: str) -> None:
    with pytest.raises(TypeError, match="`mode` must be a bool, got int"):
        OoDNet(make(framework), 3).set_train(1)  # type: ignore[arg-type]
