"""The same numbers as the libraries that define the same methods, where they are right."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from pytorch_grad_cam import GradCAM as PeerGradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torch.nn import functional

from seewhy import Deconvolution, GradCAM, Gradient, GuidedBackprop
from tests.networks import Spec, images, make

pytestmark = [pytest.mark.torch, pytest.mark.peers]

TARGETS = [1, 4, 0]


@pytest.fixture(autouse=True)
def what_captum_warns_of() -> Iterator[None]:
    with warnings.catch_warnings():
        # captum announces its hooks, and that it sets `requires_grad`.
        warnings.filterwarnings("ignore", "Setting (forward, )?backward hooks", UserWarning)
        warnings.filterwarnings("ignore", "Input Tensor . did not already require", UserWarning)
        yield


@pytest.fixture
def x() -> torch.Tensor:
    return torch.from_numpy(images(3, size=(14, 10)))


def plain_cnn() -> nn.Module:
    """What every peer can explain: each ReLU a module of its own, run once, not in place."""
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(12, 6, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(36, 5),
    ).eval()


def close(made: torch.Tensor, expected: torch.Tensor, rtol: float = 1e-5) -> None:
    expected = expected.detach()
    largest = float(expected.abs().max())
    assert largest > 0
    torch.testing.assert_close(made, expected, rtol=rtol, atol=rtol * largest)


def largest_over_channels(attribution: torch.Tensor) -> torch.Tensor:
    return attribution.abs().amax(1, keepdim=True)


@pytest.mark.parametrize(
    ("kind", "peer"),
    [
        (Gradient, attr.Saliency),
        (GuidedBackprop, attr.GuidedBackprop),
        (Deconvolution, attr.Deconvolution),
    ],
)
def test_gradients_of_captum(x: torch.Tensor, kind: Any, peer: Any) -> None:
    network = plain_cnn()
    expected = peer(network).attribute(x.clone(), target=TARGETS)
    close(kind(network)(x, TARGETS), largest_over_channels(expected))


@pytest.mark.parametrize("spec", [Spec("small_cnn"), Spec("reused_relu")])
def test_saliency_of_captum_on_other_networks(x: torch.Tensor, spec: Spec) -> None:
    network = make("torch", spec)
    expected = attr.Saliency(network).attribute(x.clone(), target=TARGETS)
    close(Gradient(network)(x, TARGETS), largest_over_channels(expected))


@pytest.mark.parametrize("layer", ["0", "1", "2", "3", "4", "6", "7"])
def test_grad_cam_of_captum(x: torch.Tensor, layer: str) -> None:
    network = plain_cnn()
    peer = attr.LayerGradCam(network, network.get_submodule(layer))
    expected = peer.attribute(x.clone(), target=TARGETS, relu_attributions=True)
    explainer = GradCAM(network, layer)
    close(explainer.native(x, TARGETS), expected)
    resized = functional.interpolate(expected, (14, 10), mode="bilinear", align_corners=False)
    close(explainer(x, TARGETS), resized)


@pytest.mark.parametrize("layer", ["4", "6", "7"])
def test_grad_cam_of_pytorch_grad_cam(x: torch.Tensor, layer: str) -> None:
    """That library scales each map to 0..1 before and after the resize; ours does in pictures."""
    network = plain_cnn()
    with PeerGradCAM(network, [network.get_submodule(layer)]) as peer:
        expected = peer(x.clone(), [ClassifierOutputTarget(target) for target in TARGETS])
    made = GradCAM(network, layer)(x, TARGETS).numpy()[:, 0]
    for ours, theirs in zip(made, expected, strict=True):
        np.testing.assert_allclose(to_unit(ours), to_unit(theirs), rtol=1e-4, atol=1e-4)


def to_unit(values: np.ndarray) -> np.ndarray:
    spread = values.max() - values.min()
    return (values - values.min()) / spread if spread else values * 0


@pytest.mark.parametrize(("kind", "peer"), [(GuidedBackprop, attr.GuidedBackprop)])
def test_where_captum_returns_the_plain_gradient(x: torch.Tensor, kind: Any, peer: Any) -> None:
    """Functional ReLUs and ReLU6 pass it by: ours must differ from it, and from the gradient."""

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = plain_cnn()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for module in self.inner:
                x = functional.relu6(x) if isinstance(module, nn.ReLU) else module(x)
            return x

    network = Functional().eval()
    theirs = largest_over_channels(peer(network).attribute(x.clone(), target=TARGETS))
    close(Gradient(network)(x, TARGETS), theirs)
    ours = kind(network)(x, TARGETS)
    assert (ours - theirs).norm() > 0.1 * theirs.norm()
    # With all values below 6 the network is that with nn.ReLU, on which captum is right.
    right = peer(network.inner).attribute(x.clone(), target=TARGETS)
    close(ours, largest_over_channels(right))
