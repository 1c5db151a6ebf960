"""Any predictor of rows as one function: float64 rows (n, K) in, float64 outputs (n, L) out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.rows import Array, ArrayKind, Kind, Rows, TensorKind
from seewhy.network import Network, adapt
from seewhy.network.adapt import is_network
from seewhy.network.tensors import loaded_ops, ops_of

ROWS_AT_ONCE = 16384
"""Rows that a predictor gets at most in one call, if the user does not say."""

_CELLS_AT_ONCE = 2**22

_DTYPES = (np.float32, np.float64)

_ARRAY_LIBRARIES = {"sklearn", "xgboost", "lightgbm", "catboost"}


class Predictor:
    """A model of any make, driven in batches, its answers checked.

    Parameters
    ----------
    predictor
        A `torch.nn.Module` or `mindspore.nn.Cell` (run in evaluation mode, without gradients, and
        given back as it was), an estimator with `predict_proba` or `predict`, or a callable on
        rows. A callable is given what the caller's rows are: arrays, tensors or DataFrames; if it
        cannot work with them, arrays, then tensors of the frameworks that are loaded.
    rows_at_once
        Rows of a call at most; wide rows come in smaller batches yet.

    Raises
    ------
    TypeError
        If `predictor` is none of these.
    """

    def __init__(self, predictor: Any, rows_at_once: int = ROWS_AT_ONCE) -> None:
        self.original = predictor
        self.rows_at_once = rows_at_once
        self.network: Network | None = None
        """The network behind the contract, if the predictor is one."""
        self.num_outputs: int | None = None
        """L, once a prediction was made."""
        self._told = False
        self._takes: dict[str, Kind | None] = {}
        if is_network(predictor):
            self.network = adapt(predictor, output=_as_columns)
            self._call: Callable[[Any], Any] = self.network.forward
        else:
            self._call = _callable(predictor)

    @property
    def is_classifier(self) -> bool:
        """Whether there is more than one output; known once a prediction was made."""
        return self.num_outputs is not None and self.num_outputs > 1

    def begin(self, rows: Rows) -> None:
        """Predict the first of `rows`, unless done before: the outputs' number and kind are known.

        Raises whatever the predictor raises on rows of the caller's kind, and as `__call__`.
        """
        if self.num_outputs is None or not self._knows(rows.kind):
            self._predict(rows.values[:1], rows.kind)

    def __call__(self, rows: Array, kind: Kind, *, fresh: bool = False) -> Array:
        """Outputs (n, L) for rows (n, K), for a regression (n, 1).

        Parameters
        ----------
        rows
            Finite float64 numbers, n >= 1.
        kind
            How the caller holds numbers: `Rows.kind` of what they gave.
        fresh
            Whether `rows` were made for this call, so that the predictor may have them uncopied.

        Raises
        ------
        TypeError
            If the answer holds no numbers.
        ValueError
            If it is not (n,) or (n, L), not finite, or as wide as it was before.
        """
        step = self.batch_size(rows.shape[1])
        parts = [rows[start : start + step] for start in range(0, len(rows), step)]
        made = [self._predict(part, kind, fresh) for part in parts]
        return made[0] if len(made) == 1 else np.concatenate(made)

    def batch_size(self, num_features: int) -> int:
        """Rows of that many features which go to the predictor in one call, at most."""
        return max(1, min(self.rows_at_once, _CELLS_AT_ONCE // num_features))

    def warn_unless_probabilities(self, outputs: Array) -> None:
        """Warn, once for this predictor, if a classifier's outputs do not sum to one."""
        if not self.is_classifier or self._told:
            return
        sums = outputs.sum(1)
        if not np.allclose(sums, 1, atol=1e-3):
            self._told = True
            worst = sums[np.abs(sums - 1).argmax()]
            warnings.warn(
                f"`predictor` returned {outputs.shape[1]} outputs that sum to {worst:.4g}, not to "
                "one: are they logits? Put a softmax behind the network. For a regression of "
                "several outputs, or independent labels, this is as it should be",
                UserWarning,
                stacklevel=2,
            )

    def _predict(self, rows: Array, kind: Kind, fresh: bool = False) -> Array:
        outputs = _checked(self._answer(rows, kind, fresh), len(rows))
        width = outputs.shape[1]
        if self.num_outputs is None:
            self.num_outputs = width
        elif width != self.num_outputs:
            raise ValueError(
                f"`predictor` must return as many outputs as before, {self.num_outputs}, "
                f"got {width}"
            )
        return outputs

    def _answer(self, rows: Array, kind: Kind, fresh: bool) -> npt.NDArray[Any]:
        if self.network is not None:
            return _host(self._call(self.network.as_input(rows)))
        if self._knows(kind):
            # The caller's kind is that of this call: it knows the dtype and the columns.
            return _host(self._call((self._takes[kind.key] or kind).native(rows, fresh=fresh)))
        errors: list[Exception] = []
        for other in [None, *_others(kind)]:
            try:
                answer = _host(self._call((other or kind).native(rows)))
            except Exception as error:  # whatever a callable raises on what it cannot work with
                errors.append(error)
            else:
                self._takes[kind.key] = other
                return answer
        raise errors[0]

    def _knows(self, kind: Kind) -> bool:
        """Whether it is known what the predictor takes when the caller holds `kind`."""
        return self.network is not None or kind.key in self._takes


def _others(kind: Kind) -> list[Kind]:
    """What to try with a callable that does not take the caller's kind."""
    tried: list[Kind] = [ArrayKind()]
    tried += [TensorKind(ops, dtype=dtype) for ops in loaded_ops() for dtype in _DTYPES]
    return [other for other in tried if other.key != kind.key]


def answering(predictor: Any) -> Any:
    """What answers for rows: an estimator's `predict_proba`, else its `predict`, or `predictor`.

    A booster of XGBoost takes arrays in `inplace_predict` only.

    Raises
    ------
    TypeError
        If nothing does.
    """
    if is_network(predictor):
        return predictor
    for name in ("predict_proba", "inplace_predict", "predict"):
        method = getattr(predictor, name, None)
        if callable(method):
            return method
    if not callable(predictor):
        raise TypeError(
            "`predictor` must be callable, a network, or have `predict_proba` or `predict`, "
            f"got {type(predictor).__name__}"
        )
    return predictor


def _callable(predictor: Any) -> Callable[[Any], Any]:
    """The function that answers for rows."""
    made: Callable[[Any], Any] = answering(predictor)
    owner = getattr(made, "__self__", None)
    if type(owner).__module__.split(".")[0] in _ARRAY_LIBRARIES:
        return _Estimator(made)
    return made


class _Estimator:
    """A method of an estimator, which gets names only if it was fitted with names."""

    def __init__(self, method: Any) -> None:
        self.method = method

    def __call__(self, rows: Any) -> Any:
        named = getattr(self.method.__self__, "feature_names_in_", None) is not None
        return self.method(rows if named and hasattr(rows, "columns") else _host(rows))


def _as_columns(answer: Any) -> Any:
    """The outputs of a network as (N, L): (N,) is one column."""
    if not hasattr(answer, "ndim"):
        raise TypeError(
            f"`predictor` must return one tensor (N,) or (N, L), got {type(answer).__name__}"
        )
    if answer.ndim > 2:
        raise ValueError(f"`predictor` must return (N,) or (N, L), got {tuple(answer.shape)}")
    return answer.reshape(-1, 1) if answer.ndim < 2 else answer


def _host(answer: Any) -> npt.NDArray[Any]:
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


def _checked(answer: npt.NDArray[Any], num_rows: int) -> Array:
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
