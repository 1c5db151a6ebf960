"""What the explainers of tabular models share: the predictor, the names and the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.checks import check_names, check_positive
from seewhy.explainer.tabular.predictor import ROWS_AT_ONCE, Predictor
from seewhy.explainer.tabular.rows import Rows, read_rows
from seewhy.network.targets import check_range, class_ids
from seewhy.network.tensors import AnyTensor


@dataclass(frozen=True)
class Question:
    """What a call asks: which outputs of which rows."""

    rows: Rows
    targets: npt.NDArray[np.int64]
    """(N, L) class ids; zeros (N, 1) for a regression."""


class TabularExplainer:
    """Explains the predictions of a model of rows.

    Parameters
    ----------
    predictor
        The model. A `torch.nn.Module` or a `mindspore.nn.Cell` is driven in evaluation mode,
        without gradients, and given back as it was. Else an estimator (its `predict_proba`, or
        its `predict` where it has none), or any callable on rows: it is given arrays, tensors or
        DataFrames as the inputs are, unless it can only work with another kind. It returns (N, L)
        for classes or (N,) or (N, 1) for a regression.
    num_features
        K.
    feature_names
        K texts; by default the columns of a DataFrame, else `default_name` of each position.
    class_names
        L texts, by default "0", "1", and so on.
    rows_per_eval
        Rows that the predictor gets in one call, at most. Results do not depend on it.
    """

    def __init__(
        self,
        predictor: Any,
        num_features: int,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        rows_per_eval: int = ROWS_AT_ONCE,
    ) -> None:
        check_positive("rows_per_eval", rows_per_eval)
        self._predictor = Predictor(predictor, rows_per_eval)
        self._num_features = num_features
        self._feature_names = check_names("feature_names", feature_names, num_features)
        self._class_names = check_names("class_names", class_names, None)
        self._columns: tuple[str, ...] | None = None
        """Columns of the DataFrame that rows are compared with, if there is one."""

    @property
    def predictor(self) -> Any:
        """The user's own model."""
        return self._predictor.original

    @property
    def name(self) -> str:
        """The name under which results are stored: the class name."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the results what they are, as plain JSON values."""
        return {}

    @property
    def num_features(self) -> int:
        """K, the width of the rows that it explains."""
        return self._num_features

    @property
    def data_digest(self) -> str:
        """Hexadecimal digest of the data that rows are compared with; "" if there are none."""
        return ""

    def default_name(self, position: int) -> str:
        """Return the name of a feature that has none."""
        return str(position)

    def feature_names(self, rows: Rows | None = None) -> list[str]:
        """Return K names: those given, else the columns of `rows`, else default ones."""
        given = self._feature_names or (rows.names if rows is not None else None)
        return list(given or map(self.default_name, range(self._num_features)))

    def class_name(self, target: int) -> str:
        """Return the name of a class."""
        return self._class_names[target] if self._class_names else str(target)

    def _question(self, inputs: Any, targets: Any) -> Question:
        """Check the arguments of a call; ask the predictor once, if it was not asked before."""
        rows = read_rows("inputs", inputs, self._num_features)
        self._check_columns(rows)
        self._predictor.begin(rows)
        if not self._predictor.is_classifier:
            return Question(rows, np.zeros((len(rows.values), 1), np.int64))
        return Question(rows, self._class_ids(targets, len(rows.values)))

    def _check_columns(self, rows: Rows) -> None:
        given, found = self._feature_names, rows.names
        if self._columns and found and self._columns != found:
            raise ValueError(
                f"`inputs` must have the columns of `features`, {list(self._columns)}, "
                f"got {list(found)}"
            )
        if given and found and given != found and sorted(given) == sorted(found):
            raise ValueError(
                f"`inputs` must have its columns in the order of `feature_names`, {list(given)}, "
                f"got {list(found)}"
            )

    def _class_ids(self, targets: Any, num_samples: int) -> npt.NDArray[np.int64]:
        outputs = self._predictor.num_outputs or 0
        if self._class_names and len(self._class_names) != outputs:
            raise ValueError(
                f"`class_names` must name the {outputs} outputs of the predictor, "
                f"got {len(self._class_names)}"
            )
        if hasattr(targets, "to_numpy"):  # a pandas Series or DataFrame
            targets = targets.to_numpy()
        ids = class_ids(targets, num_samples, AnyTensor())
        check_range(ids, outputs, "predictor")
        return ids

    def __repr__(self) -> str:
        settings = "".join(f", {key}={value!r}" for key, value in self.parameters.items())
        return f"{self.name}({type(self.predictor).__name__}{settings})"
