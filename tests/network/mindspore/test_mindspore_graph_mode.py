"""Graph mode ignores hooks: what needs them says so, and what to do; the rest works."""

from __future__ import annotations

from collections.abc import Iterator

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn

from seewhy import Deconvolution, GradCAM, Gradient, GuidedBackprop
from seewhy.network import Network, adapt
from tests import oracles
from tests.networks import Spec, images, make, slow

CURE = r"needs hooks, .* PyNative mode only; call mindspore.set_context\(mode=mindspore.PYNATIVE"


@pytest.fixture
def graph_mode() -> Iterator[None]:
    before = mindspore.get_context("mode")
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    yield
    mindspore.set_context(mode=before)


@pytest.fixture
def network() -> Network:
    return adapt(make("mindspore", Spec("relu_dense")), nn.Softmax(-1))


@pytest.fixture
def x() -> Tensor:
    return Tensor(images(channels=1, size=(4, 4)))


def dropped(network: Network, x: Tensor) -> None:
    with network.with_dropout():
        network.forward(x)


@pytest.mark.usefixtures("graph_mode")
@pytest.mark.parametrize(
    "question",
    [
        lambda network, x, ids: network.gradient(x, ids, "guided"),
        lambda network, x, ids: network.gradient(x, ids, "deconvolution"),
        lambda network, x, ids: network.activation_and_gradient(x, ids, "before"),
        lambda network, x, ids: network.spatial_layers(x),
        lambda network, x, ids: dropped(network, x),
        lambda network, x, ids: GuidedBackprop(network.original)(x, 1),
        lambda network, x, ids: Deconvolution(network.original)(x, 1),
        lambda network, x, ids: GradCAM(network.original, "before")(x, 1),
        lambda network, x, ids: GradCAM(network.original, "auto")(x, 1),
    ],
)  # fmt: skip
def test_what_needs_hooks_says_so(network: Network, x: Tensor, question) -> None:
    with pytest.raises(RuntimeError, match=CURE):
        question(network, x, Tensor([[1], [1]]))
    assert mindspore.get_context("mode") == mindspore.GRAPH_MODE


@pytest.mark.usefixtures("graph_mode")
def test_what_needs_none_works(network: Network, x: Tensor) -> None:
    spec = Spec("relu_dense")
    logits = oracles.logits(slow(spec), x.asnumpy())
    powers = np.exp(logits)
    expected = oracles.gradients(slow(spec), x.asnumpy(), np.array([[1], [1]]))
    np.testing.assert_allclose(network.forward(x).asnumpy(), logits, 1e-4, 1e-5)
    probabilities = powers / powers.sum(1, keepdims=True)
    np.testing.assert_allclose(network.probabilities(x).asnumpy(), probabilities, 1e-4, 1e-6)
    made = network.gradient(x, Tensor([[1], [1]])).asnumpy()
    np.testing.assert_allclose(made, expected, 1e-4, 1e-5)
    maps = Gradient(network.original)(x, 1).asnumpy()
    np.testing.assert_allclose(maps, oracles.largest_over_channels(expected), 1e-4, 1e-5)
    assert GradCAM(network.original)(x, 1).shape == (2, 1, 4, 4)


@pytest.mark.usefixtures("graph_mode")
def test_errors_of_a_call_are_the_same(network: Network, x: Tensor) -> None:
    with pytest.raises(ValueError, match=r"`targets` must be class ids in 0\.\.4"):
        network.gradient(x, Tensor([[1], [5]]))
    bad = make("mindspore", Spec("relu_dense"))
    bad.fc.bias.set_data(Tensor(np.full(5, np.nan, np.float32)))
    with pytest.raises(ValueError, match="`network` returned NaN or infinite values for sample 0"):
        adapt(bad).gradient(x, Tensor([[1], [1]]))


def test_back_in_pynative_mode_everything_works_again(network: Network, x: Tensor) -> None:
    assert mindspore.get_context("mode") == mindspore.PYNATIVE_MODE
    assert GuidedBackprop(network.original)(x, 1).shape == (2, 1, 4, 4)
