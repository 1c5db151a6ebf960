"""Leaving the user's cells as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import mindspore
from mindspore import nn


@contextmanager
def evaluating(roots: Iterable[nn.Cell]) -> Iterator[None]:
    """Put the cells in evaluation mode; give each its own flags and phase back.

    Cells that record what they run (`set_grad`) do not meanwhile: an error in the middle of such a
    forward would leave MindSpore recording for good.
    """
    cells = [cell for root in roots for _, cell in root.cells_and_names()]
    training = [cell for cell in cells if cell.training]
    phases = [cell.phase for cell in training]
    recording = [cell for cell in cells if cell.requires_grad]
    try:
        for cell in recording:
            cell.requires_grad = False
        for cell in training:
            cell.add_flags(training=False)
            cell.phase = "predict"
        yield
    finally:
        for cell in recording:
            cell.requires_grad = True
        for cell, phase in zip(training, phases, strict=True):
            cell.add_flags(training=True)
            cell.phase = phase


def is_pynative() -> bool:
    """Whether cells run as Python, step by step, and are not compiled."""
    return bool(mindspore.get_context("mode") == mindspore.PYNATIVE_MODE)


def check_hooks_work(purpose: str) -> None:
    """Raise RuntimeError in graph mode, where MindSpore ignores hooks."""
    if not is_pynative():
        raise RuntimeError(
            f"{purpose} needs hooks, which MindSpore runs in PyNative mode only; "
            "call mindspore.set_context(mode=mindspore.PYNATIVE_MODE) first"
        )
