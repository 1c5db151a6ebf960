"""The same by hand: as few lines of PyTorch as will do, for what a library adds to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.case import Explain, Ids, Subject


def gradient(subject: Subject) -> Explain:
    """One forward, a backward for each label."""
    network = subject.network.requires_grad_(False)

    def explain(images: Tensor, ids: Ids) -> Tensor:
        leaf = images.clone().requires_grad_()
        return torch.stack([g.abs().amax(1) for g in _backwards(network(leaf), ids, leaf)], 1)

    return explain


def gradcam(subject: Subject) -> Explain:
    """One forward, a graph from the layer on only."""
    network = subject.network.requires_grad_(False)
    leaves: list[Tensor] = []

    def start_here(module: Any, inputs: Any, output: Tensor) -> Tensor:
        leaves[:] = [output.detach().requires_grad_()]
        return leaves[0].clone()

    network.get_submodule(subject.layer).register_forward_hook(start_here)

    def explain(images: Tensor, ids: Ids) -> Tensor:
        logits = network(images)
        leaf = leaves.pop()
        gradients = torch.stack(_backwards(logits, ids, leaf), 1)
        with torch.no_grad():
            alpha = gradients.mean((3, 4), keepdim=True)
            maps = (alpha * leaf[:, None]).sum(2).clamp(min=0)
            size = tuple(images.shape[2:])
            return functional.interpolate(maps, size, mode="bilinear", align_corners=False)

    return explain


def rise(masks: int, grid: int) -> Callable[[Subject], Explain]:
    """RISE's definition: mask after mask, for one label."""

    def build(subject: Subject) -> Explain:
        height, width = subject.images.shape[2:]
        cell = -(-height // grid), -(-width // grid)
        size = (grid + 1) * cell[0], (grid + 1) * cell[1]
        generator = torch.Generator().manual_seed(0)

        def mask() -> Tensor:
            cells = (torch.rand(1, 1, grid, grid, generator=generator) < 0.5).float()
            large = functional.interpolate(cells, size, mode="bilinear", align_corners=False)
            top, left = (int(torch.randint(side, (), generator=generator)) for side in cell)
            return large[:, :, top : top + height, left : left + width]

        def explain(images: Tensor, ids: Ids) -> Tensor:
            made = torch.zeros(len(images), 1, height, width)
            with torch.no_grad():
                for one in (mask() for _ in range(masks)):
                    answer = subject.network(images * one).softmax(-1)
                    chosen = answer.gather(1, torch.from_numpy(ids[:, :1]))
                    made += chosen[:, :, None, None] * one
            return made / (masks * 0.5)

        return explain

    return build


def _backwards(logits: Tensor, ids: Ids, leaf: Tensor) -> list[Tensor]:
    scores = logits.gather(1, torch.from_numpy(ids)).sum(0)
    last = len(scores) - 1
    return [
        torch.autograd.grad(score, leaf, retain_graph=label < last)[0]
        for label, score in enumerate(scores)
    ]
