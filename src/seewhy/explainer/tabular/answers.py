"""What a predictor answers, as checked numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.rows import Array
from seewhy.network.tensors import ops_of


def as_columns(answer: Any) -> Any:
    """The outputs of a network as (N, L): (N,) is one column."""
    if not hasattr(answer, "ndim"):
        raise TypeError(
            f"`predictor` must return one tensor (N,) or (N, L), got {type(answer).__name__}"
        )
    if answer.ndim > 2:
        raise ValueError(f"`predictor` must return (N,) or (N, L), got {tuple(answer.shape)}")
    return answer.reshape(-1, 1) if answer.ndim < 2 else answer


def host(answer: Any) -> npt.NDArray[Any]:
    """An answer as an array; TypeError if it holds no numbers."""
    ops = ops_of(answer)
    try:
        made = np.asarray(answer if ops is None else ops.numpy(answer))
    except ValueError as error:  # parts of different shapes
        raise _no_numbers(type(answer).__name__) from error
    if made.dtype == object:
        raise _no_numbers(type(answer).__name__ + (" of objects" if made.ndim else ""))
    return made


def _no_numbers(what: object) -> TypeError:
    return TypeError(
        f"`predictor` must return numbers, got {what}; "
        "give `predict_proba`, or a `predict` of numbers"
    )


def checked(answer: npt.NDArray[Any], num_rows: int) -> Array:
    """Outputs (n, L) as float64."""
    if answer.dtype.kind not in "fiub":
        raise _no_numbers(answer.dtype)
    if answer.ndim > 2 or answer.size == 0:
        raise ValueError(f"`predictor` must return (N,) or (N, L), got {answer.shape}")
    outputs = answer.reshape(-1, 1) if answer.ndim < 2 else answer
    if len(outputs) != num_rows:
        raise ValueError(
            f"`predictor` must return one answer for each row, got {len(outputs)} for {num_rows}"
        )
    if not np.isfinite(outputs).all():
        row = int(np.argwhere(~np.isfinite(outputs))[0, 0])
        raise ValueError(f"`predictor` returned NaN or infinity for row {row} of {num_rows}")
    return outputs.astype(np.float64)
