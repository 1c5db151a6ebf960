"""Weights that are random for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from seewhy.network.seeds import seed_words
from seewhy.network.untrained import check_layers, untrained, within

_STATISTICS = ("running_mean", "running_var")


@contextmanager
def randomised(root: nn.Module, layers: Sequence[str], seed: int | None) -> Iterator[None]:
    """See `seewhy.network.protocol.Network.randomised`.

    Each tensor stays the same object with the same counter of changes, so that a graph that the
    user recorded before can still be differentiated after; only its memory is another one.
    """
    check_layers(layers, [name for name, _ in root.named_modules()])
    words = seed_words(seed)
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []
    try:
        # Memory that is taken in the caller's inference mode would mark the parameter for good.
        with torch.inference_mode(False):
            for tensor, names in _randomisable(root):
                if within(names, layers):
                    values = torch.from_numpy(untrained(names[0], tensor.shape, words))
                    kept.append((tensor, tensor.data))
                    tensor.data = values.to(tensor.device, tensor.dtype)
        yield
    finally:
        with torch.inference_mode(False):
            for tensor, data in kept:
                tensor.data = data


def weighted_layers(root: nn.Module) -> list[str]:
    """See `seewhy.network.protocol.Network.weighted_layers`."""
    holders = {name.rpartition(".")[0] for _, names in _randomisable(root) for name in names}
    return [name for name, _ in root.named_modules() if name and name in holders]


def _randomisable(root: nn.Module) -> Iterable[tuple[torch.Tensor, list[str]]]:
    """Each tensor once, with all its names: several layers may share it."""
    found: dict[int, tuple[torch.Tensor, list[str]]] = {}
    buffers = root.named_buffers(remove_duplicate=False)
    statistics = [(name, b) for name, b in buffers if name.rpartition(".")[2] in _STATISTICS]
    for name, tensor in [*root.named_parameters(remove_duplicate=False), *statistics]:
        if tensor.ndim and tensor.is_floating_point():
            found.setdefault(id(tensor), (tensor, []))[1].append(name)
    return found.values()
