"""Streams of batches: which batch size, and how many at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor

if TYPE_CHECKING:
    from seewhy.network.torch.fused import FusedGraph

# glibc gives larger blocks back to the kernel after each layer; fetching them again page by page
# makes a forward up to four times slower.
LARGEST_BLOCK = 32 * 2**20

_Batch = TypeVar("_Batch")
_Result = TypeVar("_Result")


def best_batch(fused: FusedGraph, example: Tensor) -> int:
    """Return the largest batch in which no tensor of the forward exceeds 32 MiB, at least 1.

    Parameters
    ----------
    fused
        The graph that will run.
    example
        (N, C, H, W): the first sample is run once to measure it.
    """
    return max(1, LARGEST_BLOCK // fused.largest_activation(example[:1]))


def run_stream(
    function: Callable[[_Batch], _Result], batches: Iterable[_Batch], threads: int = 2
) -> Generator[_Result, None, None]:
    """Yield `function(batch)` in order, from worker threads with one intra-op thread each.

    On streams of small batches this beats PyTorch's own threads, which wait for each other after
    every layer. `batches` is read on the caller's thread, at most `threads` + 1 ahead.

    Parameters
    ----------
    function
        A fused graph, or anything else that several threads may call.
    batches
        Its arguments.
    threads
        How many workers; 1 runs them one by one on one.

    Raises
    ------
    ValueError
        If `threads` is not positive.
    """
    if threads < 1:
        raise ValueError(f"`threads` must be positive, got {threads}")
    return _stream(function, batches, threads)


def stream_logits(
    forward: Callable[[_Batch], torch.Tensor], batches: Iterable[_Batch], threads: int
) -> Generator[torch.Tensor, None, None]:
    """Yield the logits of each batch in order; several threads work on a batch each."""
    if threads == 1:
        for batch in batches:
            yield forward(batch)
        return
    # PyTorch's own threads wait for each other in a busy loop. Beside the workers there is no core
    # for that: making masks took 25 times as long.
    with _one_thread(), closing(run_stream(forward, batches, threads)) as stream:
        yield from stream


def _stream(
    function: Callable[[_Batch], _Result], batches: Iterable[_Batch], threads: int
) -> Generator[_Result, None, None]:
    waiting: deque[Future[_Result]] = deque()
    before = torch.get_num_threads()
    # `set_num_threads` counts for the thread that calls it and for threads that start later.
    pool = ThreadPoolExecutor(threads, "seewhy", torch.set_num_threads, (1,))
    try:
        for batch in batches:
            waiting.append(pool.submit(function, batch))
            if len(waiting) > threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(before)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let operations called from this thread run in one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
