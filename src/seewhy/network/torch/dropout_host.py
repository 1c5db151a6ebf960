"""What PyTorch offers to `seewhy.network.dropout_passes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from seewhy.network.calls import Layers
from seewhy.network.dropout_masks import Masks, Place
from seewhy.network.dropout_passes import Tail
from seewhy.network.protocol import Ops
from seewhy.network.torch.dropout import is_weighted, own_dropout
from seewhy.network.torch.engine import ACCELERATOR_BLOCK, engine_of
from seewhy.network.torch.fused_stream import LARGEST_BLOCK
from seewhy.network.torch.ops import TorchOps


class TorchHost:
    """See `seewhy.network.dropout_passes.Host`.

    Parameters
    ----------
    module
        The user's network.
    fusable
        Whether it returns its logits; no graph picks them out of something else.
    picked
        Picks the logits out of what the network returns for so many samples.
    """

    method = "forward"

    def __init__(
        self,
        module: torch.nn.Module,
        fusable: bool,
        picked: Callable[[Any, int], torch.Tensor],
    ) -> None:
        self.ops: Ops = TorchOps()
        self._module = module
        self._fusable = fusable
        self._picked = picked

    def layers(self) -> dict[str, torch.nn.Module]:
        return dict(self._module.named_modules())

    def own(self, layers: Layers) -> dict[str, tuple[float, bool]]:
        return own_dropout(layers)

    def weighted(self, layers: Layers) -> set[str]:
        return {name for name, module in layers.items() if is_weighted(module)}

    def logits(self, x: torch.Tensor, rows: int) -> torch.Tensor:
        # A network may change its input in place; the user's must not change.
        return self._picked(self._module(x.clone()), rows)

    def fused(
        self, x: torch.Tensor, places: Sequence[Place], masks: Masks
    ) -> tuple[torch.Tensor, Tail] | None:
        if not self._fusable:
            return None
        split = engine_of(self._module).dropout_split(self._module, x, places)
        return None if split is None else split.start(x, masks)

    def block(self, x: torch.Tensor) -> int:
        return LARGEST_BLOCK if x.device.type == "cpu" else ACCELERATOR_BLOCK
