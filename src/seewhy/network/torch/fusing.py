"""The fused graph of a network: built when first wanted, anew when the network changed too much."""

from __future__ import annotations

import torch

from seewhy.network.torch.fused import FusedGraph, fuse_or_reason
from seewhy.network.torch.fused_state import MODULE_REPLACED

NOT_USED = "not used yet"
"""Reason before the first use."""

REBUILT = 4
"""How often attributes of a network's modules may change before it is no longer fused."""

RESTLESS = "attributes of its modules keep changing"


class Fusing:
    """Builds the fused graph of a network when it is first wanted, and again when that is needed.

    Attributes
    ----------
    reason
        What there is, or why there is nothing, in words.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.reason = NOT_USED
        self._dtype = dtype
        self._fused: FusedGraph | None = None
        self._tried: set[torch.Size] = set()
        self._outdated = 0

    def find(self, module: torch.nn.Module, x: torch.Tensor, thorough: bool) -> FusedGraph | None:
        """Return the graph if it serves `x`; `thorough` looks at every weight for a change."""
        if x.device.type != "cpu" or x.dtype != torch.float32:
            self.reason = f"plain network: inputs are {x.dtype} on {x.device}"
            return None
        if self._fused is None:
            if x.shape[1:] not in self._tried:
                # Hooks come and go: what they forbid now may serve later.
                if not has_hooks(module):
                    self._tried.add(x.shape[1:])
                self._fused, self.reason = fuse_or_reason(module, x[:1], self._dtype)
            return self._fused
        changed = self._fused.refresh(thorough)
        if self._fused.outdated():
            self._outdated += 1
            changed = MODULE_REPLACED if self._outdated < REBUILT else RESTLESS
        if changed == MODULE_REPLACED:
            self._fused = None
            self._tried.clear()
            return self.find(module, x, thorough)
        self.reason = self._fused.summary if changed is None else f"plain network: {changed}"
        return self._fused if changed is None else None


def has_hooks(module: torch.nn.Module) -> bool:
    """Whether a hook is on a module of the network."""
    return any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())
