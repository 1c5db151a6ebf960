"""Plain networks on the CPU: images with the channels last in memory, where that is faster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor

from seewhy.network.memory import is_out_of_memory

TOLERANCE = 1e-5
"""How far the outputs of the two layouts may lie apart, relative to the largest."""

TIMED = 2
"""Batches that each layout is timed on; the faster one counts."""

WORTH_IT = 0.95
"""Share of the time with the channels first that it must not exceed."""

Forward: TypeAlias = Callable[[Tensor], Tensor]

_log = logging.getLogger("seewhy")


@dataclass
class _Trial:
    """What batches of one kind have shown so far; `last` is None until it is decided."""

    last: bool | None = None
    seconds: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})


class Layouts:
    """Chooses between channels first and last for each kind of batch, while a stream runs.

    Only the memory format of the images differs, which convolutions hand on: no parameter is
    copied or changed. The first batch runs both ways and the answers are compared; the next ones
    take turns and are timed; then the faster way stays.

    Attributes
    ----------
    words
        What was found out last; "" before that.
    """

    def __init__(self) -> None:
        self.words = ""
        self._trials: dict[tuple[object, ...], _Trial] = {}

    def run(self, forward: Forward, x: Tensor) -> Tensor:
        """Return `forward(x)` for a batch (n, C, H, W); the answer is (n, K)."""
        # Of a single channel the strides alone tell, which the next layer goes by.
        already = x.stride(1) == 1 and x.is_contiguous(memory_format=torch.channels_last)
        if already or x.device.type != "cpu":
            return forward(x)
        kind = tuple(x.shape[1:]), x.dtype, len(x).bit_length(), torch.get_num_threads()
        if kind not in self._trials:
            return self._compared(kind, forward, x)
        trial = self._trials[kind]
        if trial.last is None:
            return self._timed(trial, forward, x)
        return self._last(trial, forward, x) if trial.last else forward(x)

    def _compared(self, kind: tuple[object, ...], forward: Forward, x: Tensor) -> Tensor:
        expected = forward(x)
        self._trials[kind] = trial = _Trial()
        got = self._last(trial, forward, x)
        if trial.last is None:
            apart = float((expected - got).abs().max() / expected.abs().max().clamp_min(1e-30))
            if not apart <= TOLERANCE:
                self._decide(trial, False, f"as outputs would differ by {apart:.1e} of the largest")
        return expected

    def _timed(self, trial: _Trial, forward: Forward, x: Tensor) -> Tensor:
        last = len(trial.seconds[True]) < len(trial.seconds[False])
        # Of this thread, which takes part in all that PyTorch's others do; wall time would count
        # other programs too.
        start = time.thread_time()
        made = self._last(trial, forward, x) if last else forward(x)
        trial.seconds[last].append(time.thread_time() - start)
        if trial.last is None and len(trial.seconds[True]) == TIMED:
            share = min(trial.seconds[True]) / max(min(trial.seconds[False]), 1e-9)
            self._decide(trial, share <= WORTH_IT, f"{share:.2f} of the time of channels first")
        return made

    def _last(self, trial: _Trial, forward: Forward, x: Tensor) -> Tensor:
        # Not `contiguous`, which leaves a single channel as it is.
        channels_last = torch.empty_like(x, memory_format=torch.channels_last).copy_(x)
        try:
            return forward(channels_last)
        except Exception as error:  # as of `view`, which cannot flatten such a tensor
            if is_out_of_memory(error):
                raise
            self._decide(trial, False, f"which fail, {str(error).splitlines()[:1]}"[:200])
            return forward(x)

    def _decide(self, trial: _Trial, last: bool, why: Any) -> None:
        trial.last = last
        self.words = f"channels {'last' if last else 'first, not last'}: {why}"
        _log.debug("plain network, %s", self.words)
