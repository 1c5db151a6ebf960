"""A network and an OoDNet as one module, so that they share forwards, batches and threads."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor, nn

from seewhy.network.protocol import OutputPicker
from seewhy.network.torch.fused_trace import evaluation_copy
from seewhy.network.torch.state import evaluating
from seewhy.tool.ood_head import cosines

TOLERANCE = 1e-4

_log = logging.getLogger("seewhy")


def joint(ood_net: Any, network: nn.Module, output: OutputPicker | None, x: Tensor) -> nn.Module:
    """Module (N, ...) -> (N, K + 1): logits of `network`, highest score of `ood_net`.

    Hooks would keep the network from being traced, so the layer that gives the features is
    wrapped in a copy of the tree of modules (the weights are not copied); hooks serve where the
    network does not run that copy, as when it keeps its layers in a list of its own.
    """
    hooked = HookedJoint(ood_net, network, output)
    try:
        tapped = TappedJoint(ood_net, network, output)
        with evaluating([hooked, tapped], x), torch.no_grad():
            expected, got = hooked(x[:1].clone()), tapped(x[:1].clone())
        if torch.allclose(expected, got, TOLERANCE, TOLERANCE):
            return tapped
        reason = "answers differ"
    except Exception as error:  # a user's forward may raise anything on modules it does not know
        reason = repr(error)
    _log.debug("OoDNet of %s: features by hooks, %s", type(network).__name__, reason)
    return hooked


class HookedJoint(nn.Module):
    """Takes the features by a hook."""

    def __init__(self, ood_net: Any, network: nn.Module, output: OutputPicker | None) -> None:
        super().__init__()
        self.ood_net = ood_net
        self.network = network
        self.output = output

    def forward(self, x: Tensor) -> Tensor:
        """Logits and the highest score, (N, K + 1)."""
        answer, features = self.ood_net._read(x)
        if answer is None or self.network is not self.ood_net.underlying:
            answer = self.network(x)
        return _columns(answer, self.output, features, self.ood_net.class_weights)


class TappedJoint(nn.Module):
    """Takes the features by a module in the layer's place; can be traced."""

    def __init__(self, ood_net: Any, network: nn.Module, output: OutputPicker | None) -> None:
        super().__init__()
        self.class_weights = ood_net.class_weights
        self.output = output
        self.network = None if network is ood_net.underlying else network
        self.tap, self.underlying = _tapped(ood_net)
        if self.tap is None:
            # A network that gives features on demand answers with one thing at a time.
            self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Logits and the highest score, (N, K + 1)."""
        answer = self.underlying(x.clone())
        features = answer
        if self.tap is not None:
            features, self.tap.seen = self.tap.seen, None
        if self.network is not None:
            answer = self.network(x)
        return _columns(answer, self.output, features.flatten(1), self.class_weights)


class JointActivation(nn.Module):
    """Leaves the last column as it is."""

    def __init__(self, activation_fn: Any) -> None:
        super().__init__()
        self.activation_fn = activation_fn

    def forward(self, both: Tensor) -> Tensor:
        """Probabilities and the highest score, (N, K + 1)."""
        return torch.cat([self.activation_fn(both[:, :-1]), both[:, -1:]], 1)


class _Tap(nn.Module):
    """Runs a layer and keeps what it took or gave."""

    def __init__(self, layer: nn.Module, at_input: bool) -> None:
        super().__init__()
        self.layer = layer
        self.at_input = at_input
        self.seen: Any = None

    def forward(self, x: Any, *args: Any) -> Any:
        result = self.layer(x, *args)
        self.seen = x if self.at_input else result
        return result


def _tapped(ood_net: Any) -> tuple[_Tap | None, nn.Module]:
    """Copy the tree of the underlying network, with a tap at the layer of the features."""
    made: dict[int, nn.Module] = {}
    source = ood_net._source
    if source.layer is None:
        twin = evaluation_copy(ood_net.underlying, made)
        setattr(twin, "output_features", True)  # noqa: B010  # not a module, as mypy would have it
        return None, twin
    layer = ood_net.underlying.get_submodule(source.layer)
    tap = _Tap(evaluation_copy(layer, made), source.at_input)
    made[id(layer)] = tap
    return tap, evaluation_copy(ood_net.underlying, made)


def _columns(
    answer: Any, output: OutputPicker | None, features: Tensor, class_weights: Tensor
) -> Tensor:
    logits = answer if output is None else output(answer)
    return torch.cat([logits, cosines(features, class_weights).amax(1, keepdim=True)], 1)
