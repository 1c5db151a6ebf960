"""Other backward rules for ReLU and ReLU6, however the network calls them.

A `TorchFunctionMode` sees each call of a ReLU function while the forward runs, whether it comes
from a module, from a function or from a method, in place or not, once or many times, and runs an
autograd function with the rule instead. No module is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from seewhy.network.protocol import ReLURule

_RELU = {
    functional.relu,
    torch.relu,
    torch.Tensor.relu,
    torch.ops.aten.relu.default,
}
_RELU_IN_PLACE = {
    functional.relu_,
    torch.relu_,
    torch.Tensor.relu_,
    torch.ops.aten.relu_.default,
}
_RELU6 = {functional.relu6, torch.ops.aten.relu6.default}
_HARDTANH = {
    functional.hardtanh,
    torch._C._nn.hardtanh,
    torch.ops.aten.hardtanh.default,
}
_HARDTANH_IN_PLACE = {
    functional.hardtanh_,
    torch._C._nn.hardtanh_,
    torch.ops.aten.hardtanh_.default,
}


class _ModifiedReLU(torch.autograd.Function):
    """min(max(x, 0), top) with the backward rule of deconvolution or of guided backpropagation.

    It keeps for the backward what PyTorch's own functions keep, so that it fits where they fit.
    """

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, top: float | None, rule: ReLURule, in_place: bool
    ) -> torch.Tensor:
        ctx.guided, ctx.top = rule == "guided", top
        if in_place:
            ctx.mark_dirty(x)
            y = x.clamp_(min=0, max=top)
        else:
            y = x.clamp(min=0, max=top)
        if ctx.guided:
            ctx.save_for_backward(y if in_place or top is None else x)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        handed_down = gradients[0]
        if ctx.guided:
            (kept,) = ctx.saved_tensors
            if ctx.top is None:
                handed_down = torch.ops.aten.threshold_backward(handed_down, kept, 0)
            else:
                handed_down = torch.ops.aten.hardtanh_backward(handed_down, kept, 0, ctx.top)
        return handed_down.clamp(min=0), None, None, None


class _Swap(TorchFunctionMode):
    """Runs `_ModifiedReLU` in the place of every ReLU and counts how many there were."""

    def __init__(self, rule: ReLURule) -> None:
        super().__init__()
        self.rule = rule
        self.met = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        clamp = _clamp_of(func, args, kwargs)
        if clamp is None:
            return func(*args, **kwargs)
        top, in_place = clamp
        self.met += 1
        x = args[0] if args else kwargs["input"]
        return _ModifiedReLU.apply(x, top, self.rule, in_place)  # type: ignore[no-untyped-call]  # torch's


def _clamp_of(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[float | None, bool] | None:
    """Return the upper limit and whether `func` works in place, or None if it is no ReLU."""
    if func in _RELU or func in _RELU6:
        in_place = args[1] if len(args) > 1 else kwargs.get("inplace", False)
        return (6.0 if func in _RELU6 else None), bool(in_place)
    if func in _RELU_IN_PLACE:
        return None, True
    if func in _HARDTANH or func in _HARDTANH_IN_PLACE:
        low = args[1] if len(args) > 1 else kwargs.get("min_val", -1.0)
        top = args[2] if len(args) > 2 else kwargs.get("max_val", 1.0)
        in_place = args[3] if len(args) > 3 else kwargs.get("inplace", False)
        if low == 0:
            return float(top), bool(in_place) or func in _HARDTANH_IN_PLACE
    return None


@contextmanager
def modified_relu(rule: ReLURule | None) -> Iterator[None]:
    """Apply `rule` to every ReLU that runs inside; ValueError at the end if none did."""
    if rule is None:
        yield
        return
    swap = _Swap(rule)
    with swap:
        yield
    if not swap.met:
        raise ValueError(
            "`network` must run at least one ReLU or ReLU6 for its gradient to be modified, "
            "got none (compiled or scripted parts cannot be modified)"
        )
