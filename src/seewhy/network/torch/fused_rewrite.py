"""Rewriting a traced network to fused operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import fx, nn

from seewhy.network.torch.fused_activations import activation_of, module_of
from seewhy.network.torch.fused_operators import (
    Activation,
    Fused,
    FusedConvolution,
    FusedLinear,
)
from seewhy.network.torch.fused_patterns import (
    added_to,
    convolution_of,
    is_identity,
    norm_of,
    only_user,
    slot,
)


class Program:
    """A graph and the fused operators in it, ready to run.

    Parameters
    ----------
    root
        The modules and tensors that the graph names.
    graph
        A functional graph whose nodes carry the shape of their value in `meta`; it is changed.
    fused
        Whether to rewrite the graph; False keeps the plain modules, for autograd.
    dtype
        Of the arithmetic of the fused operators, and of the others as far as PyTorch's autocast
        takes it.

    Attributes
    ----------
    assembled
        The graph as a module; `run` is how to call it.
    """

    def __init__(
        self,
        root: nn.Module,
        graph: fx.Graph,
        fused: bool = True,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.dtype = dtype
        self.modules = dict(root.named_modules(remove_duplicate=False))
        self.graph = graph
        self.operators: dict[str, Fused] = {}
        self.counts: Counter[str] = Counter()
        if fused:
            self._drop_identities()
            for node in list(graph.nodes):
                self._fuse_convolution(node)
                self._fuse_linear(node)
            self._overwrite_residuals()
        self.assembled = self._assemble()

    def pack(self) -> None:
        """Read the network's weights anew."""
        for operator in self.operators.values():
            operator.pack()
        self.assembled = self._assemble()

    def run(self, *values: Any) -> Any:
        """Return what the graph gives."""
        if self.dtype == torch.float32:
            return self.assembled(*values)
        with self.arithmetic():
            return self.in_float32(self.assembled(*values))

    def in_float32(self, made: Any) -> Any:
        """Return what a graph of another dtype made in float32, that of float32 as it is."""
        rough = self.dtype != torch.float32 and isinstance(made, torch.Tensor)
        return made.float() if rough else made

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Let what is not fused compute in the dtype of the program too."""
        if self.dtype == torch.float32:
            yield
            return
        with torch.autocast("cpu", self.dtype):
            yield

    def _assemble(self) -> fx.GraphModule:
        named: dict[str, Any] = {}
        for node in self.graph.nodes:
            name = str(node.target)
            if node.op == "call_module":
                named[name] = self.modules[name]
            elif node.op == "get_attr":
                owner, _, attribute = name.rpartition(".")
                named[name] = getattr(self.modules[owner], attribute)
        return fx.GraphModule(named, self.graph)

    def _drop_identities(self) -> None:
        for node in list(self.graph.nodes):
            if is_identity(self.modules, node):
                node.replace_all_uses_with(node.all_input_nodes[0])
                self.graph.erase_node(node)

    def _fuse_convolution(self, node: fx.Node) -> None:
        found = convolution_of(self.modules, node)
        if found is None:
            return
        (convolution, source), last, absorbed = found, node, node.all_input_nodes
        self.counts["convolutions"] += 1
        norm = norm_of(self.modules, only_user(last))
        if norm is not None:
            convolution = convolution.with_norm(norm)
            absorbed, last = [*absorbed, last], next(iter(last.users))
            self.counts["normalisations"] += 1
        activation = activation_of(self.modules, only_user(last))
        other = added_to(last, only_user(last))
        if other is not None:
            absorbed, last = [*absorbed, last], next(iter(last.users))
            self.counts["additions"] += 1
            activation = activation_of(self.modules, only_user(last))
            if activation is not None and activation.name != "relu":
                activation = None  # oneDNN through PyTorch knows no other after an addition
        if activation is not None:
            absorbed, last = [*absorbed, last], next(iter(last.users))
            self.counts["activations"] += 1
        inputs = (source,) if other is None else (source, other)
        operator = FusedConvolution(convolution, activation or Activation(), self.dtype)
        self._replace(last, inputs, operator, absorbed)

    def _fuse_linear(self, node: fx.Node) -> None:
        module = module_of(self.modules, node, nn.Linear)
        weight = None if module is None else slot(module, "weight")
        if module is None or weight is None or len(node.meta["shape"]) != 2:
            return
        self.counts["linear layers"] += 1
        absorbed, last = [], node
        activation = activation_of(self.modules, only_user(node))
        if activation is not None:
            absorbed, last = [node], next(iter(node.users))
            self.counts["activations"] += 1
        bias, post = slot(module, "bias"), activation or Activation()
        operator = FusedLinear(weight, bias, post, self.dtype)
        self._replace(last, tuple(node.all_input_nodes), operator, absorbed)

    def _replace(
        self, last: fx.Node, inputs: tuple[Any, ...], operator: Fused, absorbed: list[Any]
    ) -> None:
        """Put `operator` in the place of `last` and erase what nobody reads any more."""
        name = f"fused_{len(self.operators)}"
        self.operators[name] = self.modules[name] = operator
        with self.graph.inserting_before(last):
            # `call_module` would look the name up in a root that the graph does not own.
            made = self.graph.create_node("call_module", name, inputs)
        made.meta = dict(last.meta)
        last.replace_all_uses_with(made)
        for node in reversed([*absorbed, last]):
            if isinstance(node, fx.Node) and not node.users and node.op != "placeholder":
                self.graph.erase_node(node)

    def _overwrite_residuals(self) -> None:
        """Add in place where the second summand is a fused result that nothing reads later."""
        position = {node: index for index, node in enumerate(self.graph.nodes)}
        for node, index in position.items():
            operator = self.operators.get(str(node.target))
            if not isinstance(operator, FusedConvolution) or len(node.args) != 2:
                continue
            source, other = node.args
            if isinstance(other, fx.Node) and other is not source:
                fresh = isinstance(self.operators.get(str(other.target)), FusedConvolution)
                operator.overwrite = fresh and all(
                    str(user.target) in self.operators and position[user] <= index
                    for user in other.users
                )
