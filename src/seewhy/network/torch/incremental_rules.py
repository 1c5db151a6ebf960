"""Which nodes of a fused graph can be computed on a part of the image, and what they read."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.node import map_arg
from torch.nn import functional

from seewhy.network.torch.fused_activations import Modules, module_of
from seewhy.network.torch.fused_operators import FusedConvolution
from seewhy.network.torch.fused_patterns import norm_of
from seewhy.network.torch.incremental_local import Axes, Local, Reading
from seewhy.network.torch.incremental_pooling import average_pool, max_pool, padding
from seewhy.network.torch.incremental_sliding import Sliding
from seewhy.network.torch.incremental_values import Values

# What maps each number by itself, or together with those at the same place of other maps.
_MODULES: tuple[type[nn.Module], ...] = (
    nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU,
    nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.LogSigmoid, nn.Tanh,
    nn.Softplus, nn.Softsign, nn.Threshold, nn.Identity,
)  # fmt: skip
_NAMES = (
    "relu relu6 hardtanh leaky_relu prelu elu selu celu gelu silu mish hardswish hardsigmoid "
    "sigmoid logsigmoid tanh softplus softsign threshold clamp clamp_min clamp_max add sub mul div "
    "true_divide neg abs sqrt rsqrt square exp log pow maximum minimum"
).split()
_FUNCTIONS: set[Callable[..., Any]] = {
    getattr(space, name)
    for space in (torch, functional, operator)
    for name in [*_NAMES, "truediv"]
    if hasattr(space, name)
}
_METHODS = {*_NAMES, "contiguous"}


def local_of(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """Return how `node` computes a part of its output, or None if it needs the whole map.

    Parameters
    ----------
    modules
        What the graph's nodes name.
    node
        A node of the graph that is neither placeholder nor output.
    values
        What the nodes up to this one gave for one sample.
    """
    if not values.is_map(node):
        return None
    for rule in (_convolution, max_pool, average_pool, padding, _concatenation, _pointwise):
        found = rule(modules, node, values)
        if found is not None:
            fits = all(values.is_map(reading.source) for reading in found.readings)
            return found if fits else None
    return None


def _convolution(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    fused = modules.get(str(node.target)) if node.op == "call_module" else None
    if not isinstance(fused, FusedConvolution):
        return None
    own = fused.convolution
    taps = own.weight.read()
    top, _, left, _ = own.padding
    reach = _axes(taps.shape[2:], own.stride, (top, left), own.dilation)
    window = _axes(own.kernel, own.stride, own.even_padding, own.dilation)
    source, *others = node.args
    readings = (Reading(source, reach, window), *map(Reading, others))  # type: ignore[arg-type]

    def run(parts: Sequence[Tensor], spare: bool) -> Tensor:
        return fused.on_part(*parts, overwrite=spare)

    return Local(readings, run, taps.numel())


def _axes(*numbers: Sequence[int]) -> Axes:
    along_y, along_x = (Sliding(*(pair[axis] for pair in numbers)) for axis in (0, 1))
    return along_y, along_x


def _concatenation(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """A concatenation of channels."""
    if node.op != "call_function" or node.target not in (torch.cat, torch.concat):
        return None
    given = {**dict(zip(("tensors", "dim"), node.args, strict=False)), **node.kwargs}
    parts, axis = given.get("tensors"), given.get("dim", given.get("axis", 0))
    if not isinstance(parts, list | tuple) or axis not in (1, -3):
        return None
    return Local(tuple(map(Reading, parts)), lambda parts, spare: torch.cat(list(parts), 1))


def _pointwise(modules: Modules, node: fx.Node, values: Values) -> Local | None:
    """An operation on each place by itself, of one map or of several of the same size."""
    function = _function(modules, node)
    sources = [source for source in node.all_input_nodes if source in values.varying]
    others = [source for source in node.all_input_nodes if source not in values.varying]
    if function is None or not all(map(values.is_map, sources)):
        return None
    if any(values.places(source) != values.places(node) for source in sources):
        return None
    if not all(_same_everywhere(values[source]) for source in others):
        return None

    constants = {source: values[source] for source in others}

    def run(parts: Sequence[Tensor], spare: bool) -> Tensor:
        given = {**constants, **dict(zip(sources, parts, strict=True))}
        arguments, options = map_arg((node.args, node.kwargs), given.__getitem__)
        made: Tensor = function(*arguments, **options)
        return made

    return Local(tuple(map(Reading, sources)), run)


def _function(modules: Modules, node: fx.Node) -> Callable[..., Any] | None:
    """Return what `node` calls, if that works on each place by itself."""
    if node.op == "call_module":
        known = any(module_of(modules, node, kind) is not None for kind in _MODULES)
        return modules[str(node.target)] if known or norm_of(modules, node) is not None else None
    if node.op == "call_method" and node.target in _METHODS:
        name = str(node.target)
        return lambda x, *arguments, **options: getattr(x, name)(*arguments, **options)
    if node.op == "call_function" and node.target in _FUNCTIONS:
        return node.target
    return None


def _same_everywhere(value: Any) -> bool:
    """Whether `value` broadcasts over the places of a map without a difference between them."""
    return not isinstance(value, Tensor) or (value.ndim <= 4 and set(value.shape[-2:]) <= {1})
