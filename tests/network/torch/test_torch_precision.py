"""Precisions, memory layouts, and weights that stop being numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from seewhy.network import adapt
from tests import oracles
from tests.networks import Spec, images, make, slow

TARGETS = torch.tensor([[1, 4], [0, 0]])


def test_double_precision_against_numeric_derivatives() -> None:
    """Nothing on the way is rounded to float32."""
    network = adapt(make("torch").double())
    x = torch.from_numpy(images()).double()
    layers = slow().layers
    np.testing.assert_allclose(network.forward(x), oracles.logits(slow(), images()), 1e-12)
    expected = oracles.gradients(slow(), images(), TARGETS.numpy())
    np.testing.assert_allclose(network.gradient(x, TARGETS), expected, 1e-6, 1e-8)
    activation, gradient = network.activation_and_gradient(x, TARGETS, "features")
    head, tail = oracles.Chain(layers[:3]), oracles.Chain(layers[3:])
    expected_activation = np.stack([head.forward(sample) for sample in images().astype(float)])
    np.testing.assert_allclose(activation, expected_activation, 1e-12)
    expected = oracles.gradients(tail, expected_activation, TARGETS.numpy())
    np.testing.assert_allclose(gradient, expected, 1e-6, 1e-8)
    for rule in ("guided", "deconvolution"):
        expected = oracles.gradients(slow(), images(), TARGETS.numpy(), rule)
        np.testing.assert_allclose(network.gradient(x, TARGETS, rule), expected, 1e-10, 1e-12)


@pytest.mark.parametrize(
    ("dtype", "allowed"), [(torch.bfloat16, 0.1), (torch.float16, 0.01)], ids=str
)
def test_low_precision(dtype: torch.dtype, allowed: float) -> None:
    spec = Spec("reused_relu")
    network, x = adapt(make("torch", spec).to(dtype)), torch.from_numpy(images()).to(dtype)
    exact = adapt(make("torch", spec).double())
    for made, expected in (
        (network.forward(x), exact.forward(x.double())),
        (network.gradient(x, TARGETS), exact.gradient(x.double(), TARGETS)),
        (
            network.activation_and_gradient(x, TARGETS, "conv2")[1],
            exact.activation_and_gradient(x.double(), TARGETS, "conv2")[1],
        ),
    ):
        assert made.dtype == dtype
        assert (made.double() - expected).norm() <= allowed * expected.norm()
    assert network.as_input(images()).dtype == dtype


LAYOUTS: dict[str, Any] = {
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "turned": lambda x: x.transpose(2, 3).contiguous().transpose(2, 3),
    "every second": lambda x: torch.stack([x, x], 4)[..., 0],
    "expanded": lambda x: x[:1].expand(2, -1, -1, -1),
    "backwards": lambda x: x.flip(0)[[1, 0]],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    network = adapt(make("torch"))
    x = LAYOUTS[layout](torch.from_numpy(images()))
    plain = x.clone(memory_format=torch.contiguous_format)
    before = x.clone()
    pairs = [
        (network.forward(x), network.forward(plain)),
        (network.gradient(x, TARGETS, "guided"), network.gradient(plain, TARGETS, "guided")),
        *zip(
            network.activation_and_gradient(x, TARGETS, "conv"),
            network.activation_and_gradient(plain, TARGETS, "conv"),
            strict=True,
        ),
    ]
    for made, expected in pairs:
        torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(x, before)


def test_convolution_weights_that_became_nan_are_seen() -> None:
    """A fused ReLU turns NaN into 0: whatever runs the forward must not hide it."""
    module = make("torch")
    network, x = adapt(module, torch.nn.Softmax(-1)), torch.from_numpy(images())
    list(network.stream([x]))
    network.activation_and_gradient(x, TARGETS, "relu6")
    with torch.no_grad():
        module.conv.weight[1, 1, 0, 0] = float("nan")
    for question in (
        lambda: list(network.stream([x])),
        lambda: network.forward(x),
        lambda: network.gradient(x, TARGETS),
        lambda: network.activation_and_gradient(x, TARGETS, "relu6"),
    ):
        with pytest.raises(ValueError, match=r"`network` returned NaN .* for sample 0"):
            question()


CHANGES: dict[str, Any] = {
    "in place": lambda weight: weight.mul_(1.5),
    "through .data": lambda weight: weight.data.mul_(1.5),
    "new data": lambda weight: setattr(weight, "data", weight.data * 1.5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_weights_are_seen_by_every_question(change: str) -> None:
    module = make("torch")
    network, x = adapt(module, torch.nn.Softmax(-1)), torch.from_numpy(images())

    def answers() -> list[torch.Tensor]:
        return [
            network.forward(x),
            network.probabilities(x),
            *network.stream([x]),
            network.gradient(x, TARGETS),
            *network.activation_and_gradient(x, TARGETS, "conv"),
        ]

    before = answers()
    with torch.no_grad():
        CHANGES[change](module.features[0].weight)
    fresh = make("torch", Spec())
    with torch.no_grad():
        fresh.features[0].weight.mul_(1.5)
    network_of_fresh, network = adapt(fresh, torch.nn.Softmax(-1)), network
    after = answers()
    network = network_of_fresh
    for old, made, expected in zip(before, after, answers(), strict=True):
        assert not torch.allclose(old, made)
        torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-5)


def test_fingerprints_of_any_dtype() -> None:
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        one, same = (adapt(make("torch").to(dtype)).fingerprint() for _ in range(2))
        assert one == same != adapt(make("torch")).fingerprint()
    module = torch.nn.Module()
    module.register_buffer("empty", torch.zeros(0))
    module.register_buffer("scalar", torch.tensor(3))
    module.register_buffer("turned", torch.arange(6.0).reshape(2, 3).T)
    assert len(adapt(module).fingerprint()) == 32
