"""The other libraries, called as their manuals do. Maps come back as (N, L, H, W)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.case import Explain, Ids, Subject
from tests.peers import make_torchvision_importable

MODULES = ("captum.attr", "pytorch_grad_cam", "torchcam.methods", "rise")


def load() -> None:
    """Import what is installed: it takes long, and memory that is not a method's."""
    make_torchvision_importable()
    for module in MODULES:
        with suppress(ImportError):
            import_module(module)


def largest_over_channels(gradient: Tensor) -> Tensor:
    """Reduce input gradients (N, C, H, W) to one map for each sample, (N, 1, H, W)."""
    return gradient.abs().amax(1, keepdim=True)


def captum_gradient(class_name: str) -> Callable[[Subject], Explain]:
    """Saliency, GuidedBackprop or Deconvolution of captum."""

    def build(subject: Subject) -> Explain:
        import captum.attr

        method = getattr(captum.attr, class_name)(subject.network)

        def explain(images: Tensor, ids: Ids) -> Tensor:
            target = torch.from_numpy(ids[:, 0])
            return largest_over_channels(method.attribute(images, target=target))

        return explain

    return build


def captum_gradcam(subject: Subject) -> Explain:
    """LayerGradCam of captum, and its interpolation to the size of the images."""
    from captum.attr import LayerAttribution, LayerGradCam

    method = LayerGradCam(subject.network, subject.network.get_submodule(subject.layer))

    def explain(images: Tensor, ids: Ids) -> Tensor:
        maps = method.attribute(images, torch.from_numpy(ids[:, 0]), relu_attributions=True)
        return LayerAttribution.interpolate(maps.detach(), tuple(images.shape[2:]), "bilinear")

    return explain


def captum_occlusion(per_eval: int, window: tuple[int, int]) -> Callable[[Subject], Explain]:
    """Occlusion of captum with windows side by side; `per_eval` of them go into one forward."""

    def build(subject: Subject) -> Explain:
        from captum.attr import Occlusion

        method = Occlusion(lambda images: subject.network(images).softmax(-1))
        shape = (subject.images.shape[1], *window)

        def explain(images: Tensor, ids: Ids) -> Tensor:
            made = method.attribute(
                images, shape, strides=shape, target=torch.from_numpy(ids[:, 0]),
                perturbations_per_eval=per_eval,
            )  # fmt: skip
            return made[:, :1]  # the same for each channel

        return explain

    return build


def pytorch_gradcam(subject: Subject) -> Explain:
    """GradCAM of pytorch-grad-cam, which scales each map to 0..1."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    method = GradCAM(subject.network, [subject.network.get_submodule(subject.layer)])

    def explain(images: Tensor, ids: Ids) -> Any:
        targets = [ClassifierOutputTarget(int(one)) for one in ids[:, 0]]
        return np.asarray(method(input_tensor=images, targets=targets))[:, None]

    return explain


def torchcam_gradcam(subject: Subject) -> Explain:
    """GradCAM of torchcam: one forward, whose graph is kept from label to label."""
    from torchcam.methods import GradCAM

    method = GradCAM(subject.network, subject.layer)

    def explain(images: Tensor, ids: Ids) -> Tensor:
        scores = subject.network(images)
        last = ids.shape[1] - 1
        made = [
            method(column.tolist(), scores, normalized=False, retain_graph=label < last)[0]
            for label, column in enumerate(ids.T)
        ]
        maps = torch.stack(made, 1)
        size = tuple(images.shape[2:])
        return functional.interpolate(maps, size, mode="bilinear", align_corners=False)

    return explain
