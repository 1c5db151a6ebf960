"""Samples that go through the network together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seewhy.runner.resume import Numbered

MAX_SHAPES = 8


def same_shape_batches(samples: Iterable[Numbered], size: int) -> Iterator[list[Numbered]]:
    """Batches of up to `size` samples whose images have the same shape.

    No more samples are kept waiting than make eight batches, whatever their shapes. If reading
    the samples fails, those read before come out first; then the error does.
    """
    waiting: dict[tuple[int, ...], list[Numbered]] = {}
    kept = 0
    try:
        for numbered in samples:
            shape = numbered.sample.image.shape
            waiting.setdefault(shape, []).append(numbered)
            kept += 1
            if kept == MAX_SHAPES * size and len(waiting[shape]) < size:
                shape = next(iter(waiting))  # has waited longest
            if len(waiting[shape]) == size or kept == MAX_SHAPES * size:
                batch = waiting.pop(shape)
                kept -= len(batch)
                yield batch
    except Exception:
        yield from waiting.values()
        raise
    yield from waiting.values()
