"""Leaving the user's modules and the random state as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch


@contextmanager
def evaluating(modules: Iterable[torch.nn.Module], x: torch.Tensor) -> Iterator[None]:
    """Put `modules` in evaluation mode; give each its own flag and the random state back."""
    training = [module for root in modules for module in root.modules() if module.training]
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        try:
            for module in training:
                # Not .eval(): a network may override it to do more than to set the flag.
                module.training = False
            yield
        finally:
            for module in training:
                module.training = True
