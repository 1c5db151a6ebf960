"""The operations that the two tensor dialects spell differently, against NumPy and slow loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network import Ops, adapt
from tests import oracles
from tests.networks import Spec, library, make, numpy, tensor

RANDOM = np.random.default_rng(0)


@pytest.fixture(scope="module")
def ops(framework: str) -> Ops:
    return adapt(make(framework, Spec("dense"))).ops


def test_kinds_of_values(framework: str, ops: Ops) -> None:
    floats = tensor(framework, np.ones(2, np.float32))
    assert ops.tensor_type == f"{framework}.Tensor"
    assert ops.is_tensor(floats)
    for other in (np.ones(2), [1.0], 1.0, None):
        assert not ops.is_tensor(other)
    for dtype in (np.float16, np.float32, np.float64):
        assert ops.is_floating(tensor(framework, np.ones(2, dtype)))
    for dtype in (np.int64, np.uint8, np.bool_, np.complex64):
        assert not ops.is_floating(tensor(framework, np.ones(2, dtype)))
    native = library(framework)
    assert ops.is_floating(ops.cast(floats, like=ops.cast(floats, floats).astype(native.bfloat16))
                           if framework == "mindspore" else floats.to(native.bfloat16))  # fmt: skip


def test_to_and_from_the_host(framework: str, ops: Ops) -> None:
    array = RANDOM.normal(size=(2, 3))
    made = ops.tensor(array)
    np.testing.assert_array_equal(ops.numpy(made), array)
    array[0, 0] = 9
    assert ops.numpy(made)[0, 0] != 9
    host = ops.numpy(made)
    host[0, 0] = 9
    assert ops.numpy(made)[0, 0] != 9


def test_floats_take_the_dtype_of_another_tensor_and_integers_keep_theirs(
    framework: str, ops: Ops
) -> None:
    like = tensor(framework, np.ones(1, np.float16))
    assert ops.tensor(np.ones(2), like=like).dtype == like.dtype
    ids = ops.tensor(np.array([2**40, 1]), like=like)
    assert ops.numpy(ids).tolist() == [2**40, 1]
    assert ops.cast(ids * 0, like=like).dtype == like.dtype
    assert ops.numpy(ops.tensor([[1, 2]])).tolist() == [[1, 2]]


def test_bfloat16_comes_to_the_host_as_float32(framework: str, ops: Ops) -> None:
    native = library(framework)
    values = tensor(framework, np.array([1.5, -2.0], np.float32))
    half = values.to(native.bfloat16) if framework == "torch" else values.astype(native.bfloat16)
    assert ops.numpy(half).dtype == np.float32
    assert ops.numpy(half).tolist() == [1.5, -2.0]


@pytest.mark.parametrize("axis", [0, 1])
def test_joins(framework: str, ops: Ops, axis: int) -> None:
    arrays = [RANDOM.normal(size=(2, 3)).astype(np.float32) for _ in range(3)]
    natives = [tensor(framework, array) for array in arrays]
    np.testing.assert_array_equal(numpy(ops.concat(natives, axis)), np.concatenate(arrays, axis))
    np.testing.assert_array_equal(numpy(ops.stack(natives, axis)), np.stack(arrays, axis))


def test_gather(framework: str, ops: Ops) -> None:
    x, index = RANDOM.normal(size=(2, 5)).astype(np.float32), np.array([[4, 0, 4], [1, 1, 3]])
    made = numpy(ops.gather(tensor(framework, x), tensor(framework, index)))
    np.testing.assert_array_equal(made, [[x[n, i] for i in index[n]] for n in range(2)])


def test_mean_keeps_its_axes(framework: str, ops: Ops) -> None:
    x = RANDOM.normal(size=(2, 3, 4, 5)).astype(np.float32)
    made = numpy(ops.mean(tensor(framework, x), (2, 3)))
    np.testing.assert_allclose(made, x.mean((2, 3), keepdims=True), 1e-5, 1e-6)


@pytest.mark.parametrize("size", [(4, 6), (2, 3), (1, 1), (7, 3), (3, 7), (8, 12), (5, 1)])
def test_resize(framework: str, ops: Ops, size: tuple[int, int]) -> None:
    x = RANDOM.normal(size=(2, 3, 4, 6)).astype(np.float32) * 300
    made = numpy(ops.resize(tensor(framework, x), size))
    np.testing.assert_allclose(made, oracles.bilinear(x, size), 1e-4, 1e-3)


def test_resize_does_not_round(framework: str, ops: Ops) -> None:
    """The maps of old went through eight bits: tiny values became zero, large ones wrapped."""
    x = np.array([[[[1e-6, 3e-6]]]], np.float32)
    made = numpy(ops.resize(tensor(framework, x), (1, 4)))
    np.testing.assert_allclose(made[0, 0, 0, 0], 1e-6, 1e-5)


@pytest.mark.parametrize(
    ("values", "finite"),
    [
        ([0.0, -1.0], True),
        ([3e38, 3e38], True),  # the sum is no float32
        ([np.nan, 0.0], False),
        ([np.inf, 0.0], False),
        ([np.inf, -np.inf], False),
    ],
)
def test_all_finite(framework: str, ops: Ops, values: Any, finite: bool) -> None:
    assert ops.all_finite(tensor(framework, np.array(values, np.float32))) is finite


def test_where_picks_elements_and_broadcasts(framework: str, ops: Ops) -> None:
    x, y = RANDOM.normal(size=(2, 3, 4, 5)), RANDOM.normal(size=(2, 3, 1, 1))
    condition = RANDOM.random((2, 1, 4, 5)) < 0.5
    native = [tensor(framework, array) for array in (condition, x, y)]
    np.testing.assert_array_equal(numpy(ops.where(*native)), np.where(condition, x, y))
