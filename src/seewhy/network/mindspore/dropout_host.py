"""What MindSpore offers to `seewhy.network.dropout_passes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mindspore
from mindspore import nn

from seewhy.network.calls import Layers
from seewhy.network.dropout_masks import Masks, Place
from seewhy.network.mindspore.dropout import is_weighted, own_dropout
from seewhy.network.mindspore.ops import MindSporeOps
from seewhy.network.protocol import Ops

LARGEST_BLOCK = 128 * 2**20
"""Bytes of the largest tensor of a forward; MindSpore keeps what it once took."""


class MindSporeHost:
    """See `seewhy.network.dropout_passes.Host`.

    Parameters
    ----------
    cell
        The user's network.
    picked
        Picks the logits out of what the network returns for so many samples.
    """

    method = "construct"

    def __init__(self, cell: nn.Cell, picked: Callable[[Any, int], mindspore.Tensor]) -> None:
        self.ops: Ops = MindSporeOps()
        self._cell = cell
        self._picked = picked

    def layers(self) -> dict[str, nn.Cell]:
        return dict(self._cell.cells_and_names())

    def own(self, layers: Layers) -> dict[str, tuple[float, bool]]:
        return own_dropout(layers)

    def weighted(self, layers: Layers) -> set[str]:
        return {name for name, cell in layers.items() if is_weighted(cell)}

    def logits(self, x: mindspore.Tensor, rows: int) -> mindspore.Tensor:
        return self._picked(self._cell(x.copy()), rows)

    def fused(self, x: mindspore.Tensor, places: Sequence[Place], masks: Masks) -> None:
        return None

    def block(self, x: mindspore.Tensor) -> int:
        return LARGEST_BLOCK
