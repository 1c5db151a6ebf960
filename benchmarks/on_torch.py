"""PyTorch: the subjects, and the best known times of their forward and backward."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from benchmarks import peers
from benchmarks.case import Subject
from benchmarks.measure import Clock, Timed, whole
from benchmarks.networks import NETWORKS, noise_images
from seewhy.network.torch.fused import fuse
from seewhy.network.torch.tuning import tune_allocator as tune_allocator

LAYERS = {
    "efficientnet_lite0": "_bn1",
    "resnet50": "layer4",
    "mobilenet_v2": "features",
    "vgg16": "features.29",
}
"""The end of the last convolution; not a module that runs more than once, which peers misread."""

STREAM_BATCH = 8
"""Images of the forward that streams are compared with."""

MEMORY = ("efficientnet_lite0", "resnet50")
"""Networks on which the memory of streams is measured."""

set_threads = torch.set_num_threads
load = peers.load


def subject(name: str, batch: int, small: bool = False) -> Subject:
    """Return a network of `benchmarks.networks` with `batch` images."""
    return Subject("torch", name, NETWORKS[name](), LAYERS[name], noise_images(batch), small)


def own_copy(subject: Subject, *, with_weights: bool = True) -> Subject:
    """Return the subject with a network that nobody else hooks or, with its weights, changes."""
    known = {} if with_weights else {id(p): p for p in subject.network.parameters()}
    return replace(subject, network=copy.deepcopy(subject.network, known))


FORWARDS = ("plain", "fused")


def forward(subject: Subject, name: str) -> Timed | None:
    """Return one of `FORWARDS`, which keeps no graph; None where the network cannot be fused."""
    plain = subject.network
    way = plain if name == "plain" else fuse(plain, subject.images)
    return None if way is None else whole(_inference(way, subject.images))


def backwards(subject: Subject) -> dict[str, Timed]:
    """Return the backwards to the input to choose from, by name."""
    last = torch.channels_last
    frozen = copy.deepcopy(subject.network).requires_grad_(False)
    folded = fold(frozen, subject.images[:1]).to(memory_format=last)
    return {
        "plain": _backward(frozen, subject.images),
        "folded": _backward(folded, subject.images.contiguous(memory_format=last)),
    }


def fold(network: nn.Module, example: Tensor) -> nn.Module:
    """Return a copy whose batch normalisations are folded into the convolutions before them.

    A pair is found by running the example: a normalisation that takes the very tensor that a
    convolution gave.
    """
    copied = copy.deepcopy(network)
    made: dict[int, str] = {}
    kept: list[Tensor] = []  # so that no two tensors have the same identity
    pairs: list[tuple[str, str]] = []

    def note(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            if isinstance(module, nn.Conv2d):
                made[id(output)] = name
            elif id(inputs[0]) in made:
                pairs.append((made[id(inputs[0])], name))
            kept.append(output)

        return hook

    kinds = (nn.Conv2d, nn.BatchNorm2d)
    found = [(name, part) for name, part in copied.named_modules() if isinstance(part, kinds)]
    handles = [module.register_forward_hook(note(name)) for name, module in found]
    with torch.no_grad():
        copied(example)
    for handle in handles:
        handle.remove()
    for convolution, norm in pairs:
        both = copied.get_submodule(convolution), copied.get_submodule(norm)
        copied.set_submodule(convolution, fuse_conv_bn_eval(*both))
        copied.set_submodule(norm, nn.Identity())
    return copied.requires_grad_(False)


def _inference(way: Callable[[Tensor], Tensor], images: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.inference_mode():
            return way(images)

    return run


def _backward(network: nn.Module, images: Tensor) -> Timed:
    def timed(clock: Clock) -> float:
        leaf = images.clone().requires_grad_()
        score = network(leaf)[:, 0].sum()
        start = clock()
        torch.autograd.grad(score, leaf)
        return clock() - start

    return timed
