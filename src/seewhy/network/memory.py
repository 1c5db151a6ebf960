"""Going on with smaller batches where one did not fit into memory."""

from __future__ import annotations

import logging
from collections.abc import Callable

from seewhy.network.protocol import Ops, Tensor

_log = logging.getLogger("seewhy")

_WORDS = (
    "out of memory", "allocate memory", "alloc memory", "memory not enough", "not enough memory",
    "bad_alloc", "alloc_failed",
)  # fmt: skip


class MemoryLimit:
    """How many samples of a shape fit into memory together, as far as forwards have shown.

    `what` is what the log calls them.
    """

    def __init__(self, what: str = "samples") -> None:
        self._what = what
        self._most: dict[tuple[int, ...], int] = {}

    def most(self, x: Tensor, wanted: int) -> int:
        """Return how many of the `wanted` samples like those of `x` (N, ...) to try together."""
        return min(wanted, self._most.get(tuple(x.shape[1:]), wanted))

    def run(self, forward: Callable[[Tensor], Tensor], x: Tensor, ops: Ops) -> Tensor:
        """Return `forward(x)`; out of memory, that of its parts, half as large from then on.

        The first time is said in the log. One sample that does not fit raises its error.
        """
        made = []
        start = 0
        while start < len(x):
            most = self.most(x, len(x) - start)
            part = x if most == len(x) else x[start : start + most]
            try:
                made.append(forward(part))
            except (RuntimeError, MemoryError) as error:
                if most == 1 or not is_out_of_memory(error):
                    raise
                self._halve(part)
            else:
                start += most
        return made[0] if len(made) == 1 else ops.concat(made)

    def _halve(self, part: Tensor) -> None:
        number = len(part)
        if not self._most:
            _log.warning(
                "out of memory with %d %s at once; going on with %d",
                number,
                self._what,
                number // 2,
            )
        self._most[tuple(part.shape[1:])] = self.most(part, number // 2)


def is_out_of_memory(error: Exception) -> bool:
    """Whether `error` says that memory ran out."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or any(word in words for word in _WORDS)
