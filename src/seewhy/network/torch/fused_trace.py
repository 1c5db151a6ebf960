"""Reading a network as a graph of functions without side effects."""

from __future__ import annotations

import inspect
import operator
import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

# torch.fx patches `nn.Module.__call__` for the whole process while it traces.
_TRACING = threading.Lock()

_OUT_OF_PLACE: dict[Callable[..., Any], Callable[..., Any]] = {
    operator.iadd: operator.add,
    operator.isub: operator.sub,
    operator.imul: operator.mul,
    operator.itruediv: operator.truediv,
}


class NotFusableError(Exception):
    """Says why a network keeps its plain forward."""


@dataclass(frozen=True)
class Source:
    """A network in evaluation mode as a graph; nothing in the graph works in place.

    Attributes
    ----------
    root
        Holds an evaluation copy of the network as `network`, under which the graph's names start.
    graph
        The forward: one placeholder, one output.
    last_call
        The node that the last call of each module returned, by the identity of the module's copy.
    """

    root: nn.Module
    graph: fx.Graph
    last_call: dict[int, fx.Node]


def evaluation_copy(module: nn.Module, made: dict[int, nn.Module] | None = None) -> nn.Module:
    """Copy the tree of modules with all training flags off.

    The copies share the dictionaries of parameters and buffers with the originals, so new weights
    are seen and no memory is taken. Subclasses' constructors and setters are not run.
    """
    made = {} if made is None else made
    if id(module) not in made:
        twin = object.__new__(type(module))
        made[id(module)] = twin
        twin.__dict__.update(module.__dict__)
        children = module.__dict__["_modules"].items()
        twin.__dict__.update(
            training=False,
            _compiled_call_impl=None,
            _modules={k: None if m is None else evaluation_copy(m, made) for k, m in children},
        )
    return made[id(module)]


def trace(module: nn.Module) -> Source:
    """Trace `module` in evaluation mode without touching it.

    Raises
    ------
    NotFusableError
        If the graph has a side effect or a random draw, or gives other than one tensor.
    Exception
        Whatever the network raises on symbolic values, as with data-dependent control flow.
    """
    root = _Root(evaluation_copy(module))
    with _TRACING, torch.no_grad():
        tracer = _Tracer()
        graph = tracer.trace(root)
    for node in list(graph.nodes):
        _refuse_random(node)
        _make_functional(root, node)
        if node.op == "call_method" and node.target == "view" and not _has_dtype(node):
            # Fused activations are channels-last, which `view` cannot always flatten.
            node.target = "reshape"
    return Source(root, graph, tracer.last_call)


def arguments(node: fx.Node) -> dict[str, Any] | None:
    """Return the arguments of a call of a Python function by name, with defaults; else None."""
    if node.op != "call_function" or not callable(node.target):
        return None
    try:
        bound = inspect.signature(node.target).bind(*node.args, **node.kwargs)
    except (TypeError, ValueError):
        return None
    bound.apply_defaults()
    return dict(bound.arguments)


class _Root(nn.Module):
    """Gives the network exactly one argument, so that its optional ones keep their defaults."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.training = False

    def forward(self, x: torch.Tensor) -> Any:
        return self.network(x)


class _Tracer(fx.Tracer):
    """Notes what each module's last call returned; lets other threads run their modules."""

    # Without it, an expression of buffers alone would be computed once and new weights not seen.
    proxy_buffer_attributes = True

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()
        self.last_call: dict[int, fx.Node] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        inherited = type(m).forward.__module__.startswith("torch.nn.modules") and not m._modules
        return inherited or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        result = super().call_module(m, forward, args, kwargs)
        self.last_call.pop(id(m), None)
        if isinstance(result, fx.Proxy):
            self.last_call[id(m)] = result.node
        return result

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self.thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def _refuse_random(node: fx.Node) -> None:
    given = arguments(node)
    if given and "dropout" in getattr(node.target, "__name__", "") and given.get("training"):
        raise NotFusableError(f"{node.name} draws at random in evaluation mode")


def _has_dtype(node: fx.Node) -> bool:
    return any(isinstance(value, torch.dtype) for value in (*node.args, *node.kwargs.values()))


def _make_functional(root: nn.Module, node: fx.Node) -> None:
    """Turn an in-place node into its pure form; what reads the changed value reads the result."""
    if "out" in node.kwargs:
        raise NotFusableError(f"{node.name} writes to an `out` tensor")
    changed = node.args[0] if node.args else node.kwargs.get("input")
    if not isinstance(changed, fx.Node) or not _replaced_by_pure(root, node):
        return
    before = {changed}
    for other in node.graph.nodes:
        before.add(other)
        if other is node:
            break
    for user in list(changed.users):
        if user not in before:
            user.replace_input_with(changed, node)


def _replaced_by_pure(root: nn.Module, node: fx.Node) -> bool:
    """Whether `node` worked in place and now no longer does."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    if node.op == "call_module":
        return _replace_module(root, node)
    if node.op == "call_method" and name.endswith("_") and not name.endswith("__"):
        if not hasattr(torch.Tensor, name[:-1]):
            raise NotFusableError(f"{node.name} works in place")
        node.target = name[:-1]
        return True
    if node.op != "call_function":
        return False
    if node.target in _OUT_OF_PLACE:
        node.target = _OUT_OF_PLACE[node.target]
        return True
    if name.endswith("_") and not name.endswith("__"):
        pure = getattr(functional, name[:-1], None) or getattr(torch, name[:-1], None)
        if pure is None:
            raise NotFusableError(f"{node.name} works in place")
        node.target = pure
        return True
    given = arguments(node)
    if given and given.get("inplace") is True:
        node.args, node.kwargs = (), {**given, "inplace": False}
        return True
    return False


def _replace_module(root: nn.Module, node: fx.Node) -> bool:
    module = root.get_submodule(str(node.target))
    if getattr(module, "inplace", False) is not True:
        return False
    pure = copy(module)
    pure.__dict__["inplace"] = False
    node.target = f"pure_{node.name}"
    root.add_module(node.target, pure)
    return True
