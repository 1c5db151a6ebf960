"""Batches in order from worker threads, and the batch size that keeps memory warm."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch
from torch import nn

from seewhy.network.torch.fused import best_batch, fuse, run_stream
from tests.network.torch.fusable import NETWORKS, conv, images, seeded


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_in_order(threads: int) -> None:
    graph = fuse(seeded(NETWORKS["two branches"]), images())
    assert graph is not None
    batches = [images(count, seed=count) for count in (1, 5, 2, 4, 3, 6, 1)]
    got = list(run_stream(graph, iter(batches), threads))
    assert [len(result) for result in got] == [1, 5, 2, 4, 3, 6, 1]
    for result, batch in zip(got, batches, strict=True):
        torch.testing.assert_close(result, graph(batch), rtol=1e-5, atol=1e-6)


def test_slow_first_batch_does_not_change_the_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return number

    assert list(run_stream(work, range(9), 3)) == list(range(9))


def test_workers_have_one_thread_each_and_the_caller_keeps_its_own() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        counts = list(run_stream(lambda _: torch.get_num_threads(), range(6), 2))
        assert counts == [1] * 6
        assert torch.get_num_threads() == 2
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert later == [2]
    finally:
        torch.set_num_threads(before)


def test_reads_only_a_little_ahead() -> None:
    asked = []

    def batches() -> Iterator[int]:
        for number in range(100):
            asked.append(number)
            yield number

    stream = run_stream(lambda number: number, batches(), 2)
    assert asked == []
    assert next(stream) == 0
    assert len(asked) == 3
    stream.close()
    assert len(asked) == 3


def test_failure_reaches_the_caller_and_threads_are_given_back() -> None:
    def work(number: int) -> int:
        if number == 2:
            raise ValueError("two")
        return number

    before, alive = torch.get_num_threads(), threading.active_count()
    stream = run_stream(work, range(10), 2)
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(stream)
    assert torch.get_num_threads() == before
    assert threading.active_count() == alive


def test_no_batches() -> None:
    assert list(run_stream(lambda x: x, [])) == []


@pytest.mark.parametrize("threads", [0, -1])
def test_bad_threads(threads: int) -> None:
    with pytest.raises(ValueError, match="`threads` must be positive, got"):
        run_stream(lambda x: x, [], threads)


@pytest.mark.parametrize(
    ("channels", "size", "expected"),
    [
        (64, 256, 2),  # 64 x 256 x 256 floats are 16 MiB
        (64, 257, 1),
        (100, 512, 1),  # one sample is already too large
        (2, 128, 2**25 // (3 * 128 * 128 * 4)),  # the input itself is the largest
    ],
)
def test_best_batch(channels: int, size: int, expected: int) -> None:
    network = nn.Sequential(conv(3, channels), nn.ReLU(), nn.MaxPool2d(2), conv(channels, 2))
    graph = fuse(network.eval(), images(1, (32, 32)))
    assert graph is not None
    assert best_batch(graph, images(3, (size, size))) == expected
