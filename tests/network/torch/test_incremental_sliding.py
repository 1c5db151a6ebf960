"""Which outputs of a sliding window a change can reach: against trying it out."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from seewhy.network.torch.incremental_sliding import Sliding

WINDOWS = [
    Sliding(*numbers) for numbers in product((1, 2, 3, 5), (1, 2, 3), (0, 1, 4), (1, 2))
]  # fmt: skip
LENGTH = 13


def outputs(window: Sliding) -> int:
    return (LENGTH + 2 * window.padding - window.extent) // window.stride + 1


def inputs_of(window: Sliding, output: int) -> list[int]:
    first = output * window.stride - window.padding
    return [first + tap * window.dilation for tap in range(window.kernel)]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_reached(window: Sliding) -> None:
    """All that sees the change lies in [first, end), and the first and last of it do see it."""
    for first in range(LENGTH):
        for end in range(first + 1, LENGTH + 1):
            changed = set(range(first, end))
            seeing = [o for o in range(outputs(window)) if changed & set(inputs_of(window, o))]
            low, high = (
                int(made[0].clip(0, outputs(window)))
                for made in window.reached(np.array([first]), np.array([end]))
            )
            assert all(low <= output < high for output in seeing)
            if window.dilation == 1 and seeing:
                assert (low, high) == (seeing[0], seeing[-1] + 1)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_read(window: Sliding) -> None:
    for first in range(4):
        for size in range(1, 4):
            begin, length = window.read(np.array([first]), size)
            read = [i for output in range(first, first + size) for i in inputs_of(window, output)]
            assert (begin[0], begin[0] + length - 1) == (min(read), max(read))
