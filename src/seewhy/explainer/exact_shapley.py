"""Shapley values by their definition: the reference for few features."""

from __future__ import annotations

from typing import Any

import numpy as np

from seewhy.explainer.shapley.background import coalition_values
from seewhy.explainer.shapley.base import ROWS_PER_EVAL, ShapleyExplainer
from seewhy.explainer.shapley.coalitions import Floats, all_coalitions
from seewhy.explainer.shapley.definition import shapley_values
from seewhy.explainer.tabular import Question

MOST_FEATURES = 16


def exact_shapley(predictor: Any, features: Any, inputs: Any, targets: Any = 0) -> Any:
    """Shapley values by their definition, over all 2^K coalitions of the K features.

    phi[i] = sum over the coalitions S without i of |S|! (K - |S| - 1)! / K! (v(S + i) - v(S)),
    where v(S) is the mean output where the features S have the row's values and the others those of
    each background row. A reference for `SHAPKernel`, which needs far fewer questions.

    Cost: 2^K x background rows for each row.

    Parameters
    ----------
    predictor, features, inputs, targets
        As for `SHAPKernel` and its call; K of at most 16.

    Returns
    -------
    Values (N, L, K): a tensor of the inputs' framework for tensors, else an array.

    Raises
    ------
    TypeError, ValueError
        As `SHAPKernel`; ValueError also if K is more than 16.

    References
    ----------
    Shapley: A value for n-person games. Contributions to the Theory of Games II, 1953.
    """
    return _ByDefinition(predictor, features, None, None, 1, 1, None, None, ROWS_PER_EVAL)(
        inputs, targets, show=False
    )


class _ByDefinition(ShapleyExplainer):
    def _values(self, question: Question, base: Floats, outputs: Floats) -> Floats:
        rows, kind = question.rows.values, question.rows.kind
        num_features = rows.shape[1]
        if num_features > MOST_FEATURES:
            raise ValueError(
                f"`inputs` must have at most {MOST_FEATURES} columns for exact values, got "
                f"{num_features}; SHAPKernel samples"
            )
        members = all_coalitions(num_features)
        at_once = self._predictor.batch_size(num_features)
        made = []
        for row, ids in zip(rows, question.targets, strict=True):
            answers = coalition_values(
                lambda mixed: self._predictor(mixed, kind, fresh=True),
                self._background,
                row[None],
                members,
                at_once,
            )
            made.append(shapley_values(answers[0])[:, ids].T)
        return np.array(made)
