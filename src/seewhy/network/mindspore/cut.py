"""Starting the graph at a layer, so that only the tail behind it is differentiated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mindspore
from mindspore import nn, ops

from seewhy.network.logits import check_spatial


class Cut:
    """What the hook at a layer saw in the last forward.

    The layer's output is cut off from what made it and shifted by `shift`, a zero of shape (1,)
    on which a derivative can be taken; the gradient that arrives on the way there is kept.
    """

    def __init__(self, layer: str, dtype: Any) -> None:
        self.layer = layer
        self.shift = ops.zeros((1,), dtype)
        self.begin(self.shift)

    def begin(self, shift: mindspore.Tensor) -> None:
        """Forget the last forward; `shift` belongs to the next one."""
        self.live_shift = shift
        self.value: mindspore.Tensor | None = None
        self.gradient: mindspore.Tensor | None = None

    def hook(self, cell: nn.Cell, inputs: Any, result: Any) -> mindspore.Tensor:
        """Forward hook; of several calls the last one is kept."""
        check_spatial(result, self.layer)
        self.value = ops.stop_gradient(result)
        leaf = self.value + self.live_shift.astype(result.dtype)
        leaf.register_hook(self._keep_gradient_of(self.value))
        return leaf

    def _keep_gradient_of(self, value: mindspore.Tensor) -> Any:
        def keep(gradient: mindspore.Tensor) -> None:
            if value is self.value:
                self.gradient = gradient

        return keep


@contextmanager
def cut_at(cell: nn.Cell, layer: str, dtype: Any) -> Iterator[Cut]:
    """Cut the graph at each call of `cell` while the context is open."""
    cut = Cut(layer, dtype)
    handle = cell.register_forward_hook(cut.hook)
    try:
        yield cut
    finally:
        handle.remove()
