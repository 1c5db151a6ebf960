"""Other backward rules for the ReLU and ReLU6 cells of a network.

A forward hook replaces a cell's output by that of a cell that computes the same and has a backward
function of its own. The older way, a backward hook, is not used: the meaning of its two gradient
arguments changed between MindSpore versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import mindspore
from mindspore import nn, ops

from seewhy.network.protocol import ReLURule


class _ModifiedReLU(nn.Cell):  # type: ignore[misc]  # MindSpore ships no types
    """min(max(x, 0), top) with the backward rule of deconvolution or of guided backpropagation."""

    def __init__(self, top: float | None, rule: ReLURule) -> None:
        super().__init__()
        self.top = top
        self.guided = rule == "guided"

    def construct(self, x: mindspore.Tensor) -> mindspore.Tensor:
        return ops.relu(x) if self.top is None else ops.relu6(x)

    def bprop(
        self, x: mindspore.Tensor, out: mindspore.Tensor, gradient: mindspore.Tensor
    ) -> tuple[mindspore.Tensor]:
        handed_down = ops.relu(gradient)
        if self.guided:
            passed = x > 0 if self.top is None else ops.logical_and(x > 0, x < self.top)
            handed_down = handed_down * passed.astype(gradient.dtype)
        return (handed_down,)


@contextmanager
def modified_relu(root: nn.Cell, rule: ReLURule | None) -> Iterator[None]:
    """Apply `rule` to every ReLU cell that runs inside; ValueError at the end if none did."""
    if rule is None:
        yield
        return
    met = 0

    def hook(cell: nn.Cell, inputs: tuple[Any, ...], result: Any) -> mindspore.Tensor:
        nonlocal met
        met += 1
        return replacements[type(cell)](inputs[0])

    replacements = {nn.ReLU: _ModifiedReLU(None, rule), nn.ReLU6: _ModifiedReLU(6.0, rule)}
    with ExitStack() as hooks:
        for _, cell in root.cells_and_names():
            if type(cell) in replacements:
                hooks.callback(cell.register_forward_hook(hook).remove)
        yield
    if not met:
        raise ValueError(
            "`network` must run at least one nn.ReLU or nn.ReLU6 cell for its gradient to be "
            "modified, got none (in MindSpore a ReLU called as a function cannot be modified)"
        )
