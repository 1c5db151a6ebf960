"""Batches of as many rows as take a while, but not long."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

FIRST = 8
MOST = 4096
SHORT_SECONDS = 0.5
LONG_SECONDS = 2.0


def paced_batches(items: Iterable[T], size: int | None) -> Iterator[list[T]]:
    """Batches of `size` items; None: of so many that each keeps the caller busy for a second.

    Where all items of a batch share work, large batches save it; small ones lose little when a run
    is stopped.
    """
    wanted = FIRST if size is None else size
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) < wanted:
            continue
        start = time.monotonic()
        yield batch
        if size is None:
            wanted = next_size(wanted, time.monotonic() - start)
        batch = []
    if batch:
        yield batch


def next_size(size: int, seconds: float) -> int:
    """How many items to take after a batch of `size` took so long."""
    if seconds < SHORT_SECONDS:
        return min(2 * size, MOST)
    return max(size // 2, 1) if seconds > LONG_SECONDS else size
