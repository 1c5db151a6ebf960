"""Kernel SHAP (Lundberg and Lee, 2017): Shapley values of any model of rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.explainer.shapley.background import coalition_values
from seewhy.explainer.shapley.base import ROWS_PER_EVAL, ShapleyExplainer
from seewhy.explainer.shapley.coalitions import Floats, Members, choose_coalitions
from seewhy.explainer.shapley.solve import ShapleyRegression
from seewhy.explainer.tabular import Question
from seewhy.network.adapt import is_network

_VALUES_AT_ONCE = 2**22

_MOST_KEPT = 4
"""Designs that are kept for the next call; one for each number of features that vary."""

ROWS_PER_EVAL_OF_ENSEMBLES = 65536
"""A forest works some milliseconds for a call on a single row; functions may hold one."""

_CELLS_IN_CACHE = 2**18

_BOOSTING = {"xgboost", "lightgbm", "catboost"}

Design: TypeAlias = tuple[Members, ShapleyRegression]
"""Coalitions (n, M) and what solves for their values."""


class SHAPKernel(ShapleyExplainer):
    """Shapley values by a weighted regression over coalitions of features.

    With v(S) the mean output where the features S have the row's values and the others those of
    each background row, phi[i] is feature i's mean gain v(S + i) - v(S) over all orders in which
    features can join. The values of a row sum to output - mean output on the background, to
    rounding; a feature that equals the whole background gets 0.

    Of M features that differ from the background, all 2^M - 2 coalitions are asked about if
    `num_neighbours` allows (M <= 12 by default): then the values are exact. Otherwise
    `num_neighbours` coalitions are: whole sizes and single features first, the rest drawn at
    random without repetition, each with its complement. All outputs come from one weighted
    least-squares solve whose solution has the right sum.

    Cost: coalitions x background rows for each row, for all outputs together.

    Parameters
    ----------
    predictor, features, feature_names, class_names, max_features, summarise, seed
        See `ShapleyExplainer`.
    num_neighbours
        Coalitions, at most.
    rows_per_eval
        Rows that the predictor gets in one call, at most; by default 65536 for ensembles of trees
        and for functions, else 8192, or fewer where there are many features. Results do not depend
        on it.

    Raises
    ------
    TypeError, ValueError
        See `ShapleyExplainer`; a call also raises ValueError if `num_neighbours` is less than 2 M.

    References
    ----------
    Lundberg, Lee: A Unified Approach to Interpreting Model Predictions. NeurIPS 2017,
    arXiv:1705.07874. Covert, Lee: Improving KernelSHAP: Practical Shapley Value Estimation via
    Linear Regression. AISTATS 2021, arXiv:2012.01536 (pairs). Musco, Witter: Provably Accurate
    Shapley Value Estimation via Leverage Score Sampling. ICLR 2025, arXiv:2410.01917 (without
    repetition).
    """

    def __init__(
        self,
        predictor: Any,
        features: Any,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        num_neighbours: int = 5000,
        max_features: int = 10,
        *,
        summarise: int | None = None,
        seed: int | None = 0,
        rows_per_eval: int | None = None,
    ) -> None:
        super().__init__(
            predictor,
            features,
            feature_names,
            class_names,
            num_neighbours,
            max_features,
            summarise,
            seed,
            ROWS_PER_EVAL if rows_per_eval is None else rows_per_eval,
        )
        if rows_per_eval is None:
            self._predictor.rows_at_once = _rows_per_eval(predictor, self.num_features)
        self._kept: dict[tuple[int, int, int | None], Design] = {}

    def _values(self, question: Question, base: Floats, outputs: Floats) -> Floats:
        rows, ids = question.rows.values, question.targets
        empty, full = base[ids], np.take_along_axis(outputs, ids, axis=1)
        values = np.zeros((*ids.shape, rows.shape[1]))
        design, labels = cache(self._design), np.arange(ids.shape[1])
        # Rows that differ from the background in the same features go together.
        patterns, groups = np.unique(self._background.differs(rows), axis=0, return_inverse=True)
        for number, differs in enumerate(patterns):
            which, varying = np.flatnonzero(groups.reshape(-1) == number), np.flatnonzero(differs)
            if len(varying) == 1:
                values[which, :, varying[0]] = full[which] - empty[which]
            elif len(varying):
                members, regression = design(len(varying))
                asked = np.zeros((len(members), rows.shape[1]), bool)
                asked[:, varying] = members
                per_part = max(1, _VALUES_AT_ONCE // (len(members) * outputs.shape[1]))
                for start in range(0, len(which), per_part):
                    part = which[start : start + per_part]
                    answers = self._answers(question, part, asked)
                    solved = regression.solve(answers, empty[part].ravel(), full[part].ravel())
                    values[np.ix_(part, labels, varying)] = np.moveaxis(
                        solved.reshape(-1, *empty[part].shape), 0, 2
                    )
        return values

    def _design(self, num_features: int) -> Design:
        """Coalitions and their solver; those of a seed are kept for the next call."""
        key = (num_features, self.num_neighbours, self.seed)
        if key in self._kept:
            return self._kept[key]
        coalitions = choose_coalitions(*key)
        made = coalitions.members, ShapleyRegression(coalitions)
        if self.seed is not None:
            if len(self._kept) == _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = made
        return made

    def _answers(self, question: Question, part: npt.NDArray[np.int64], members: Members) -> Floats:
        """Values (n, p * L) of the coalitions for the targets of some of the rows."""
        rows, kind = question.rows.values[part], question.rows.kind
        made = coalition_values(
            lambda mixed: self._predictor(mixed, kind, fresh=True),
            self._background,
            rows,
            members,
            self._predictor.batch_size(rows.shape[1]),
        )
        chosen = np.take_along_axis(made, question.targets[part][:, None], axis=2)
        return np.moveaxis(chosen, 1, 0).reshape(len(members), -1)


def _rows_per_eval(predictor: Any, num_features: int) -> int:
    """How many rows make a good batch for a model of this kind."""
    others = max(ROWS_PER_EVAL // 8, min(ROWS_PER_EVAL, _CELLS_IN_CACHE // num_features))
    if is_network(predictor):
        return others
    estimator = getattr(predictor, "__self__", predictor)  # of a bound `predict_proba`
    if hasattr(estimator, "named_steps"):  # a scikit-learn pipeline
        estimator = estimator.steps[-1][1]
    if hasattr(estimator, "estimators_") or type(estimator).__module__.split(".")[0] in _BOOSTING:
        return ROWS_PER_EVAL_OF_ENSEMBLES
    return others if hasattr(estimator, "predict") else ROWS_PER_EVAL_OF_ENSEMBLES
