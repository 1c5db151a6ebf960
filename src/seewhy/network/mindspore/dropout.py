"""Dropout that is live while everything else stays in evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import mindspore
import numpy as np
from mindspore import nn

from seewhy.network.mindspore.state import check_hooks_work
from seewhy.network.rates import check_rate

_ELEMENTWISE = (nn.Dropout,)
_CHANNELWISE = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


@contextmanager
def live_dropout(root: nn.Cell, rate: float | None, seed: int | None) -> Iterator[None]:
    """See `seewhy.network.protocol.Network.with_dropout`.

    The masks are put on by forward hooks and drawn from a generator of their own, so neither the
    cells' flags nor the global random state are touched.
    """
    check_rate(rate)
    check_hooks_work("`with_dropout`")
    random = np.random.default_rng(seed)
    cells = [cell for _, cell in root.cells_and_names()]
    own = [c for c in cells if isinstance(c, _ELEMENTWISE + _CHANNELWISE) and _rate_of(c) > 0]
    with ExitStack() as hooks:
        for cell in own:
            drop = _dropper(_rate_of(cell) if rate is None else rate, random, cell)
            hooks.callback(
                cell.register_forward_hook(lambda c, i, result, d=drop: d(result)).remove
            )
        if not own:
            drop = _dropper(0.5 if rate is None else rate, random, None)
            place = _last_weighted(cells)
            handle = place.register_forward_pre_hook(
                lambda c, inputs: (drop(inputs[0]), *inputs[1:])
            )
            hooks.callback(handle.remove)
        yield


def _rate_of(cell: nn.Cell) -> float:
    rate = getattr(cell, "p", None)
    return float(rate if rate is not None else 1 - cell.keep_prob)


def own_dropout(layers: Mapping[str, nn.Cell]) -> dict[str, tuple[float, bool]]:
    """Rate of each dropout cell that drops anything, and whether it drops whole channels."""
    return {
        name: (_rate_of(cell), isinstance(cell, _CHANNELWISE))
        for name, cell in layers.items()
        if isinstance(cell, _ELEMENTWISE + _CHANNELWISE) and _rate_of(cell) > 0
    }


def is_weighted(cell: nn.Cell) -> bool:
    """Whether the cell holds a weight matrix."""
    return isinstance(cell, (nn.Dense, nn.Conv1d, nn.Conv2d, nn.Conv3d))


def _last_weighted(cells: list[nn.Cell]) -> nn.Cell:
    weighted = [cell for cell in cells if is_weighted(cell)]
    if not weighted:
        raise ValueError(
            "`network` must have a dropout, dense or convolution cell to put dropout at, got none"
        )
    return weighted[-1]


def _dropper(
    rate: float, random: np.random.Generator, cell: nn.Cell | None
) -> Callable[[Any], Any]:
    """Kept values are divided by the keep rate, as in training."""

    def drop(x: mindspore.Tensor) -> mindspore.Tensor:
        channelwise = isinstance(cell, _CHANNELWISE)
        shape = x.shape[:2] + (1,) * (x.ndim - 2) if channelwise else x.shape
        kept = (random.random(shape, dtype=np.float32) >= rate) / (1 - rate)
        return x * mindspore.Tensor(kept.astype(np.float32)).astype(x.dtype)

    return drop
