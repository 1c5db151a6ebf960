"""A batch that does not fit into memory."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from seewhy.network import adapt
from seewhy.network.memory import MemoryLimit, is_out_of_memory
from tests.networks import images, library, numpy, tensor


class Machine:
    """Has room for a number of samples; notes what it was asked to run."""

    def __init__(self, framework: str, room: int) -> None:
        native = library(framework)
        own = native.OutOfMemoryError if framework == "torch" else RuntimeError
        self.error: Exception = own("Out of memory, allocate memory failed")
        self.room = room
        self.sizes: list[int] = []

    def run(self, x: Any) -> Any:
        self.sizes.append(len(x))
        if len(x) > self.room:
            raise self.error
        return x.sum((2, 3))


def test_parts_of_half_the_size_from_then_on(
    framework: str, caplog: pytest.LogCaptureFixture
) -> None:
    ops = adapt(library(framework).nn.Flatten()).ops
    machine, limit, x = Machine(framework, room=5), MemoryLimit(), images(16)
    with caplog.at_level(logging.WARNING, "seewhy"):
        for _ in range(2):
            made = limit.run(machine.run, tensor(framework, x), ops)
            np.testing.assert_allclose(numpy(made), x.sum((2, 3)), 1e-5, 1e-5)
    assert machine.sizes == [16, 8, 4, 4, 4, 4, 4, 4, 4, 4]
    (said,) = caplog.messages
    assert said == "out of memory with 16 samples at once; going on with 8"
    assert limit.most(tensor(framework, x), 32) == 4
    assert limit.most(tensor(framework, x), 3) == 3


def test_each_shape_has_its_own_limit(framework: str) -> None:
    ops = adapt(library(framework).nn.Flatten()).ops
    limit = MemoryLimit()
    limit.run(Machine(framework, room=3).run, tensor(framework, images(8)), ops)
    smaller = tensor(framework, images(8, size=(2, 2)))
    assert limit.most(smaller, 8) == 8


def test_one_sample_that_does_not_fit(framework: str) -> None:
    ops = adapt(library(framework).nn.Flatten()).ops
    machine = Machine(framework, room=0)
    with pytest.raises(type(machine.error)) as caught:
        MemoryLimit().run(machine.run, tensor(framework, images(4)), ops)
    assert caught.value is machine.error
    assert machine.sizes == [4, 2, 1]


def test_other_errors_come_through_at_once(framework: str) -> None:
    ops = adapt(library(framework).nn.Flatten()).ops
    machine = Machine(framework, room=1)
    machine.error = RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="mat1"):
        MemoryLimit().run(machine.run, tensor(framework, images(4)), ops)
    assert machine.sizes == [4]


@pytest.mark.torch
def test_what_pytorch_says_when_the_memory_of_the_host_is_full() -> None:
    with pytest.raises(RuntimeError) as caught:
        library("torch").empty(2**60, dtype=library("torch").uint8)
    assert is_out_of_memory(caught.value)


def test_what_numpy_says() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("size mismatch"))
