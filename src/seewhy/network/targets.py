"""What is explained: class ids of any accepted form, as an integer array (N, L)."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import TensorReader

ACCEPTED = "an int, a 0-D, 1-D (N,) or 2-D (N, L) integer tensor or array, or a list or tuple"

_LARGEST = np.iinfo(np.int64).max


def class_ids(targets: Any, num_samples: int, ops: TensorReader) -> npt.NDArray[np.int64]:
    """Turn `targets` into class ids (N, L).

    Parameters
    ----------
    targets
        One id for all samples (an int, a 0-D tensor or array), one for each sample (1-D, a flat
        list or tuple of N), or L for each sample ((N, L), a nested list or tuple).
    num_samples
        N.
    ops
        Tells the framework's tensors.

    Raises
    ------
    TypeError
        If `targets` is of another type, or holds anything but integers (booleans included).
    ValueError
        If the shape does not fit N, no target is given, or an id is negative.
    """
    array = _as_array(targets, ops)
    if array.ndim > 2:
        raise ValueError(f"`targets` must be {ACCEPTED}, got {array.ndim} dimensions")
    if array.ndim > 0 and array.shape[0] != num_samples:
        raise ValueError(
            f"`targets` must hold one entry for each of the {num_samples} samples, "
            f"got {array.shape[0]}"
        )
    if array.size == 0:
        raise ValueError(f"`targets` must name at least one class, got shape {array.shape}")
    if array.min() < 0:
        raise ValueError(f"`targets` must be class ids of 0 or more, got {array.min()}")
    if array.max() > _LARGEST:
        raise ValueError(f"`targets` must be class ids, got {array.max()}")
    if array.ndim == 0:
        array = np.full(num_samples, array)
    return array.reshape(num_samples, -1).astype(np.int64)


def check_range(targets: npt.NDArray[np.int64], num_classes: int, owner: str = "network") -> None:
    """Raise ValueError if a class id is not one of the `num_classes` outputs of the `owner`."""
    highest = int(targets.max())
    if highest >= num_classes:
        raise ValueError(
            f"`targets` must be class ids in 0..{num_classes - 1}, "
            f"as the {owner} has {num_classes} outputs, got {highest}"
        )


def _as_array(targets: Any, ops: TensorReader) -> npt.NDArray[Any]:
    if ops.is_tensor(targets):
        array = ops.numpy(targets)
    elif isinstance(targets, np.ndarray):
        array = targets
    elif isinstance(targets, Sequence) and not isinstance(targets, (str, bytes)):
        array = _from_sequence(targets, ops)
    else:
        return np.asarray(_as_int(targets))
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"`targets` must hold integers, got {array.dtype}")
    return array


def _from_sequence(targets: Sequence[Any], ops: TensorReader) -> npt.NDArray[np.int64]:
    rows = [_plain(row, ops) for row in targets]
    rows = [
        [_as_int(_plain(item, ops)) for item in row]
        if isinstance(row, Sequence) and not isinstance(row, (str, bytes))
        else _as_int(row)
        for row in rows
    ]
    if any(isinstance(row, list) for row in rows):
        widths = {len(row) if isinstance(row, list) else 0 for row in rows}
        if len(widths) > 1:
            raise ValueError(
                "`targets` must have the same number of classes for each sample, got "
                + ", ".join(str(width) for width in sorted(widths))
            )
    return np.array(rows, dtype=np.int64)


def _plain(value: Any, ops: TensorReader) -> Any:
    """Python numbers, or lists of them, out of a tensor or an array."""
    array = ops.numpy(value) if ops.is_tensor(value) else value
    return array.tolist() if isinstance(array, (np.ndarray, np.generic)) else array


def _as_int(value: Any) -> int:
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`targets` must be {ACCEPTED}, got {type(value).__name__} {value!r}")
    try:
        made = operator.index(value)
    except Exception as error:  # a tensor of another framework raises errors of its own
        raise TypeError(
            f"`targets` must be {ACCEPTED}, got {type(value).__name__} {value!r:.80}"
        ) from error
    if abs(made) > _LARGEST:
        raise ValueError(f"`targets` must be class ids, got {made}")
    return made
