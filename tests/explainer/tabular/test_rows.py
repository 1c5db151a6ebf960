"""Rows of every kind that a caller may hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from seewhy.explainer.tabular import read_rows
from tests.networks import numpy, tensor

VALUES = np.array([[1.5, -2.0, 0.25], [0.0, 4.0, 8.5]])


@pytest.mark.parametrize(
    "given",
    [
        VALUES,
        VALUES.astype(np.float32),
        VALUES.tolist(),
        tuple(map(tuple, VALUES)),
        pd.DataFrame(VALUES, columns=list("abc")),
    ],
    ids=["float64", "float32", "list", "tuple", "DataFrame"],
)
def test_rows_are_read(given: Any) -> None:
    rows = read_rows("inputs", given)
    np.testing.assert_array_equal(rows.values, VALUES)
    assert rows.values.dtype == np.float64
    assert rows.names == (("a", "b", "c") if isinstance(given, pd.DataFrame) else None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_are_read_and_given_back(framework: str, dtype: str) -> None:
    given = tensor(framework, VALUES.astype(dtype))
    rows = read_rows("inputs", given)
    np.testing.assert_array_equal(rows.values, VALUES)
    for made in (rows.kind.native(VALUES), rows.kind.result(VALUES)):
        assert type(made) is type(given)
        assert made.dtype == given.dtype
        np.testing.assert_array_equal(numpy(made), VALUES)


def test_integer_tensors_become_floating_ones(framework: str) -> None:
    rows = read_rows("inputs", tensor(framework, np.array([[1, 2]])))
    made = rows.kind.native(np.array([[0.5, 2.0]]))
    np.testing.assert_array_equal(numpy(made), [[0.5, 2.0]])


def test_arrays_keep_their_dtype_and_are_copies() -> None:
    rows = read_rows("inputs", VALUES.astype(np.float32))
    array = VALUES.copy()
    made = rows.kind.native(array)
    assert made.dtype == np.float32
    rows64 = read_rows("inputs", VALUES)
    rows64.kind.native(array)[:] = 0
    np.testing.assert_array_equal(array, VALUES)


def test_integers_and_booleans_become_floats() -> None:
    assert read_rows("inputs", np.array([[1, 2]])).kind.native(np.array([[0.5, 1]])).dtype == float
    np.testing.assert_array_equal(read_rows("inputs", [[True, False]]).values, [[1, 0]])


def test_a_frame_is_given_back_as_a_frame() -> None:
    frame = pd.DataFrame({"age": [30, 40], "rich": [True, False]})
    rows = read_rows("inputs", frame)
    made = rows.kind.native(np.array([[1.5, 0.0]]))
    assert isinstance(made, pd.DataFrame)
    assert list(made.columns) == ["age", "rich"]
    assert isinstance(rows.kind.result(np.zeros((1, 1, 2))), np.ndarray)


def test_one_row_may_come_alone() -> None:
    np.testing.assert_array_equal(read_rows("inputs", VALUES[0]).values, VALUES[:1])
    row = pd.DataFrame(VALUES, columns=list("abc")).iloc[1]
    rows = read_rows("inputs", row)
    np.testing.assert_array_equal(rows.values, VALUES[1:])
    assert rows.names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("text", TypeError, "`inputs` must be an array, a tensor, a DataFrame or a list"),
        (3.0, TypeError, "got float"),
        (None, TypeError, "got NoneType"),
        ([["a", "b", "c"]], TypeError, "integer codes"),
        (np.array([[1j, 0, 0]]), TypeError, "must hold numbers, got complex128"),
        (np.array([[None, 1, 2]]), TypeError, "must hold numbers, got object"),
        ([[1, 2, 3], [4]], ValueError, "rows of the same length"),
        (np.zeros((0, 3)), ValueError, r"at least one row and column, got \(0, 3\)"),
        (np.zeros((2, 0)), ValueError, "at least one row and column"),
        (np.zeros((1, 2, 3)), ValueError, r"shape \(N, K\)"),
        (np.zeros(()), ValueError, r"shape \(N, K\)"),
        (np.zeros((2, 4)), ValueError, "must have 3 columns, one for each feature, got 4"),
        ([[1, np.nan, 2]], ValueError, "got nan in row 0, column 1; fill missing values in"),
        ([[1, 2, 3], [1, 2, -np.inf]], ValueError, "got -inf in row 1, column 2"),
        (pd.DataFrame({"a": [1], "b": ["x"], "c": [2]}), TypeError, "in column 'b'"),
        (
            pd.DataFrame({"a": [1], "b": pd.Categorical([3]), "c": [2]}),
            TypeError,
            "got category in column 'b'; give categories as integer codes",
        ),
        (pd.DataFrame({"a": [1.0], "b": [np.nan], "c": [2]}), ValueError, r"column 1 \(b\)"),
    ],
)
def test_what_are_no_rows_is_refused(given: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        read_rows("inputs", given, num_features=3)
