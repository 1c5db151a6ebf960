"""Dropout masks that do not depend on how samples and passes are split into batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor

DEFAULT_RATE = 0.5
"""Of a dropout that is put into a network that has none."""


@dataclass(frozen=True)
class Place:
    """Where values are dropped: after a layer, or before it."""

    name: str
    rate: float
    channelwise: bool = False
    before: bool = False


def choose_places(
    called: Sequence[str],
    own: Mapping[str, tuple[float, bool]],
    weighted: AbstractSet[str],
    rate: float | None,
    where: str | None,
) -> tuple[Place, ...]:
    """Choose where dropout is live: `where`, else the network's own, else before the last weights.

    Parameters
    ----------
    called
        Names of the layers in the order in which they are called in a forward.
    own
        Rate, and whether whole channels are dropped, of the network's own dropout layers.
    weighted
        Names of the layers that hold a weight matrix.
    rate, where
        See `Network.dropout_passes`.

    Raises
    ------
    ValueError
        If `where` does not run, or there is no place.
    """
    inserted = DEFAULT_RATE if rate is None else rate
    if where is not None:
        if where not in called:
            raise ValueError(f"`where` must name a layer that runs in the forward, got {where!r}")
        return (Place(where, inserted),)
    live = [name for name in dict.fromkeys(called) if name in own]
    if live:
        return tuple(
            Place(name, own[name][0] if rate is None else rate, own[name][1]) for name in live
        )
    last = next((name for name in reversed(called) if name in weighted), None)
    if last is None:
        raise ValueError(
            "`network` must have a dropout, linear or convolution layer to put dropout at, got none"
        )
    return (Place(last, inserted, before=True),)


class BatchAxisError(Exception):
    """A tensor at a dropout does not grow with the batch along its first axis."""


class Masks:
    """The masks of all passes for some samples, drawn when they are first needed.

    Pass t has the same mask for every sample: one thinned network answers them all. The masks of
    the k-th call of a dropout in a forward come from a generator of its own, so that neither the
    number of samples nor that of passes in a forward matters. Kept values are divided by the keep
    rate, as in training.

    Parameters
    ----------
    ops
        Of the framework.
    words
        Seed, as of `seewhy.network.seeds.seed_words`.
    alone
        Whether all forwards are of one sample and one pass: then any layout will do.
    """

    def __init__(self, ops: Ops, words: tuple[int, ...], alone: bool = False) -> None:
        self._ops = ops
        self._words = words
        self._alone = alone
        self._draws: dict[int, _Draws] = {}
        self._rows: dict[int, int] = {}
        self._samples = 0
        self._first = self._count = self._call = 0

    def begin_plain(self, samples: int) -> None:
        """Let the next forward, of so many samples, be without dropout."""
        self._samples, self._count, self._call = samples, 0, 0

    def begin(self, first: int, count: int) -> None:
        """Let the next forward be of passes `first` to `first + count`; a plain one came before.

        Its rows are those of the first pass, then those of the second one, and so on.
        """
        self._first, self._count, self._call = first, count, 0

    def drop(self, x: Tensor, place: Place) -> Tensor:
        """Put the masks of this forward on `x`; called in the order of the forward.

        Raises
        ------
        BatchAxisError
            If the first axis of `x` is not that of the samples.
        """
        call, self._call = self._call, self._call + 1
        if not (self._ops.is_tensor(x) and self._ops.is_floating(x) and x.ndim > 0):
            raise ValueError(f"dropout needs a layer of one floating tensor, {place.name!r} is not")
        if self._count == 0:
            self._rows[call] = x.shape[0]
            return x
        if place.rate == 0:
            return x
        rows = 1 if self._alone else self._rows_of_a_sample(call, x)
        inner = (rows, *x.shape[1:])
        if self._alone:
            inner = tuple(x.shape)
        if place.channelwise:
            inner = inner[:2] + (1,) * (len(inner) - 2)
        kept = self._draw(call).of(self._first, self._count, inner, place.rate)
        scaled = kept.astype(np.float32)[:, None] / np.float32(1 - place.rate)
        split = x.reshape((self._count, self._samples, -1, *x.shape[1:]))
        dropped: Tensor = split * self._ops.tensor(scaled, like=x)
        return dropped.reshape(tuple(x.shape))

    def _rows_of_a_sample(self, call: int, x: Tensor) -> int:
        plain = self._rows.get(call, 0)
        if plain == 0 or plain % self._samples or x.shape[0] != plain * self._count:
            raise BatchAxisError
        return plain // self._samples

    def _draw(self, call: int) -> _Draws:
        if call not in self._draws:
            self._draws[call] = _Draws(np.random.default_rng((*self._words, call)))
        return self._draws[call]


class _Draws:
    """What one call of a dropout keeps in each pass; passes are asked for in order."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._first = 0
        self._kept: list[npt.NDArray[np.bool_]] = []

    def of(
        self, first: int, count: int, shape: tuple[int, ...], rate: float
    ) -> npt.NDArray[np.bool_]:
        """Passes `first` to `first + count`, which may have been asked for before."""
        missing = first + count - self._first - len(self._kept)
        if missing > 0:
            self._kept.extend(self._random.random((missing, *shape), dtype=np.float32) >= rate)
        del self._kept[: first - self._first]
        self._first = first
        return np.stack(self._kept[:count])


def repeated(value: Any, count: int, samples: int, ops: Ops) -> Any:
    """`count` copies of tensors of so many samples, one after the other; all else as it is."""
    if ops.is_tensor(value):
        grows = value.ndim > 0 and value.shape[0] % samples == 0 and value.shape[0] > 0
        return ops.concat([value] * count) if grows else value
    if isinstance(value, (tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(repeated(part, count, samples, ops) for part in value)
    if isinstance(value, dict):
        return {key: repeated(part, count, samples, ops) for key, part in value.items()}
    return value
