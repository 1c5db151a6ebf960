"""Shapley values with all that a plot of them needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.shapley.coalitions import Floats
from seewhy.explainer.tabular import check_names
from seewhy.network.tensors import ops_of
from seewhy.visual.bars import Bars, bar_figure
from seewhy.visual.present import new_figure
from seewhy.visual.shapley import Waterfall, draw_beeswarm, draw_waterfalls

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class ShapleyExplanation:
    """What a call explained, as float64 arrays.

    Attributes
    ----------
    values
        (N, L, K).
    base_values
        (N, L): the mean output on the background, where the values start from.
    outputs
        (N, L): the outputs explained. `values.sum(2)` is `outputs - base_values`, exactly for
        `SHAPKernel`, nearly for `SHAPGradient`.
    rows
        (N, K): the inputs.
    targets
        (N, L) class ids; zeros for a regression.
    feature_names
        K names.
    class_names
        (N lists of L) names of the targets; "output" for a regression.
    """

    values: Floats
    base_values: Floats
    outputs: Floats
    rows: Floats
    targets: npt.NDArray[np.int64]
    feature_names: list[str]
    class_names: list[list[str]]

    def waterfall(self, sample: int = 0, label: int = 0, max_features: int = 10) -> Figure:
        """Draw how the features lead from the mean output to that of one row.

        Parameters
        ----------
        sample, label
            Which of the N rows, which of its L targets.
        max_features
            Features shown as bars of their own.

        Raises
        ------
        IndexError
            If there is no such row or target.
        ImportError
            If matplotlib is not installed.
        """
        figure = new_figure()
        draw_waterfalls(figure, [self.chart(sample, label)], max_features)
        return figure

    def chart(self, sample: int, label: int) -> Waterfall:
        """Return the waterfall of one row and target, not drawn yet."""
        cells = zip(self.feature_names, self.rows[sample], strict=True)
        return Waterfall(
            title=f"[{sample}] {self.class_names[sample][label]}",
            base_value=float(self.base_values[sample, label]),
            output=float(self.outputs[sample, label]),
            values=self.values[sample, label],
            labels=[f"{name} = {value:.4g}" for name, value in cells],
        )

    def beeswarm(self, label: int = 0, max_features: int = 10) -> Figure:
        """Draw the values of all rows, a line of points for each feature, coloured by its value.

        Raises
        ------
        IndexError
            If there is no such target.
        ImportError
            If matplotlib is not installed.
        """
        figure, column = new_figure(), self.values[:, label]
        title = " / ".join(dict.fromkeys(names[label] for names in self.class_names))
        draw_beeswarm(figure, column, self.rows, self.feature_names, max_features, title)
        return figure


@dataclass(frozen=True, eq=False)
class GlobalImportance:
    """How much each feature matters over many rows.

    Attributes
    ----------
    importance
        (L, K): mean of |value| over the rows.
    mean
        (L, K): mean of the value, which tells a direction where rows agree.
    num_rows
        Rows in the means.
    feature_names
        K names.
    """

    importance: Floats
    mean: Floats
    num_rows: int
    feature_names: list[str]

    def bar(self, label: int = 0, max_features: int = 10) -> Figure:
        """Draw the mean |value| of the features that matter most.

        Raises
        ------
        IndexError
            If there is no such target.
        ImportError
            If matplotlib is not installed.
        """
        weights = self.ranking(label)[:max_features]
        return bar_figure([Bars(f"mean |value| over {self.num_rows} rows", weights)])

    def ranking(self, label: int = 0) -> list[tuple[str, float]]:
        """Return the names and the importance for one of the L labels, the largest first."""
        row = self.importance[label]
        return [(self.feature_names[k], float(row[k])) for k in np.argsort(-row, kind="stable")]


def global_importance(values: Any, feature_names: Any = None) -> GlobalImportance:
    """Summarise the Shapley values of many rows: mean |value| of each feature.

    The same class should be explained on each row (`targets` an int), as column l of the values is
    averaged whichever class it belongs to.

    Parameters
    ----------
    values
        (N, L, K) array or tensor, as the explainers return it, or a `ShapleyExplanation`.
    feature_names
        K texts; by default those of the `ShapleyExplanation`, else "feature 0" and so on.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If `values` does not have three axes, is empty or not finite, or the names do not fit.
    """
    if isinstance(values, ShapleyExplanation):
        values, feature_names = values.values, feature_names or values.feature_names
    array = values_array(values)
    names = check_names("feature_names", feature_names, array.shape[2])
    return GlobalImportance(
        importance=np.abs(array).mean(0),
        mean=array.mean(0),
        num_rows=len(array),
        feature_names=list(names or (f"feature {k}" for k in range(array.shape[2]))),
    )


def values_array(values: Any) -> Floats:
    """Read the argument `values`: finite numbers (N, L, K) out of an array or a tensor."""
    ops = ops_of(values)
    if ops is None and not isinstance(values, np.ndarray):
        raise TypeError(f"`values` must be an array or a tensor, got {type(values).__name__}")
    array = values if ops is None else ops.numpy(values)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"`values` must hold numbers, got {array.dtype}")
    if array.ndim != 3 or array.size == 0:
        raise ValueError(f"`values` must have shape (N, L, K), none of them 0, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("`values` must be finite, got NaN or infinity")
    return np.asarray(array, dtype=np.float64)
