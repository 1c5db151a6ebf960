"""What the two SHAP explainers share: the background, the call and the way out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from seewhy.explainer.door import check_show
from seewhy.explainer.shapley.background import make_background
from seewhy.explainer.shapley.coalitions import Floats
from seewhy.explainer.shapley.explanation import ShapleyExplanation
from seewhy.explainer.tabular import (
    Question,
    TabularExplainer,
    check_positive,
    check_seed,
    digest,
    read_rows,
)
from seewhy.visual import in_notebook
from seewhy.visual.present import present
from seewhy.visual.shapley import draw_waterfalls

MOST_SHOWN = 12
"""Plots that `show` draws at most; a thousand rows would make a thousand."""

ROWS_PER_EVAL = 8192
"""Rows of a batch for networks and most estimators: what they make of it stays in the cache."""


class ShapleyExplainer(TabularExplainer):
    """Explains each output of a model of rows as a sum of one value for each feature.

    Parameters
    ----------
    predictor
        See `TabularExplainer`.
    features
        The background (B, K), of any kind that the inputs may have: what a feature may be when it
        is left out. Rows that are typical of the data, or a reference group.
    feature_names, class_names
        Texts for the plots. By default the columns of a DataFrame, else "feature 0" and so on;
        "0", "1" and so on.
    max_features
        Features that a plot shows; the others appear as one sum. All values are returned.
    summarise
        Let so many weighted rows (centres of k-means) stand for the background.
    seed
        The same seed gives the same values; None draws anew in each call.
    rows_per_eval
        Rows that the predictor gets in one call, at most; results do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value; if `features` is not (B, K) or holds NaN or
        infinity.

    Warns
    -----
    UserWarning
        If the background has more than 100 rows and is not summarised.
    """

    def __init__(
        self,
        predictor: Any,
        features: Any,
        feature_names: Sequence[str] | None,
        class_names: Sequence[str] | None,
        num_neighbours: int,
        max_features: int,
        summarise: int | None,
        seed: int | None,
        rows_per_eval: int,
    ) -> None:
        rows = read_rows("features", features)
        names = rows.names if feature_names is None else feature_names
        super().__init__(predictor, rows.values.shape[1], names, class_names, rows_per_eval)
        self._columns = rows.names
        self.num_neighbours = check_positive("num_neighbours", num_neighbours)
        self.max_features = check_positive("max_features", max_features)
        self.summarise = None if summarise is None else check_positive("summarise", summarise)
        self.seed = check_seed(seed)
        self._background = make_background(rows.values, self.summarise)

    @property
    def parameters(self) -> dict[str, Any]:
        names = ("num_neighbours", "summarise", "seed")
        return {name: getattr(self, name) for name in names}

    @property
    def data_digest(self) -> str:
        return digest(self._background.rows, self._background.weights)

    def default_name(self, position: int) -> str:
        return f"feature {position}"

    def __call__(self, inputs: Any, targets: Any = 0, show: bool | None = None) -> Any:
        """Explain the outputs `targets` on `inputs`.

        Parameters
        ----------
        inputs
            (N, K): an array, a tensor, a DataFrame or a list. Finite.
        targets
            Class ids: an int or a 0-D array (the same class for all rows), N of them, or (N, L);
            arrays, tensors or lists. A regression has one output, and ignores this.
        show
            Whether to draw a waterfall for each row and target, a dozen at most. `None` draws in
            a Jupyter notebook only.

        Returns
        -------
        Values (N, L, K): a tensor of the inputs' framework, device and dtype for tensors, else an
        array. L = 1 unless `targets` is (N, L).

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or value, or if the predictor's answers are.
        """
        check_show(show)
        question = self._question(inputs, targets)
        explanation = self._explanation(question)
        # Without being asked, only where it can be.
        if (in_notebook() and find_spec("matplotlib") is not None) if show is None else show:
            self._show(explanation)
        return question.rows.kind.result(explanation.values)

    def explain(self, inputs: Any, targets: Any = 0) -> ShapleyExplanation:
        """Explain as a call does; return also where the values start from, and the names."""
        return self._explanation(self._question(inputs, targets))

    def _explanation(self, question: Question) -> ShapleyExplanation:
        rows, ids = question.rows, question.targets
        ends = np.concatenate([self._background.rows, rows.values])
        outputs = self._predictor(ends, rows.kind)
        base = self._background.mean(outputs[: -len(ids)])
        outputs = outputs[-len(ids) :]
        classifier = self._predictor.is_classifier
        return ShapleyExplanation(
            values=self._values(question, base, outputs),
            base_values=base[ids],
            outputs=np.take_along_axis(outputs, ids, axis=1),
            rows=rows.values,
            targets=ids,
            feature_names=self.feature_names(rows),
            class_names=[
                [self.class_name(k) if classifier else "output" for k in row]
                for row in ids.tolist()
            ],
        )

    @abstractmethod
    def _values(self, question: Question, base: Floats, outputs: Floats) -> Floats:
        """Values (N, L, K), given the outputs on the background (L',) and on the rows (N, L')."""

    def _show(self, explanation: ShapleyExplanation) -> None:
        """Draw the first few waterfalls."""
        pairs = list(np.ndindex(explanation.targets.shape))[:MOST_SHOWN]
        charts = [explanation.chart(sample, label) for sample, label in pairs]
        present(lambda figure: draw_waterfalls(figure, charts, self.max_features))
