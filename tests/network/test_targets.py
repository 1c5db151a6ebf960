"""Class ids of every accepted form, and of none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.network import Ops, adapt
from seewhy.network.targets import check_range, class_ids
from tests.networks import Spec, make, tensor


@pytest.fixture(scope="module")
def ops(framework: str) -> Ops:
    return adapt(make(framework, Spec("dense"))).ops


ONE_FOR_ALL: list[Any] = [
    2,
    np.int64(2),
    np.int8(2),
    np.uint8(2),
    np.array(2),
    np.array(2, np.uint16),
]
ONE_EACH: list[Any] = [
    [0, 3],
    (0, 3),
    range(0, 6, 3),
    [np.int64(0), 3],
    [np.array(0), np.array(3)],
    np.array([0, 3]),
    np.array([0, 3], np.int32),
    np.array([0, 3], np.uint64),
]
SEVERAL_EACH: list[Any] = [
    [[0, 3], [1, 4]],
    ((0, 3), (1, 4)),
    [(0, 3), [1, 4]],
    [np.array([0, 3]), np.array([1, 4])],
    [[np.int32(0), 3], [1, np.array(4)]],
    np.array([[0, 3], [1, 4]]),
]


@pytest.mark.parametrize("targets", ONE_FOR_ALL, ids=repr)
def test_one_class_for_all_samples(ops: Ops, targets: Any) -> None:
    expect(class_ids(targets, 2, ops), [[2], [2]])
    expect(class_ids(targets, 1, ops), [[2]])


@pytest.mark.parametrize("targets", ONE_EACH, ids=repr)
def test_one_class_for_each_sample(ops: Ops, targets: Any) -> None:
    expect(class_ids(targets, 2, ops), [[0], [3]])


@pytest.mark.parametrize("targets", SEVERAL_EACH, ids=repr)
def test_several_classes_for_each_sample(ops: Ops, targets: Any) -> None:
    expect(class_ids(targets, 2, ops), [[0, 3], [1, 4]])


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_tensors(framework: str, ops: Ops, dtype: Any) -> None:
    def native(array: Any) -> Any:
        return tensor(framework, np.asarray(array, dtype))

    expect(class_ids(native(2), 2, ops), [[2], [2]])
    expect(class_ids(native([0, 3]), 2, ops), [[0], [3]])
    expect(class_ids(native([[0, 3], [1, 4]]), 2, ops), [[0, 3], [1, 4]])
    expect(class_ids([native(0), native(3)], 2, ops), [[0], [3]])
    expect(class_ids([native([0, 3]), native([1, 4])], 2, ops), [[0, 3], [1, 4]])


def expect(made: Any, expected: Any) -> None:
    assert made.dtype == np.int64
    np.testing.assert_array_equal(made, expected)


def test_one_column_keeps_its_axis(ops: Ops) -> None:
    assert class_ids([[4], [1]], 2, ops).shape == (2, 1)


def test_the_users_array_is_not_shared(ops: Ops) -> None:
    given = np.array([[0, 3], [1, 4]])
    class_ids(given, 2, ops)[0, 0] = 9
    assert given[0, 0] == 0


WRONG_TYPES: list[Any] = [
    True, np.True_, 1.0, np.float32(1), 1j, "1", b"1", None, {0, 1}, {0: 1}, int, Ellipsis,
    [True, False], [0, True], [1.0, 2.0], [0, 1.5], ["0", "1"], [None, 0], "01", [[0, "1"], [1, 2]],
    [[0, 1.5], [1, 2]], [[[0]], [[1]]], np.array([0.0, 1.0]), np.array([True, False]),
    np.array(["0", "1"]), np.array([0, 1], object), [np.array([0.5]), np.array([1.5])],
]  # fmt: skip


@pytest.mark.parametrize("targets", WRONG_TYPES, ids=repr)
def test_wrong_types(ops: Ops, targets: Any) -> None:
    with pytest.raises(TypeError, match=r"`targets` must (be an int|hold integers), .*got "):
        class_ids(targets, 2, ops)


@pytest.mark.parametrize("array", [[0.0, 1.0], [True, False], 1.0, True], ids=repr)
def test_tensors_of_a_wrong_type(framework: str, ops: Ops, array: Any) -> None:
    with pytest.raises(TypeError, match="`targets` must hold integers, got "):
        class_ids(tensor(framework, array), 2, ops)
    with pytest.raises(TypeError, match=r"`targets` must be an int, .* got "):
        class_ids([tensor(framework, array)] * 2, 2, ops)


WRONG_VALUES: list[tuple[Any, str]] = [
    ([0], "one entry for each of the 2 samples, got 1"),
    ([0, 1, 2], "one entry for each of the 2 samples, got 3"),
    (np.array([0, 1, 2]), "one entry for each of the 2 samples, got 3"),
    ([[0, 1]], "one entry for each of the 2 samples, got 1"),
    ([], "one entry for each of the 2 samples, got 0"),
    ((), "one entry for each of the 2 samples, got 0"),
    ([[], []], r"at least one class, got shape \(2, 0\)"),
    (np.zeros((2, 0), int), r"at least one class, got shape \(2, 0\)"),
    ([[0], [0, 1]], "same number of classes for each sample, got 1, 2"),
    ([0, [1]], "same number of classes for each sample, got 0, 1"),
    ([[0, 1], 1], "same number of classes for each sample, got 0, 2"),
    (np.zeros((2, 1, 1), int), "got 3 dimensions"),
    (-1, "class ids of 0 or more, got -1"),
    ([0, -2], "class ids of 0 or more, got -2"),
    ([[0, 1], [2, -3]], "class ids of 0 or more, got -3"),
    (2**70, "class ids, got 1180591620717411303424"),
    ([0, 2**70], "class ids, got 1180591620717411303424"),
    (-(2**70), "class ids, got -1180591620717411303424"),
    (np.array([0, 2**63], np.uint64), "class ids, got 9223372036854775808"),
]


@pytest.mark.parametrize(("targets", "message"), WRONG_VALUES, ids=repr)
def test_wrong_values(ops: Ops, targets: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"`targets` must .*{message}"):
        class_ids(targets, 2, ops)


def test_range() -> None:
    check_range(np.array([[0, 4]]), 5)
    with pytest.raises(ValueError, match=r"must be class ids in 0\.\.4, .* 5 outputs, got 5"):
        check_range(np.array([[0, 1], [5, 2]]), 5)


@pytest.mark.torch
@pytest.mark.mindspore
def test_tensors_of_the_other_framework() -> None:
    torch_ops, mindspore_ops = (
        adapt(make(name, Spec("dense"))).ops for name in ("torch", "mindspore")
    )
    for ops, other in ((torch_ops, "mindspore"), (mindspore_ops, "torch")):
        for targets in (tensor(other, [0, 1]), [tensor(other, [0, 1])] * 2):
            with pytest.raises(TypeError, match=r"`targets` must be an int, .*got Tensor"):
                class_ids(targets, 2, ops)
