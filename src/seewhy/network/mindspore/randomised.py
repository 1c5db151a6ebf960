"""Weights that are random for a while."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import mindspore
from mindspore import nn

from seewhy.network.mindspore.ops import MindSporeOps
from seewhy.network.seeds import seed_words
from seewhy.network.untrained import check_layers, untrained, within


@contextmanager
def randomised(root: nn.Cell, layers: Sequence[str], seed: int | None) -> Iterator[None]:
    """See `seewhy.network.protocol.Network.randomised`.

    Each parameter stays the same object; only its memory is another one.
    """
    check_layers(layers, [name for name, _ in root.cells_and_names()])
    words = seed_words(seed)
    kept: list[tuple[mindspore.Parameter, mindspore.Tensor]] = []
    try:
        for parameter, names in _randomisable(root):
            if within(names, layers):
                values = mindspore.Tensor(untrained(names[0], parameter.shape, words))
                # A tensor of a parameter shares its memory.
                kept.append((parameter, mindspore.Tensor(parameter)))
                parameter.set_data(values.astype(parameter.dtype))
        yield
    finally:
        for parameter, data in kept:
            parameter.set_data(data)


def weighted_layers(root: nn.Cell) -> list[str]:
    """See `seewhy.network.protocol.Network.weighted_layers`."""
    holders = {name.rpartition(".")[0] for _, names in _randomisable(root) for name in names}
    return [name for name, _ in root.cells_and_names() if name and name in holders]


def _randomisable(root: nn.Cell) -> Iterable[tuple[mindspore.Parameter, list[str]]]:
    """Each parameter once, with all its names; running statistics are parameters too."""
    ops = MindSporeOps()
    found: dict[int, tuple[mindspore.Parameter, list[str]]] = {}
    for layer, cell in root.cells_and_names():
        for name, parameter in cell._params.items():
            if parameter is not None and ops.is_floating(parameter) and parameter.ndim:
                names = found.setdefault(id(parameter), (parameter, []))[1]
                names.append(f"{layer}.{name}" if layer else name)
    return found.values()
