"""Many forwards with dropout that share what comes before the first dropout."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeAlias

import numpy as np

from seewhy.network.calls import (
    Event,
    Layers,
    answered,
    dropping,
    finished_calls,
    first_use,
    kept_results,
    noted,
)
from seewhy.network.dropout_masks import BatchAxisError, Masks, Place, choose_places, repeated
from seewhy.network.logits import NotFiniteError, check_finite
from seewhy.network.memory import MemoryLimit
from seewhy.network.protocol import Ops, Tensor

TOLERANCE = 1e-4
"""How far passes with and without the shared part may lie apart, relative to the largest logit."""

_log = logging.getLogger("seewhy")

_Trace: TypeAlias = Sequence[Event]
"""What a forward calls, with the bytes for one sample."""

Tail: TypeAlias = Callable[[int, int], Tensor]
"""Takes the first pass and how many; gives their logits (count x N, K), pass after pass."""


class Host(Protocol):
    """What a framework has to offer; all of it is called with the network in evaluation mode."""

    ops: Ops
    method: str
    """What the framework calls the forward of a layer."""

    def layers(self) -> Layers:
        """All layers by name, the network itself as ""."""

    def own(self, layers: Layers) -> Mapping[str, tuple[float, bool]]:
        """Rate of each live dropout layer, and whether it drops whole channels."""

    def weighted(self, layers: Layers) -> AbstractSet[str]:
        """Names of the layers that hold a weight matrix."""

    def logits(self, x: Tensor, rows: int) -> Tensor:
        """One forward (N, C, H, W) -> (rows, K); the values are not checked."""

    def fused(self, x: Tensor, places: Sequence[Place], masks: Masks) -> tuple[Tensor, Tail] | None:
        """Logits without dropout, and the passes, by a fused graph; None if there is none."""

    def block(self, x: Tensor) -> int:
        """Bytes that no tensor of a forward should exceed."""


class DropoutPasses:
    """Runs one network; what it found out about it is kept for the next call.

    Layers whose calls are over when the first value is dropped run once. In the passes they are
    answered from memory: first the last of them only, for all passes together, then, if that is
    not enough (skip connections around it), each. Both are tried against whole forwards with the
    same masks when they are first used; if they fail, whole forwards serve.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._traces: dict[Any, _Trace] = {}
        self._ways: dict[Any, str] = {}
        self._memory: dict[Any, MemoryLimit] = {}

    def logits(
        self, x: Tensor, passes: int, rate: float | None, where: str | None, words: tuple[int, ...]
    ) -> tuple[Tensor, Tensor]:
        """Logits without dropout (N, K), and of the passes (passes x N, K).

        Parameters are those of `Network.dropout_passes`; `words` are the seed's.
        """
        host = self._host
        layers = host.layers()
        trace = self._trace(x, layers)
        called = [event.name for event in trace if event.entered]
        places = choose_places(called, host.own(layers), host.weighted(layers), rate, where)
        try:
            plain, made = self._run(x, passes, trace, places, words)
        except BatchAxisError:
            _log.debug("dropout along another axis than the samples': one by one")
            plain, made = self._one_by_one(x, passes, places, words)
        check_finite(plain, host.ops)
        _check_passes(made, len(x), host.ops)
        return plain, made

    def _run(
        self,
        x: Tensor,
        passes: int,
        trace: _Trace,
        places: Sequence[Place],
        words: tuple[int, ...],
    ) -> tuple[Tensor, Tensor]:
        host, masks = self._host, Masks(self._host.ops, words)
        end = first_use(trace, places)
        found = host.fused(x, places, masks)
        if found is None:
            way = self._way(x, trace, places, words)
            end = end if way == "last" else 0
            found = _prepared(host, way, x, trace, places, masks)
        plain, tail = found
        size = max([1, *(event.size for event in trace[max(end - 1, 0) :])])
        most = max(1, host.block(x) // (size * len(x)))
        memory = self._memory.setdefault((places, tuple(x.shape)), MemoryLimit("passes"))
        made = []
        for start in range(0, passes, most):
            wanted = np.arange(start, min(start + most, passes))
            made.append(memory.run(lambda part: tail(int(part[0]), len(part)), wanted, host.ops))
        return plain, made[0] if len(made) == 1 else host.ops.concat(made)

    def _one_by_one(
        self, x: Tensor, passes: int, places: Sequence[Place], words: tuple[int, ...]
    ) -> tuple[Tensor, Tensor]:
        host, rows = self._host, []
        for n in range(len(x)):
            masks = Masks(host.ops, words, alone=True)
            masks.begin_plain(1)
            tail = _whole(host, x[n : n + 1], places, masks)
            rows.append(host.ops.concat([tail(number, 1) for number in range(passes)]))
        made = host.ops.stack(rows, 1)
        return host.logits(x, len(x)), made.reshape((-1, made.shape[2]))

    def _trace(self, x: Tensor, layers: Layers) -> _Trace:
        key = (tuple(x.shape[1:]), str(x.dtype), tuple(map(id, layers.values())))
        if key not in self._traces:
            with noted(layers) as events:
                self._host.logits(x, len(x))
            self._traces[key] = [Event(e.name, e.entered, e.size // len(x)) for e in events]
        return self._traces[key]

    def _way(
        self, x: Tensor, trace: _Trace, places: Sequence[Place], words: tuple[int, ...]
    ) -> str:
        """Which way serves: the last result, all results, or whole forwards."""
        key = (id(trace), tuple(places), min(len(x), 2))
        if key not in self._ways:
            self._ways[key] = self._tried(x[:2], trace, places, words)
            _log.debug("passes with dropout: %s", self._ways[key])
        return self._ways[key]

    def _tried(
        self, x: Tensor, trace: _Trace, places: Sequence[Place], words: tuple[int, ...]
    ) -> str:
        host = self._host
        if not finished_calls(trace, first_use(trace, places)):
            return "whole"
        expected = _two_passes(host, "whole", x, trace, places, words)
        for way in ("last", "all"):
            try:
                got = _two_passes(host, way, x, trace, places, words)
            except Exception as error:  # the network's own code, on shapes it does not expect
                _log.debug("passes with dropout cannot share %s: %r", way, error)
                continue
            apart = np.abs(got - expected).max(initial=0)
            if got.shape == expected.shape and apart <= TOLERANCE * np.abs(expected).max(initial=0):
                return way
        return "whole"


def _two_passes(
    host: Host,
    way: str,
    x: Tensor,
    trace: _Trace,
    places: Sequence[Place],
    words: tuple[int, ...],
) -> Any:
    _, tail = _prepared(host, way, x, trace, places, Masks(host.ops, words))
    return host.ops.numpy(tail(0, 2))


def _prepared(
    host: Host, way: str, x: Tensor, trace: _Trace, places: Sequence[Place], masks: Masks
) -> tuple[Tensor, Tail]:
    """Logits without dropout, and the passes."""
    layers = host.layers()
    masks.begin_plain(len(x))
    if way == "whole":
        with dropping(layers, places, masks):
            plain = host.logits(x, len(x))
        return plain, _whole(host, x, places, masks)
    calls = finished_calls(trace, first_use(trace, places))
    shared = set(calls) if way == "all" else {calls[-1]}

    def copied(name: str, value: Any) -> Any:
        # What follows may work in place on its input.
        return repeated(value, 1, len(x), host.ops) if name in shared else value

    with dropping(layers, places, masks), kept_results(layers, calls, copied) as kept:
        plain = host.logits(x, len(x))

    def tail(first: int, count: int) -> Tensor:
        masks.begin(first, count)
        answers = {
            name: [
                _answer(host.ops, value, count, len(x)) if name in shared else _answer_as_is(value)
                for value in values
            ]
            for name, values in kept.items()
        }
        images = repeated(x, count, len(x), host.ops) if way == "all" else x
        with dropping(layers, places, masks), answered(layers, host.method, answers):
            return host.logits(images, count * len(x))

    return plain, tail


def _answer(ops: Ops, value: Any, count: int, samples: int) -> Callable[[], Any]:
    return lambda: repeated(value, count, samples, ops)


def _answer_as_is(value: Any) -> Callable[[], Any]:
    return lambda: value


def _whole(host: Host, x: Tensor, places: Sequence[Place], masks: Masks) -> Tail:
    def tail(first: int, count: int) -> Tensor:
        masks.begin(first, count)
        with dropping(host.layers(), places, masks):
            return host.logits(repeated(x, count, len(x), host.ops), count * len(x))

    return tail


def _check_passes(made: Tensor, samples: int, ops: Ops) -> None:
    if ops.all_finite(made):
        return
    bad = next(i for i in range(made.shape[0]) if not ops.all_finite(made[i]))
    raise NotFiniteError(
        f"`network` returned NaN or infinite values for sample {bad % samples} of the batch, "
        "with dropout"
    )
