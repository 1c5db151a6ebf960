"""Poolings and paddings on a part of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from seewhy.network.torch.fused_activations import Modules, module_of
from seewhy.network.torch.incremental_local import Axes, Local, Reading
from seewhy.network.torch.incremental_sliding import Sliding
from seewhy.network.torch.incremental_values import Values

# Parameters after the input, in the order of PyTorch's functions, with their defaults.
_MAX = {
    "kernel_size": None, "stride": None, "padding": 0, "dilation": 1, "ceil_mode": False,
    "return_indices": False,
}  # fmt: skip
_AVERAGE = {
    "kernel_size": None, "stride": None, "padding": 0, "ceil_mode": False,
    "count_include_pad": True, "divisor_override": None,
}  # fmt: skip
_PAD = {"pad": None, "mode": "constant", "value": None}


def max_pool(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """Return how `node` takes the maximum over windows, if it does."""
    given = _given(modules, node, nn.MaxPool2d, (functional.max_pool2d, torch.max_pool2d), _MAX)
    if given is None or given["return_indices"]:
        return None
    axes = _axes(given)
    reading = Reading(_source(node), axes, axes, float("-inf"))
    kernel, stride, dilation = ([getattr(axis, name) for axis in axes] for name in
                                ("kernel", "stride", "dilation"))  # fmt: skip

    def run(parts: Sequence[Tensor], spare: bool) -> Tensor:
        return torch.max_pool2d(parts[0], kernel, stride, 0, dilation)

    return Local((reading,), run)


def average_pool(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """Return how `node` takes the mean over windows, if it divides all sums by one number."""
    functions = (functional.avg_pool2d, torch._C._nn.avg_pool2d)
    given = _given(modules, node, nn.AvgPool2d, functions, _AVERAGE)
    if given is None:
        return None
    axes = _axes(given)
    source = _source(node)
    ones = torch.ones(1, 1, *values.places(source))
    counts = functional.avg_pool2d(ones, **{**given, "divisor_override": 1})
    divisors = counts / functional.avg_pool2d(ones, **given)
    divisor = round(divisors.max().item())
    if not (divisors - divisor).abs().max() < 0.25:
        return None
    kernel, stride = ([getattr(axis, name) for axis in axes] for name in ("kernel", "stride"))

    def run(parts: Sequence[Tensor], spare: bool) -> Tensor:
        return functional.avg_pool2d(parts[0], kernel, stride, divisor_override=divisor)

    return Local((Reading(source, axes, axes),), run)


def padding(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """Return how `node` surrounds a map with one number, if it does and crops nothing."""
    module = module_of(modules, node, nn.ConstantPad2d) or module_of(modules, node, nn.ZeroPad2d)
    if module is not None:
        given: dict[str, Any] = {"pad": module.padding, "mode": "constant", "value": module.value}
    elif node.op == "call_function" and node.target is functional.pad:
        given = _bound(node, _PAD)
    else:
        return None
    sides, fill = given["pad"], given["value"] or 0.0
    plain = isinstance(sides, list | tuple) and all(isinstance(side, int) for side in sides)
    if given["mode"] != "constant" or not plain or len(sides) != 4 or min(sides) < 0:
        return None
    if not isinstance(fill, int | float):
        return None
    axes = (Sliding(padding=sides[2]), Sliding(padding=sides[0]))
    return Local((Reading(_source(node), axes, axes, float(fill)),), lambda parts, spare: parts[0])


def _given(
    modules: Modules,
    node: fx.Node,
    kind: type[nn.Module],
    functions: tuple[Any, ...],
    defaults: dict[str, Any],
) -> dict[str, Any] | None:
    """Return the parameters of a pooling by name; None if it is another or they are computed."""
    module = module_of(modules, node, kind)
    if module is not None:
        given = {name: getattr(module, name) for name in defaults}
    elif node.op == "call_function" and node.target in functions:
        given = _bound(node, defaults)
    else:
        return None
    return None if any(isinstance(value, fx.Node) for value in given.values()) else given


def _bound(node: fx.Node, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments after the input of a call, by name, with the defaults."""
    given = {name: value for name, value in node.kwargs.items() if name != "input"}
    return {**defaults, **dict(zip(defaults, node.args[1:], strict=False)), **given}


def _source(node: fx.Node) -> fx.Node:
    return node.all_input_nodes[0]


def _axes(given: dict[str, Any]) -> Axes:
    stride = given["stride"]
    numbers = {
        "kernel": given["kernel_size"],
        "stride": given["kernel_size"] if stride is None or stride == [] else stride,
        "padding": given["padding"],
        "dilation": given.get("dilation", 1),
    }
    along_y, along_x = (
        Sliding(**{name: _axis(value, axis) for name, value in numbers.items()}) for axis in (0, 1)
    )
    return along_y, along_x


def _axis(value: Any, axis: int) -> int:
    number: int = value if isinstance(value, int) else value[axis % len(value)]
    return number
