"""Recognising convolutions, paddings, additions and what does nothing in a traced network."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

from seewhy.network.torch.fused_activations import Modules, module_of
from seewhy.network.torch.fused_operators import Convolution, Slot
from seewhy.network.torch.fused_trace import arguments

# Zero taps added for an uneven padding cost time in proportion to the input channels.
TAPS_MAX_CHANNELS = 4

_ADDITIONS = (operator.add, torch.add, "add")
_DROPOUTS = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d,
             nn.AlphaDropout, nn.FeatureAlphaDropout)  # fmt: skip


def only_user(node: fx.Node) -> fx.Node | None:
    """Return the one node that reads `node`, or None if several do."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def is_identity(modules: Modules, node: fx.Node) -> bool:
    """Whether `node` returns its first input in evaluation mode."""
    given = arguments(node)
    if given is not None:
        return "dropout" in getattr(node.target, "__name__", "") and given.get("training") is False
    return any(module_of(modules, node, kind) is not None for kind in _DROPOUTS)


def norm_of(modules: Modules, node: fx.Node | None) -> nn.BatchNorm2d | None:
    """Return the batch normalisation that `node` runs from stored statistics."""
    norm = None if node is None else module_of(modules, node, nn.BatchNorm2d)
    return norm if norm is not None and norm.running_mean is not None else None


def added_to(node: fx.Node, addition: fx.Node | None) -> fx.Node | None:
    """Return what `addition` adds to `node`, if that has the same shape."""
    if addition is None or addition.target not in _ADDITIONS or addition.kwargs:
        return None
    first, second = addition.args[:2]
    other = second if first is node else first
    if not isinstance(other, fx.Node) or other is node or "shape" not in other.meta:
        return None
    return other if other.meta["shape"] == node.meta["shape"] else None


def convolution_of(modules: Modules, node: fx.Node) -> tuple[Convolution, fx.Node] | None:
    """Return the convolution that `node` runs and its input, before any zero padding."""
    found = _module_convolution(modules, node) or _function_convolution(modules, node)
    if found is None or len(node.meta["shape"]) != 4:
        return None
    return _with_padding(modules, *found)


def slot(owner: nn.Module, name: str) -> Slot | None:
    """Return the place of a parameter, or None if there is none or it is computed."""
    return None if owner._parameters.get(name) is None else Slot(owner, name)


def _module_convolution(modules: Modules, node: fx.Node) -> tuple[Convolution, fx.Node] | None:
    module = module_of(modules, node, nn.Conv2d)
    if module is None or type(module)._conv_forward is not nn.Conv2d._conv_forward:
        return None
    weight, source = slot(module, "weight"), node.args[0] if node.args else None
    if weight is None or module.padding_mode != "zeros" or not isinstance(source, fx.Node):
        return None
    # The module's own list for its other padding modes: left, right, top, bottom.
    left, right, top, bottom = module._reversed_padding_repeated_twice
    padding = (top, bottom, left, right)
    (stride, dilation), bias = (_pair(module.stride), _pair(module.dilation)), slot(module, "bias")
    return Convolution(weight, bias, stride, padding, dilation, module.groups), source


def _function_convolution(modules: Modules, node: fx.Node) -> tuple[Convolution, fx.Node] | None:
    if node.op != "call_function" or node.target not in (functional.conv2d, torch.conv2d):
        return None
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    given: dict[str, Any] = {**dict(zip(names, node.args, strict=False)), **node.kwargs}
    source, weight = given["input"], _attribute(modules, given["weight"])
    bias = given.get("bias")
    numbers = [
        given.get(name, default) for name, default in zip(names[3:], (1, 0, 1, 1), strict=True)
    ]
    if weight is None or not isinstance(source, fx.Node) or not _whole_numbers(numbers):
        return None
    stride, (high, wide), dilation = (_pair(number) for number in numbers[:3])
    place = None if bias is None else _attribute(modules, bias)
    if bias is not None and place is None:
        return None
    padding = (high, high, wide, wide)
    return Convolution(weight, place, stride, padding, dilation, numbers[3]), source


def _with_padding(
    modules: Modules, convolution: Convolution, source: fx.Node
) -> tuple[Convolution, fx.Node] | None:
    """Take over a zero padding before the convolution; None if its own padding is impossible."""
    before = _zero_padding(modules, source)
    if before is not None and isinstance(source.args[0], fx.Node):
        top, bottom, left, right = (
            own + more for own, more in zip(convolution.padding, before, strict=True)
        )
        wider = Convolution(
            convolution.weight, convolution.bias, convolution.stride, (top, bottom, left, right),
            convolution.dilation, convolution.groups,
        )  # fmt: skip
        if _is_paddable(wider):
            return wider, source.args[0]
    return (convolution, source) if _is_paddable(convolution) else None


def _is_paddable(convolution: Convolution) -> bool:
    top, bottom, left, right = convolution.padding
    if top == bottom and left == right:
        return True
    down, across = convolution.dilation
    whole = (top - bottom) % down == 0 and (left - right) % across == 0
    return whole and convolution.weight.read().shape[1] <= TAPS_MAX_CHANNELS


def _zero_padding(modules: Modules, node: fx.Node) -> tuple[int, int, int, int] | None:
    """Return (top, bottom, left, right) if `node` pads an image with zeros, and crops nothing."""
    module = module_of(modules, node, nn.ZeroPad2d)
    given = arguments(node)
    sides: Any = None
    if module is not None:
        sides = module.padding
    elif node.target is functional.pad and given and given["mode"] == "constant":
        sides = given["pad"] if not given["value"] else None
    if sides is None or len(sides) != 4 or not _whole_numbers(list(sides)) or min(sides) < 0:
        return None
    left, right, top, bottom = sides
    return top, bottom, left, right


def _attribute(modules: Modules, node: Any) -> Slot | None:
    if not isinstance(node, fx.Node) or node.op != "get_attr":
        return None
    owner, _, name = str(node.target).rpartition(".")
    return slot(modules[owner], name)


def _pair(value: Any) -> tuple[int, int]:
    high, wide = (
        (value, value) if isinstance(value, int) else (value * 2 if len(value) == 1 else value)
    )
    return high, wide


def _whole_numbers(values: list[Any]) -> bool:
    return all(
        isinstance(item, int)
        for value in values
        for item in (value if isinstance(value, tuple | list) else [value])
    )
