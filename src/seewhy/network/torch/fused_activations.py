"""Recognising activations in a traced network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

import torch
from torch import fx, nn
from torch.nn import functional

from seewhy.network.torch.fused_operators import Activation

Modules: TypeAlias = Mapping[str, nn.Module]
"""The modules that the nodes of a graph name."""

_Module = TypeVar("_Module", bound=nn.Module)

# An activation's function of PyTorch -> its parameters after the input, with defaults.
_PARAMETERS: dict[str, dict[str, Any]] = {
    "relu": {},
    "relu6": {},
    "silu": {},
    "hardswish": {},
    "hardsigmoid": {},
    "sigmoid": {},
    "tanh": {},
    "hardtanh": {"min_val": -1.0, "max_val": 1.0},
    "leaky_relu": {"negative_slope": 0.01},
    "gelu": {"approximate": "none"},
    "clamp": {"min": None, "max": None},
    "clamp_min": {"min": None},
}
_FUNCTIONS: dict[Callable[..., Any], str] = {
    getattr(space, name): name
    for space in (functional, torch)
    for name in _PARAMETERS
    if hasattr(space, name)
}
_MODULES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.Hardtanh: "hardtanh",
    nn.SiLU: "silu",
    nn.Hardswish: "hardswish",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.LeakyReLU: "leaky_relu",
    nn.GELU: "gelu",
}


def module_of(modules: Modules, node: fx.Node, kind: type[_Module]) -> _Module | None:
    """Return the module that `node` calls if it does what the class `kind` does."""
    if node.op != "call_module":
        return None
    module = modules[str(node.target)]
    if isinstance(module, kind) and type(module).forward is kind.forward:
        return module
    return None


def activation_of(modules: Modules, node: fx.Node | None) -> Activation | None:
    """Return the activation that `node` applies, if oneDNN has it as a post-operation."""
    if node is None:
        return None
    if node.op == "call_module":
        for kind, name in _MODULES.items():
            module = module_of(modules, node, kind)
            if module is not None:
                return _activation(name, [getattr(module, key) for key in _PARAMETERS[name]])
        return None
    name = _FUNCTIONS.get(node.target, "") if callable(node.target) else str(node.target)
    if node.op not in ("call_function", "call_method") or name not in _PARAMETERS:
        return None
    defaults = _PARAMETERS[name]
    given = {**defaults, **dict(zip(defaults, node.args[1:], strict=False)), **node.kwargs}
    return _activation(name, [given[key] for key in defaults])


def _activation(name: str, values: list[Any]) -> Activation | None:
    if any(isinstance(value, fx.Node | torch.Tensor) for value in values):
        return None
    if name == "relu" or (
        name.startswith("clamp") and values[0] == 0 and values[1:] in ([], [None])
    ):
        return Activation("relu")
    if name == "relu6":
        return Activation("hardtanh", (0.0, 6.0))
    if name in ("hardtanh", "clamp"):
        low, high = values
        return None if low is None or high is None else Activation("hardtanh", (low, high))
    if name == "leaky_relu":
        return Activation(name, (values[0],))
    if name == "gelu":
        return Activation(name, (), values[0])
    if name == "clamp_min":
        return None
    return Activation("swish" if name == "silu" else name)
