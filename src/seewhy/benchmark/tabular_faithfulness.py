"""Faithfulness of tabular explanations: whether the output follows the features named first."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seewhy.explainer.shapley.background import coalition_values, make_background
from seewhy.explainer.shapley.explanation import values_array
from seewhy.explainer.tabular import Question, TabularExplainer, check_positive, digest, read_rows

METRICS = ("Deletion", "Insertion")
ROWS_PER_EVAL = 16384

_VALUES_AT_ONCE = 2**22

Scores = npt.NDArray[np.float64]


class TabularFaithfulness(TabularExplainer):
    """How soon the output follows when features are deleted or inserted in the order of the values.

    The features are ranked by their values, what speaks most for the output first. With v(S) the
    mean output where the features S have the row's values and the others those of each background
    row, S runs through the first j features of the ranking, j = 0..K.

    - `"Deletion"`: the area under the drop v(all) - v(all but the first j) over the share j / K.
    - `"Insertion"`: the area under the gain v(the first j) - v(none) over the share j / K.

    Areas are by the trapezoid rule, in units of the output; higher is better for both. For a
    linear model no ranking scores higher than that of the exact Shapley values. A random ranking
    scores half of the output less the mean output, on average over rankings of a linear model.

    Cost: (K + 1) x background rows for each row and target.

    Parameters
    ----------
    predictor
        See `TabularExplainer`.
    features
        The background (B, K), whose values a feature takes when it is deleted.
    metric
        One of the two.
    summarise
        Let so many weighted rows (centres of k-means) stand for the background.
    rows_per_eval
        Rows that the predictor gets in one call, at most; results do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Petsiuk, Das, Saenko: RISE. BMVC 2018, arXiv:1806.07421 (deletion and insertion, of pixels).
    Lundberg et al.: From local explanations to global understanding with explainable AI for trees.
    Nature Machine Intelligence 2020, arXiv:1905.04610 (of features).
    """

    def __init__(
        self,
        predictor: Any,
        features: Any,
        metric: Literal["Deletion", "Insertion"] = "Deletion",
        *,
        summarise: int | None = None,
        rows_per_eval: int = ROWS_PER_EVAL,
    ) -> None:
        if not isinstance(metric, str):
            raise TypeError(f"`metric` must be a string, got {type(metric).__name__}")
        if metric not in METRICS:
            raise ValueError(f"`metric` must be one of {', '.join(METRICS)}, got {metric!r}")
        rows = read_rows("features", features)
        super().__init__(predictor, rows.values.shape[1], rows.names, None, rows_per_eval)
        self._columns = rows.names
        self.metric = metric
        self.summarise = None if summarise is None else check_positive("summarise", summarise)
        self._background = make_background(rows.values, self.summarise)

    @property
    def name(self) -> str:
        """The name under which scores are stored: that of the measure."""
        return self.metric

    @property
    def data_digest(self) -> str:
        """Hexadecimal digest of the background."""
        return digest(self._background.rows, self._background.weights)

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the scores what they are, as plain JSON values."""
        return {"metric": self.metric, "summarise": self.summarise}

    def evaluate(self, inputs: Any, targets: Any, values: Any) -> Scores:
        """Score an explanation of each row and target.

        Parameters
        ----------
        inputs, targets
            As in a call of an explainer: rows (N, K), and class ids for L outputs of each.
        values
            (N, L, K), as `SHAPKernel` and `SHAPGradient` return them.

        Returns
        -------
        Scores (N, L); higher is better.

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or value, or `values` is not (N, L, K).
        """
        curves = self.curves(inputs, targets, values)
        moved = curves - curves[..., :1]
        areas: Scores = (moved[..., 1:] + moved[..., :-1]).mean(2) / 2
        return -areas if self.metric == "Deletion" else areas

    def curves(self, inputs: Any, targets: Any, values: Any) -> Scores:
        """Outputs (N, L, K + 1) after 0, 1, ... K features were deleted or inserted.

        Parameters and errors are those of `evaluate`.
        """
        question = self._question(inputs, targets)
        ranked = values_array(values)
        expected = (*question.targets.shape, self._num_features)
        if ranked.shape != expected:
            raise ValueError(
                f"`values` must have shape (N, L, K), here {expected}, got {ranked.shape}"
            )
        rank = np.argsort(np.argsort(-ranked, axis=2, kind="stable"), axis=2)
        steps = np.arange(self._num_features + 1)
        inserted = rank[:, :, None] < steps[:, None]
        members = ~inserted if self.metric == "Deletion" else inserted
        made = np.empty((*question.targets.shape, len(steps)))
        # Each row has coalitions of its own; the answers for some rows are held at a time.
        asked = len(steps) * question.targets.shape[1] * (self._predictor.num_outputs or 1)
        per_part = max(1, _VALUES_AT_ONCE // asked)
        for start in range(0, len(made), per_part):
            part = slice(start, start + per_part)
            made[part] = self._outputs(question, part, members[part])
        return made

    def _outputs(self, question: Question, part: slice, members: npt.NDArray[np.bool_]) -> Scores:
        """Outputs (n, L, J) of the targets of some rows, for coalitions (n, L, J, K)."""
        kind, ids = question.rows.kind, question.targets[part]
        answers = coalition_values(
            lambda mixed: self._predictor(mixed, kind, fresh=True),
            self._background,
            question.rows.values[part],
            members.reshape(len(ids), -1, self._num_features),
            self._predictor.batch_size(self._num_features),
        )
        each = answers.reshape(*members.shape[:3], -1)
        made: Scores = np.take_along_axis(each, ids[:, :, None, None], axis=3)[..., 0]
        return made
