"""Gradient, Deconvolution, GuidedBackprop and GradCAM: closed forms, and the slow definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy import Deconvolution, Explainer, GradCAM, Gradient, GuidedBackprop
from tests import oracles
from tests.networks import Spec, images, library, make, numpy, slow, small_cnn_at, tensor

TARGETS = np.array([[1, 4], [0, 0]])
RULES: dict[type[Explainer], str | None] = {
    Gradient: None,
    Deconvolution: "deconvolution",
    GuidedBackprop: "guided",
}


def close(actual: Any, expected: Any, rtol: float = 1e-4) -> None:
    expected = np.asarray(expected)
    np.testing.assert_allclose(numpy(actual), expected, rtol, rtol * np.abs(expected).max())


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("net", ["small_cnn", "reused_relu"])
@pytest.mark.parametrize("channels", [1, 3])
def test_against_the_definition(framework: str, kind: Any, net: str, channels: int) -> None:
    spec, x = Spec(net, channels=channels), images(channels=channels)
    maps = kind(make(framework, spec))(tensor(framework, x), TARGETS)
    gradient = oracles.gradients(slow(spec), x, TARGETS, RULES[kind])
    close(maps, oracles.largest_over_channels(gradient))


@pytest.mark.parametrize("target", [0, 1, 2])
def test_closed_forms_on_relu_and_a_dense_layer(framework: str, target: int) -> None:
    """y = W relu(x): |w| where x > 0; whatever x, relu(w); both."""
    spec = Spec("relu_dense", classes=3)
    network, x = make(framework, spec), images(2, 1, (4, 4))
    weight = spec.weights["fc.weight"][target].reshape(1, 1, 4, 4)
    given = tensor(framework, x)
    close(Gradient(network)(given, target), np.abs(weight * (x > 0)), 1e-6)
    close(Deconvolution(network)(given, target), np.maximum(weight, 0).repeat(2, 0), 1e-6)
    close(GuidedBackprop(network)(given, target), np.maximum(weight * (x > 0), 0), 1e-6)


@pytest.mark.parametrize(
    ("layer", "size"),
    [
        *((layer, (5, 4)) for layer in ("", "features.0", "features.1", "features", "conv")),
        *((layer, (8, 11)) for layer in ("conv", "relu6")),
    ],
)
def test_grad_cam_against_the_definition(framework: str, layer: str, size: tuple[int, int]) -> None:
    x = images(size=size)
    layers, end = slow().layers, small_cnn_at(layer)
    head, tail = oracles.Chain(layers[:end]), oracles.Chain(layers[end:])
    activation = np.stack([head.forward(sample) for sample in x.astype(float)])
    gradient = oracles.gradients(tail, activation, TARGETS)
    expected = oracles.grad_cam(activation, gradient)
    explainer = GradCAM(make(framework), layer)
    close(explainer.native(tensor(framework, x), TARGETS), expected)
    close(explainer(tensor(framework, x), TARGETS), oracles.bilinear(expected, size))


def test_grad_cam_closed_form_before_a_mean(framework: str) -> None:
    """y = W mean(A) + b: alpha is W / Z, so the map is relu(sum of W A) / Z."""
    spec, x = Spec(), images(size=(8, 6))
    network = make(framework, spec)
    activation = np.stack([oracles.Chain(slow().layers[:5]).forward(s) for s in x.astype(float)])
    weight = spec.weights["fc.weight"].astype(float)[TARGETS]
    expected = np.maximum((weight[..., None, None] * activation[:, None]).sum(2), 0)
    made = GradCAM(network, "relu6").native(tensor(framework, x), TARGETS)
    close(made, expected / activation[0, 0].size)


def test_grad_cam_takes_the_last_call_of_a_layer(framework: str) -> None:
    spec, x = Spec("reused_relu"), images()
    first, relu, residual, *rest = slow(spec).layers
    maps = GradCAM(make(framework, spec), "relu").native(tensor(framework, x), [1, 0])
    for n, target in enumerate([1, 0]):
        h = oracles.Chain([first, relu]).forward(x[n].astype(float))
        activation = residual.branch.forward(h)
        gradient = oracles.numeric_gradient(
            lambda a, h=h: oracles.Chain(rest).forward(a + h), activation
        )[target]
        close(maps[n : n + 1], oracles.grad_cam(activation[None], gradient[None, None]))


@pytest.mark.parametrize(("net", "picked"), [("small_cnn", "relu6"), ("reused_relu", "relu")])
def test_auto_picks_the_last_spatial_layer(framework: str, net: str, picked: str) -> None:
    x = tensor(framework, images())
    network = make(framework, Spec(net))
    auto = GradCAM(network, "auto")
    close(auto(x, TARGETS), numpy(GradCAM(network, picked)(x, TARGETS)), 1e-6)
    assert auto.parameters == {"layer": "auto"}


def test_auto_where_there_is_nothing_to_pick(framework: str) -> None:
    x = tensor(framework, images(channels=16, size=(1, 1)))
    with pytest.raises(ValueError, match=r"`layer` must be named, as no layer .* got 'auto'"):
        GradCAM(make(framework, Spec("dense")), "auto")(x, 0)


def test_small_and_large_values_survive(framework: str) -> None:
    """The predecessor's maps went through eight bits: small ones vanished, large ones wrapped."""
    for scale in (1e-6, 1e6):
        spec = Spec()
        spec.weights["fc.weight"][:] *= scale
        scaled = GradCAM(make(framework, spec), "conv")(tensor(framework, images()), TARGETS)
        plain = GradCAM(make(framework), "conv")(tensor(framework, images()), TARGETS)
        close(scaled, numpy(plain) * scale)


def test_the_layer_is_checked_when_it_is_named(framework: str) -> None:
    network = make(framework)
    with pytest.raises(ValueError, match="got 'convs'; close names: conv"):
        GradCAM(network, "convs")
    for layer in (network.conv, None, 3):
        with pytest.raises(TypeError, match="`layer` must be a string, got "):
            GradCAM(network, layer)
    with pytest.raises(ValueError, match=r"must have a spatial output \(N, C, h, w\), 'fc' gave"):
        GradCAM(network, "fc")(tensor(framework, images()), 0)


def test_no_relu_met(framework: str) -> None:
    network = make(framework, Spec("dense"))
    for kind in (Deconvolution, GuidedBackprop):
        with pytest.raises(ValueError, match=r"`network` must run at least one .*ReLU.*got none"):
            kind(network)(tensor(framework, images(channels=1, size=(4, 4))), 0)


def test_only_what_follows_the_layer_is_differentiated(framework: str) -> None:
    """A part before the layer that has no derivative at all does no harm."""
    network = make(framework)
    native = library(framework)

    def cut(*arguments: Any) -> Any:
        result = arguments[-1]
        return result.detach() if framework == "torch" else native.ops.stop_gradient(result)

    handle = network.features.register_forward_hook(cut)
    x = tensor(framework, images())
    made = GradCAM(network, "conv")(x, 1)
    handle.remove()
    close(made, numpy(GradCAM(make(framework), "conv")(x, 1)), 1e-6)
