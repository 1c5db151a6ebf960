"""Dropout that is live while everything else stays in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn

from seewhy.network.rates import check_rate

_ELEMENTWISE = (nn.Dropout,)
_CHANNELWISE = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@contextmanager
def live_dropout(root: nn.Module, rate: float | None, seed: int | None) -> Iterator[None]:
    """See `seewhy.network.protocol.Network.with_dropout`.

    The masks are put on by forward hooks and drawn from a generator of their own, so neither the
    modules' flags nor the global random state are touched.
    """
    check_rate(rate)
    draw = _Draw(seed)
    own = [m for m in root.modules() if isinstance(m, _ELEMENTWISE + _CHANNELWISE) and m.p > 0]
    with ExitStack() as hooks:
        for module in own:
            hook = draw.after(module.p if rate is None else rate, isinstance(module, _CHANNELWISE))
            hooks.callback(module.register_forward_hook(hook).remove)
        if not own:
            place = _last_weighted(root)
            before = draw.before(0.5 if rate is None else rate)
            hooks.callback(place.register_forward_pre_hook(before).remove)
        yield


def own_dropout(layers: Mapping[str, nn.Module]) -> dict[str, tuple[float, bool]]:
    """Rate of each dropout layer that drops anything, and whether it drops whole channels."""
    return {
        name: (module.p, isinstance(module, _CHANNELWISE))
        for name, module in layers.items()
        if isinstance(module, _ELEMENTWISE + _CHANNELWISE) and module.p > 0
    }


def is_weighted(module: nn.Module) -> bool:
    """Whether the layer holds a weight matrix."""
    return isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d))


def _last_weighted(root: nn.Module) -> nn.Module:
    weighted = [module for module in root.modules() if is_weighted(module)]
    if not weighted:
        raise ValueError(
            "`network` must have a dropout, linear or convolution layer to put dropout at, got none"
        )
    return weighted[-1]


class _Draw:
    """Draws masks: kept values are divided by the keep rate, as in training."""

    def __init__(self, seed: int | None) -> None:
        self.seed = seed
        self.generators: dict[torch.device, torch.Generator] = {}

    def after(self, rate: float, channelwise: bool) -> Callable[[Any, Any, torch.Tensor], Any]:
        return lambda module, inputs, result: self._drop(result, rate, channelwise)

    def before(self, rate: float) -> Callable[[Any, Any], Any]:
        return lambda module, inputs: (self._drop(inputs[0], rate, False), *inputs[1:])

    def _drop(self, x: torch.Tensor, rate: float, channelwise: bool) -> torch.Tensor:
        shape = x.shape[:2] + (1,) * (x.ndim - 2) if channelwise else x.shape
        kept = torch.rand(shape, generator=self._generator(x.device), device=x.device) >= rate
        return x * (kept / (1 - rate)).to(x.dtype)

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self.generators:
            made = torch.Generator(device)
            if self.seed is None:
                made.seed()
            else:
                made.manual_seed(self.seed)
            self.generators[device] = made
        return self.generators[device]
