"""What answers for rows: a network, a method of an estimator, or any callable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seewhy.explainer.tabular.answers import host
from seewhy.network.adapt import is_network

_ARRAY_LIBRARIES = {"sklearn", "xgboost", "lightgbm", "catboost"}


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


def as_callable(predictor: Any) -> Callable[[Any], Any]:
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
        return self.method(rows if named and hasattr(rows, "columns") else host(rows))
