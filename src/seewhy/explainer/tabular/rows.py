"""Rows of a table, of whatever kind the caller has them."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor
from seewhy.network.tensors import ops_of

Array = npt.NDArray[np.float64]

ACCEPTED = "an array, a tensor, a DataFrame or a list"


class Kind(Protocol):
    """How the caller holds numbers: what a callable predictor of theirs is given."""

    @property
    def key(self) -> str:
        """The same for all that a predictor need not tell apart."""

    def native(self, array: Array, *, fresh: bool = False) -> Any:
        """Rows (n, K) in the caller's kind, for a predictor, which may change or keep them.

        A copy, unless `array` is `fresh`: nobody else's.
        """

    def result(self, array: Array) -> Any:
        """Numbers of any shape as the caller gets them back: a tensor, else an array."""


@dataclass(frozen=True)
class ArrayKind:
    """NumPy arrays of one floating dtype."""

    dtype: npt.DTypeLike = np.float64

    @property
    def key(self) -> str:
        return f"array {self.dtype}"

    def native(self, array: Array, *, fresh: bool = False) -> Any:
        if fresh:
            return np.ascontiguousarray(array, dtype=self.dtype)
        return np.array(array, dtype=self.dtype, order="C")

    def result(self, array: Array) -> Any:
        return np.asarray(array, dtype=self.dtype)


@dataclass(frozen=True, eq=False)
class FrameKind:
    """pandas DataFrames with the columns of `like`; results are arrays."""

    like: Any

    @property
    def key(self) -> str:
        return "DataFrame"

    def native(self, array: Array, *, fresh: bool = False) -> Any:
        return type(self.like)(array, columns=self.like.columns, copy=not fresh)

    def result(self, array: Array) -> Any:
        return np.asarray(array, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class TensorKind:
    """Tensors of a framework, with the device and dtype of `like`, else of `dtype` on the host."""

    ops: Ops
    like: Tensor | None = None
    dtype: npt.DTypeLike = np.float32

    @property
    def key(self) -> str:
        dtype = self.dtype if self.like is None else self.like.dtype
        return f"{self.ops.tensor_type} {dtype}"

    def native(self, array: Array, *, fresh: bool = False) -> Any:
        return self._tensor(array)

    def result(self, array: Array) -> Any:
        return self._tensor(array)

    def _tensor(self, array: Array) -> Any:
        if self.like is None:
            return self.ops.tensor(np.asarray(array, dtype=self.dtype))
        return self.ops.tensor(array, like=self.like)


@dataclass(frozen=True)
class Rows:
    """N rows of K finite numbers."""

    values: Array
    """(N, K)."""
    kind: Kind
    names: tuple[str, ...] | None
    """The columns' names, where the caller's kind has them."""


def digest(*arrays: Array) -> str:
    """Hexadecimal digest of numbers and their shapes."""
    made = hashlib.blake2b(digest_size=16)
    for array in arrays:
        made.update(repr((array.shape, array.dtype.str)).encode())
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


def read_rows(name: str, value: Any, num_features: int | None = None) -> Rows:
    """Read the argument `name`: rows of numbers.

    Parameters
    ----------
    name
        The argument, for messages.
    value
        (N, K), or (K,) for a single row: an array, a tensor of a loaded framework, a pandas
        DataFrame or Series, or a (nested) list of numbers. Integers and booleans become floats.
    num_features
        The K that is expected; any if None.

    Raises
    ------
    TypeError
        If `value` is of another type or does not hold real numbers.
    ValueError
        If the shape is wrong, there is no row or column, or a cell is NaN or infinite.
    """
    array, kind, names = _read(name, value)
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"`{name}` must have shape (N, K) with at least one row and column, got {array.shape}"
        )
    if num_features is not None and array.shape[1] != num_features:
        raise ValueError(
            f"`{name}` must have {num_features} columns, one for each feature, got {array.shape[1]}"
        )
    finite = np.isfinite(array)
    if not finite.all():
        row, column = np.argwhere(~finite)[0]
        label = f"{column} ({names[column]})" if names else str(column)
        raise ValueError(
            f"`{name}` must be finite, got {array[row, column]} in row {row}, column {label}; "
            "fill missing values in first"
        )
    return Rows(array, kind, names)


def _read(name: str, value: Any) -> tuple[Array, Kind, tuple[str, ...] | None]:
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Series):
        # One row of a table: what `frame.iloc[i]` gives.
        value = value.to_frame().T
    if pandas is not None and isinstance(value, pandas.DataFrame):
        names = tuple(str(column) for column in value.columns)
        return _frame(name, value, pandas), FrameKind(value.iloc[:0]), names
    ops = ops_of(value)
    if ops is not None:
        array = ops.numpy(value)
        like = value if ops.is_floating(value) else None
        return _floats(name, array), TensorKind(ops, like), None
    if not isinstance(value, (np.ndarray, list, tuple)):
        raise TypeError(f"`{name}` must be {ACCEPTED} of numbers, got {type(value).__name__}")
    try:
        array = np.asarray(value)
    except ValueError as error:  # lists of different lengths
        raise ValueError(f"`{name}` must have rows of the same length") from error
    floating = isinstance(value, np.ndarray) and array.dtype in (np.float32, np.float64)
    return _floats(name, array), ArrayKind(array.dtype if floating else np.float64), None


def _frame(name: str, frame: Any, pandas: Any) -> Array:
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if not pandas.api.types.is_any_real_numeric_dtype(dtype) and dtype.kind != "b":
            raise TypeError(
                f"`{name}` must hold numbers, got {dtype} in column {column!r}; "
                "give categories as integer codes"
            )
    return np.asarray(frame.to_numpy(dtype=np.float64, na_value=np.nan))


def _floats(name: str, array: npt.NDArray[Any]) -> Array:
    if array.dtype == object or array.dtype.kind not in "fiub":
        raise TypeError(
            f"`{name}` must hold numbers, got {array.dtype}; give categories as integer codes"
        )
    return array.astype(np.float64)
