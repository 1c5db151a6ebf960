"""EfficientNet-Lite0 on real photographs, in both frameworks and beside captum."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy import Deconvolution, GradCAM, Gradient, GuidedBackprop, adapt
from seewhy.demo.columns import columns
from seewhy.demo.photographs import photographs
from tests.networks import library, numpy, tensor

LAST_CONVOLUTION = {"torch": "_conv_head", "mindspore": "conv_head"}


@cache
def network(framework: str) -> Any:
    library(framework)
    return import_module(f"seewhy.demo.{framework}").network()


@cache
def two_photographs() -> tuple[npt.NDArray[np.float32], list[int]]:
    chosen = [photo for photo in photographs() if photo.label is not None][:2]
    return columns(chosen).images, [photo.label for photo in chosen]


def apart(made: Any, expected: Any) -> float:
    """Relative L2 distance."""
    made, expected = np.asarray(made, float), np.asarray(expected, float)
    return float(np.linalg.norm(made - expected) / np.linalg.norm(expected))


@cache
def maps(framework: str, kind: Any) -> npt.NDArray[np.float32]:
    pixels, labels = two_photographs()
    settings = {"layer": LAST_CONVOLUTION[framework]} if kind is GradCAM else {}
    made = kind(network(framework), **settings)(tensor(framework, pixels), labels)
    return numpy(made)


def test_the_photographs_are_recognised(framework: str) -> None:
    pixels, labels = two_photographs()
    logits = numpy(adapt(network(framework)).forward(tensor(framework, pixels)))
    assert logits.argmax(1).tolist() == labels


@pytest.mark.torch
@pytest.mark.mindspore
def test_logits_agree() -> None:
    pixels, _ = two_photographs()
    ours, theirs = (
        numpy(adapt(network(name)).forward(tensor(name, pixels))) for name in ("torch", "mindspore")
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)


@pytest.mark.torch
@pytest.mark.mindspore
@pytest.mark.parametrize(
    ("kind", "allowed"),
    # The kinks of ReLU6 make a gradient jump where rounding moves a value over 0 or 6.
    [(GradCAM, 1e-4), (Gradient, 2e-2), (GuidedBackprop, 2e-2), (Deconvolution, 2e-2)],
)
def test_maps_agree(kind: Any, allowed: float) -> None:
    ours, theirs = maps("torch", kind), maps("mindspore", kind)
    assert ours.shape == theirs.shape == (2, 1, 224, 224)
    for n in range(2):
        assert apart(theirs[n], ours[n]) <= allowed


@pytest.mark.parametrize("kind", [GradCAM, Gradient, GuidedBackprop])
def test_the_maps_lie_on_the_object(framework: str, kind: Any) -> None:
    """More of each map inside the boxes of its label than the boxes' share of the picture."""
    chosen = [photo for photo in photographs() if photo.label is not None][:2]
    for found, photo in zip(maps(framework, kind)[:, 0], chosen, strict=True):
        inside = np.zeros((224, 224), bool)
        for left, top, width, height in photo.boxes.round().astype(int):
            inside[top : top + height, left : left + width] = True
        assert found[inside].sum() / found.sum() > inside.mean()


@pytest.mark.torch
@pytest.mark.peers
def test_captum_agrees() -> None:
    torch = library("torch")
    from captum.attr import LayerGradCam, Saliency

    pixels, labels = two_photographs()
    module, x = network("torch"), torch.from_numpy(pixels)
    cam = LayerGradCam(module, module._conv_head).attribute(x, labels, relu_attributions=True)
    cam = torch.nn.functional.interpolate(cam, (224, 224), mode="bilinear", align_corners=False)
    assert apart(maps("torch", GradCAM), cam.detach()) < 1e-4
    saliency = Saliency(module).attribute(x.clone().requires_grad_(), labels)
    expected = saliency.abs().amax(1, keepdim=True)
    assert apart(maps("torch", Gradient), expected) < 2e-2
