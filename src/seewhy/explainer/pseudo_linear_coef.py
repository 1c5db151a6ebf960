"""Pseudo linear coefficients: how a classifier as a whole depends on each feature."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.door import check_show
from seewhy.explainer.tabular.checks import (
    check_flag,
    check_names,
    check_number,
    check_positive,
    check_seed,
)
from seewhy.explainer.tabular.class_paths import ClassPaths
from seewhy.explainer.tabular.predictor import Predictor
from seewhy.explainer.tabular.rows import Array, Rows, read_rows
from seewhy.network.tensors import ops_of
from seewhy.visual import in_notebook
from seewhy.visual.bars import Bars, draw_bars
from seewhy.visual.present import present


class PseudoLinearCoef:
    """Global sensitivities of a classifier to its features, between classes and overall.

    A sample belongs to every class whose probability is at least `threshold`. From each sample x
    of a view-point class v a straight path leads to the nearest sample a of the target class t.
    With p the probability of t and H the mean binary entropy (in bits) along the path,

        score(x) = (a - x) / |a - x|² · (p(a) - p(x)) / H
        relative_plc[t, v] = mean of score(x) over the samples (at most `monte_carlo`) of v
        plc[t] = sum over v != t of relative_plc[t, v] n_v / sum over v != t of n_v

    where n_v samples belong to v. A positive value says: with more of this feature, things become
    t. For a linear decision boundary the coefficients point along its normal. Values depend on the
    units of the features; compare features that were brought to one scale.

    Parameters
    ----------
    predictor
        The classifier: a `torch.nn.Module` or a `mindspore.nn.Cell` (driven in evaluation mode,
        without gradients, and given back as it was), an estimator, or any callable on rows. A
        callable is given what `features` are, unless it can only work with another kind. It
        returns probabilities (N, L).
    num_classes
        L, at least 2.
    class_names, feature_names
        L and K texts for the charts; "0", "1" and so on, and the columns of a DataFrame, else
        "feature 0" and so on, by default.
    stepwise
        Score every sample by the unit vector to its neighbour alone, without asking the predictor
        along the path: for classifiers whose probabilities change in steps, as those of trees do.
    threshold
        The probability from which a sample belongs to a class.
    monte_carlo
        Samples of a class from which paths start, at most; more are drawn without replacement.
    riemann
        Points along a path, both ends included, at least 2.
    batch_size
        Rows that the predictor gets in one call, at most. Results do not depend on it.
    eps
        Added to probabilities before their logarithm is taken; paths with a squared length below it
        score zero.
    seed
        The same seed draws the same samples; `None` draws afresh at each call.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If a value is out of range, or the number of names is wrong.
    """

    def __init__(
        self,
        predictor: Any,
        num_classes: int,
        class_names: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        stepwise: bool = False,
        threshold: float = 0.5,
        monte_carlo: int = 1000,
        riemann: int = 1000,
        batch_size: int = 2000,
        eps: float = 1e-9,
        *,
        seed: int | None = 0,
    ) -> None:
        self._predictor = Predictor(predictor, check_positive("batch_size", batch_size))
        self._num_classes = check_positive("num_classes", num_classes, least=2)
        self._class_names = check_names("class_names", class_names, num_classes)
        self._feature_names = check_names("feature_names", feature_names, None)
        self._stepwise = check_flag("stepwise", stepwise)
        self._threshold = check_number("threshold", threshold)
        self._monte_carlo = check_positive("monte_carlo", monte_carlo)
        self._riemann = check_positive("riemann", riemann, least=2)
        self._eps = check_number("eps", eps)
        self._seed = check_seed(seed)

    @property
    def predictor(self) -> Any:
        """The user's own model."""
        return self._predictor.original

    @property
    def num_classes(self) -> int:
        """L."""
        return self._num_classes

    @property
    def name(self) -> str:
        """The name under which results are stored: the class name."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the results what they are, as plain JSON values."""
        return {
            "stepwise": self._stepwise,
            "threshold": self._threshold,
            "monte_carlo": self._monte_carlo,
            "riemann": self._riemann,
            "eps": self._eps,
            "seed": self._seed,
        }

    def __call__(
        self,
        features: Any,
        max_classes: int = 5,
        max_features: int = 5,
        show: bool | None = None,
    ) -> tuple[Any, Any]:
        """Return the coefficients of all classes, overall and seen from each other class.

        Parameters
        ----------
        features
            (G, K) the samples on which the classifier is judged: an array, a tensor, a DataFrame
            or a list of finite numbers.
        max_classes, max_features
            What the charts show: the first classes, the features with the largest |value|.
        show
            Whether to show a bar chart for each class. `None` shows them in a Jupyter notebook
            only.

        Returns
        -------
        plc (L, K), by target class, and relative_plc (L, L, K), by target and view-point class:
        tensors if `features` is one, else arrays. Where the target is the view-point it is zero.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong, or the predictor does not return `num_classes` outputs.

        Warns
        -----
        UserWarning
            If a class has no sample: all that concerns it is zero.
        """
        check_show(show)
        check_positive("max_classes", max_classes)
        check_positive("max_features", max_features)
        rows = read_rows("features", features)
        names = self._names(rows)
        members = self._members(rows)
        paths = ClassPaths(
            lambda points: self._predictor(points, rows.kind, fresh=True),
            self._stepwise,
            self._monte_carlo,
            self._riemann,
            self._eps,
            self._seed,
        )
        relative = paths.mean_scores(rows.values, members)
        counts = members.sum(0).astype(float)
        others = counts.sum() - counts
        plc = np.einsum("tvk,v->tk", relative, counts) / np.where(others > 0, others, 1)[:, None]
        if show or (show is None and in_notebook()):
            charts = [
                _chart(values, self._class_name(target), names, max_features)
                for target, values in enumerate(plc[:max_classes])
            ]
            present(lambda figure: draw_bars(figure, charts))
        return rows.kind.result(plc), rows.kind.result(relative)

    @classmethod
    def normalize(cls, plc: Any, per_vector: bool = False, eps: float = 1e-9) -> Any:
        """Divide coefficients by the largest |value| of all, or of each vector of K features.

        Parameters
        ----------
        plc
            (..., K) array or tensor; a single number is returned as it is.
        per_vector
            Whether each vector along the last axis has a scale of its own.
        eps
            A scale below it is taken for 1.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        """
        check_flag("per_vector", per_vector)
        check_number("eps", eps)
        ops = ops_of(plc)
        values = np.asarray(plc if ops is None else ops.numpy(plc))
        if values.dtype.kind not in "fiu":
            raise TypeError(f"`plc` must hold numbers, got {values.dtype}")
        if values.ndim == 0:
            return plc
        sizes = np.abs(values)
        scale = sizes.max(-1, keepdims=True) if per_vector else sizes.max()
        made = values / np.where(scale < eps, 1, scale)
        return made if ops is None else ops.tensor(made, like=plc)

    @classmethod
    def plot(
        cls,
        plc: Any,
        title: str | None = None,
        feature_names: Sequence[str] | None = None,
        max_features: int = 5,
    ) -> None:
        """Show one vector of coefficients as bars, the largest |value| at the top.

        Parameters
        ----------
        plc
            (K,) array or tensor.
        title
            Text above the bars.
        feature_names
            K texts, "feature 0" and so on by default.
        max_features
            Features to show, at most.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If `plc` is not (K,), or the number of names is not K.
        """
        check_positive("max_features", max_features)
        if title is not None and not isinstance(title, str):
            raise TypeError(f"`title` must be a str or None, got {type(title).__name__}")
        values = read_rows("plc", plc).values
        if len(values) != 1:
            raise ValueError(f"`plc` must have shape (K,), got {values.shape}")
        names = check_names("feature_names", feature_names, values.shape[1])
        chart = _chart(values[0], title or "", names or _default_names(values), max_features)
        present(lambda figure: draw_bars(figure, [chart]))

    def _names(self, rows: Rows) -> tuple[str, ...]:
        given = check_names("feature_names", self._feature_names, rows.values.shape[1])
        return given or rows.names or _default_names(rows.values)

    def _class_name(self, target: int) -> str:
        return self._class_names[target] if self._class_names else str(target)

    def _members(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """Which samples belong to which classes: (G, L)."""
        probabilities = self._predictor(rows.values, rows.kind)
        if probabilities.shape[1] != self._num_classes:
            raise ValueError(
                f"`predictor` must return {self._num_classes} outputs, as `num_classes` says, "
                f"got {probabilities.shape[1]}"
            )
        members = probabilities >= self._threshold
        empty = [self._class_name(c) for c in np.flatnonzero(~members.any(0))]
        if empty:
            warnings.warn(
                f"`features` has no sample of class {', '.join(empty)} with a probability of at "
                f"least {self._threshold}: the coefficients that concern it are zero",
                UserWarning,
                stacklevel=3,
            )
        return members

    def __repr__(self) -> str:
        return f"PseudoLinearCoef({type(self.predictor).__name__}, {self._num_classes})"


def _default_names(values: Array) -> tuple[str, ...]:
    return tuple(f"feature {k}" for k in range(values.shape[-1]))


def _chart(values: Array, title: str, names: Sequence[str], max_features: int) -> Bars:
    first = np.argsort(-np.abs(values), kind="stable")[:max_features]
    return Bars(title, [(names[k], float(values[k])) for k in first])
