"""From a user's network to the contract, without importing what the user has not."""

from __future__ import annotations

import sys
from typing import Any

from seewhy.network.protocol import Activation, Network, OutputPicker


def is_network(value: object) -> bool:
    """Whether `value` is a `torch.nn.Module` or a `mindspore.nn.Cell`; imports neither."""
    torch, mindspore = sys.modules.get("torch"), sys.modules.get("mindspore")
    return (torch is not None and isinstance(value, torch.nn.Module)) or (
        mindspore is not None and isinstance(value, mindspore.nn.Cell)
    )


def adapt(
    network: Any, activation_fn: Activation | None = None, output: OutputPicker | None = None
) -> Network:
    """Wrap a `torch.nn.Module` or a `mindspore.nn.Cell`.

    Parameters
    ----------
    network
        The classifier; it takes (N, C, H, W) and returns logits (N, K).
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable. Needed only for
        `Network.probabilities`.
    output
        Picks the logits when the network returns a tuple, a dict or the like.

    Raises
    ------
    TypeError
        If `network` is of neither framework, or an argument is not callable.
    """
    for name, value in (("activation_fn", activation_fn), ("output", output)):
        if value is not None and not callable(value):
            raise TypeError(f"`{name}` must be callable, got {type(value).__name__}")
    torch, mindspore = sys.modules.get("torch"), sys.modules.get("mindspore")
    if torch is not None and isinstance(network, torch.nn.Module):
        from seewhy.network.torch import TorchNetwork

        return TorchNetwork(network, activation_fn, output)
    if mindspore is not None and isinstance(network, mindspore.nn.Cell):
        from seewhy.network.mindspore import MindSporeNetwork

        return MindSporeNetwork(network, activation_fn, output)
    raise TypeError(
        "`network` must be a torch.nn.Module or a mindspore.nn.Cell, "
        f"got {type(network).__module__}.{type(network).__qualname__}"
    )
