"""Any predictor of rows as one function: float64 rows (n, K) in, float64 outputs (n, L) out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.answers import as_columns, checked, host
from seewhy.explainer.tabular.callables import as_callable
from seewhy.explainer.tabular.rows import Array, ArrayKind, Kind, Rows, TensorKind
from seewhy.network import Network, adapt
from seewhy.network.adapt import is_network
from seewhy.network.tensors import loaded_ops

ROWS_AT_ONCE = 16384
"""Rows that a predictor gets at most in one call, if the user does not say."""

_CELLS_AT_ONCE = 2**22

_DTYPES = (np.float32, np.float64)


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
            self.network = adapt(predictor, output=as_columns)
            self._call: Callable[[Any], Any] = self.network.forward
        else:
            self._call = as_callable(predictor)

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
        outputs = checked(self._answer(rows, kind, fresh), len(rows))
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
            return host(self._call(self.network.as_input(rows)))
        if self._knows(kind):
            # The caller's kind is that of this call: it knows the dtype and the columns.
            return host(self._call((self._takes[kind.key] or kind).native(rows, fresh=fresh)))
        errors: list[Exception] = []
        for other in [None, *_others(kind)]:
            try:
                answer = host(self._call((other or kind).native(rows)))
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
