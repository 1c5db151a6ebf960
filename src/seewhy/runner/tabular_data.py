"""A user's table: rows of numbers, class names, and what is known to be right."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular import Rows, read_rows
from seewhy.network.tensors import ops_of
from seewhy.runner.checks import check_data


@dataclass(frozen=True)
class Table:
    """What the arguments `data` and `ground_truth` hold."""

    rows: Rows
    labels: list[str] | None
    """Class names, if given."""
    truth: npt.NDArray[Any] | None
    """(N,) as given; `read_truth` makes sense of it."""
    names: tuple[str, ...]
    """Names of the rows, where a DataFrame has them in its index."""

    def __len__(self) -> int:
        """N."""
        return len(self.rows.values)

    def native(self, positions: npt.NDArray[np.intp]) -> Any:
        """Some of the rows, of the kind that the user gave."""
        return self.rows.kind.native(self.rows.values[positions])


def read_table(data: Any, ground_truth: Any) -> Table:
    """Read rows or (rows, class names), and a ground truth that may be one of their columns.

    Raises
    ------
    TypeError
        If something is of another type.
    ValueError
        If the rows are not (N, K) finite numbers, class names are blank or repeated, columns have
        the same name, or the ground truth is not (N,) or no column.
    """
    rows, labels = check_data(data) if isinstance(data, tuple) else (data, None)
    pandas = sys.modules.get("pandas")
    frame = rows if pandas is not None and isinstance(rows, pandas.DataFrame) else None
    if isinstance(ground_truth, str):
        if frame is None:
            raise TypeError(
                "`ground_truth` can name a column of a DataFrame only, `data` is "
                f"{type(rows).__name__}"
            )
        if ground_truth not in frame.columns:
            raise ValueError(f"`ground_truth` must be a column of `data`, got {ground_truth!r}")
        ground_truth, rows = frame[ground_truth], frame.drop(columns=[ground_truth])
    read = read_rows("data", rows)
    repeated = [name for name, count in Counter(read.names or ()).items() if count > 1]
    if repeated:
        raise ValueError(f"`data` must have distinct columns, got {repeated[0]!r} more than once")
    names = () if frame is None else tuple(map(str, frame.index))
    return Table(read, labels, _column(ground_truth, len(read.values)), names)


def read_truth(
    truth: npt.NDArray[Any] | None, num_rows: int, labels: list[str], regression: bool
) -> list[float | None]:
    """Class ids, or for a regression numbers; None where it is not known.

    Raises
    ------
    TypeError
        If it holds neither class ids nor class names; for a regression, no numbers.
    ValueError
        If there is no such class, or a number is infinite.
    """
    if truth is None:
        return [None] * num_rows
    if regression:
        return [_number(value) for value in truth.tolist()]
    return [_class(value, labels) for value in truth.tolist()]


def digests(values: npt.NDArray[np.float64], truth: list[float | None]) -> list[str]:
    """Hexadecimal digest of each row with what is known to be right."""
    made = []
    for row, right in zip(np.ascontiguousarray(values), truth, strict=True):
        each = hashlib.blake2b(row.tobytes(), digest_size=16)
        each.update(repr(right).encode())
        made.append(each.hexdigest())
    return made


def digest_of_all(each: list[str]) -> str:
    """Hexadecimal digest of rows in any order, given that of each."""
    return hashlib.blake2b(" ".join(sorted(each)).encode(), digest_size=16).hexdigest()


def _column(truth: Any, num_rows: int) -> npt.NDArray[Any] | None:
    if truth is None:
        return None
    ops = ops_of(truth)
    if ops is not None:
        array = ops.numpy(truth)
    elif hasattr(truth, "to_numpy"):
        array = truth.to_numpy(dtype=object)
    elif isinstance(truth, (list, tuple, np.ndarray)):
        array = np.array(truth, dtype=object)
    else:
        raise TypeError(
            "`ground_truth` must be an array, a tensor, a list or the name of a column, "
            f"got {type(truth).__name__}"
        )
    if array.shape != (num_rows,):
        raise ValueError(
            f"`ground_truth` must hold one entry for each of the {num_rows} rows, "
            f"got shape {array.shape}"
        )
    return np.asarray(array)


def _is_missing(value: Any) -> bool:
    # NaN, NaT and pandas' NA differ from themselves, or will not say.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def _number(value: Any) -> float | None:
    if _is_missing(value):
        return None
    if isinstance(value, str) or not isinstance(value, (int, float, np.number, np.bool_)):
        raise TypeError(f"`ground_truth` must hold numbers, got {type(value).__name__} {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"`ground_truth` must be finite, got {value}")
    return float(value)


def _class(value: Any, labels: list[str]) -> int | None:
    if _is_missing(value):
        return None
    if isinstance(value, str):
        if value not in labels:
            raise ValueError(
                f"`ground_truth` must be one of the classes {', '.join(labels)}, got {value!r}"
            )
        return labels.index(value)
    number = _number(value)
    if number is None or number != int(number):
        raise TypeError(f"`ground_truth` must hold class ids or class names, got {value!r}")
    if not -1 <= number < len(labels):
        raise ValueError(
            f"`ground_truth` must be class ids in 0..{len(labels) - 1}, or -1 where it is not "
            f"known, got {int(number)}"
        )
    return None if number == -1 else int(number)
