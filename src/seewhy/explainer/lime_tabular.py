"""LIME for rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.explainer.door import check_show
from seewhy.explainer.tabular.base import Question, TabularExplainer
from seewhy.explainer.tabular.checks import (
    check_categories,
    check_category_names,
    check_indexes,
    check_names,
    check_positive,
    check_seed,
    check_width,
)
from seewhy.explainer.tabular.doubts import (
    warn_of_constants,
    warn_of_repeated,
    warn_of_unseen,
)
from seewhy.explainer.tabular.features import Coder
from seewhy.explainer.tabular.local_linear import SELECTIONS
from seewhy.explainer.tabular.local_models import (
    LocalModels,
    Settings,
    WeightSpread,
    local_models,
)
from seewhy.explainer.tabular.neighbourhood import Neighbourhood, draw
from seewhy.explainer.tabular.predictor import ROWS_AT_ONCE
from seewhy.explainer.tabular.rows import digest, read_rows
from seewhy.explainer.tabular.rules import Rules, RuleTexts, Texts, with_weights
from seewhy.explainer.tabular.statistics import read_statistics, summarise
from seewhy.explainer.tabular.statistics_file import File, load, save
from seewhy.visual import in_notebook
from seewhy.visual.bars import Bars, draw_bars
from seewhy.visual.present import present

MOST_SHOWN = 12
"""Charts that `show` draws at most."""

CategoryNames: TypeAlias = Mapping[int, Sequence[str] | Mapping[int, str]]


class LIMETabular(TabularExplainer):
    """Rules with weights: a linear model of the predictor around a row (LIME).

    Continuous features are cut into quartile bins of the training data. M - 1 rows are drawn from
    the training data's marginals, and with the row x itself the predictor f answers for all of
    them. With z_k = 1 where feature k is in the bin (or category) of x, and d² the number of
    features that are not, the weights minimise

        sum over rows of exp(-d² / 2w²) (f - b - weights · z)² + |weights|²,  w = 0.75 sqrt(K)

    over the `max_features` most important features. All rows to be explained share the draws and
    the predictions, and all labels the predictions.

    Parameters
    ----------
    predictor
        The model: a `torch.nn.Module` or a `mindspore.nn.Cell` (driven in evaluation mode, without
        gradients, and given back as it was), an estimator, or any callable on rows. A callable is
        given arrays, tensors or DataFrames as the inputs are, unless it can only work with another
        kind. It returns probabilities (N, L), or (N,) or (N, 1) for a regression.
    train_feat_stats
        What `to_feat_stats` makes of the training data.
    feature_names
        K texts; by default the columns of a DataFrame that is explained, else "0", "1", and so on.
    categorical_features_indexes
        The columns that hold integer codes of categories; None: those that `train_feat_stats` was
        made with.
    class_names
        L texts for the figure; "0", "1", and so on by default.
    num_perturbs
        M, at least 2.
    max_features
        Features in an explanation, at most.
    categorical_names
        For columns of `categorical_features_indexes` the names of their codes: a list whose
        positions are the codes, or a dict.
    feature_selection
        `"forward_selection"` adds the feature that raises R² most, one by one;
        `"highest_weights"` keeps those with the largest weights of a ridge on all features;
        `"none"` keeps all, whatever `max_features`; `"auto"` is forward selection for up to 6
        features and highest weights for more.
    kernel_width
        w; `None` for 0.75 sqrt(K).
    rows_per_eval
        Rows that the predictor gets in one call, at most. Results do not depend on it.
    seed
        The same seed gives the same draws; `None` draws afresh at each call.

    Raises
    ------
    TypeError
        If an argument is of a wrong type.
    ValueError
        If a key of `train_feat_stats` is missing, if the categorical columns are not those that it
        was made with, or if a value is out of range.

    References
    ----------
    Ribeiro, Singh, Guestrin: "Why Should I Trust You?": Explaining the Predictions of Any
    Classifier. KDD 2016, arXiv:1602.04938.
    """

    def __init__(
        self,
        predictor: Any,
        train_feat_stats: Mapping[str, Any],
        feature_names: Sequence[str] | None = None,
        categorical_features_indexes: Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
        num_perturbs: int = 5000,
        max_features: int = 10,
        *,
        categorical_names: CategoryNames | None = None,
        feature_selection: str = "auto",
        kernel_width: float | None = None,
        rows_per_eval: int = ROWS_AT_ONCE,
        seed: int | None = 0,
    ) -> None:
        self._features = read_statistics(train_feat_stats, categorical_features_indexes)
        super().__init__(predictor, len(self._features), feature_names, class_names, rows_per_eval)
        warn_of_constants(self._features)
        self._categorical = [
            k for k, feature in enumerate(self._features) if feature.is_categorical
        ]
        self._categorical_names = check_category_names(categorical_names, self._categorical)
        self._num_perturbs = check_positive("num_perturbs", num_perturbs, least=2)
        self._max_features = check_positive("max_features", max_features)
        if feature_selection not in SELECTIONS:
            raise ValueError(
                f"`feature_selection` must be one of {', '.join(SELECTIONS)}, "
                f"got {feature_selection!r}"
            )
        width = check_width(kernel_width, len(self._features))
        self._coder = Coder(self._features)
        self._settings = Settings(width, self._max_features, feature_selection)
        self._seed = check_seed(seed)
        self._kept: Neighbourhood | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "num_perturbs": self._num_perturbs,
            "max_features": self._max_features,
            "feature_selection": self._settings.selection,
            "kernel_width": self._settings.kernel_width,
            "seed": self._seed,
        }

    @property
    def data_digest(self) -> str:
        arrays = [vars(feature).values() for feature in self._features]
        return digest(*(array for each in arrays for array in each if array is not None))

    def __call__(self, inputs: Any, targets: Any = 0, show: bool | None = None) -> Rules:
        """Explain the predictor's outputs `targets` for the rows `inputs`.

        Parameters
        ----------
        inputs
            (N, K) or (K,): an array, a tensor, a DataFrame or a list of finite numbers.
        targets
            Class ids: an int or a 0-D tensor or array (the same class for all rows), a list, tuple
            or 1-D tensor or array of N ids, or (N, L) ids for L classes a row. Ignored for a
            regression, whose L is 1.
        show
            Whether to show a bar chart for each row and label, the first 12. `None` shows them in a
            Jupyter notebook only.

        Returns
        -------
        N lists of L lists of (description, weight), the largest |weight| first. The description
        is the bin or category of the row, as in "4.25 < petal length <= 5.10" or "colour=red"; the
        weight is what being in it adds to the output.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong: rows of another width than the training data's, NaN, a
            category that is no integer, a class that the predictor does not have; or if the
            predictor's answer is not one row of finite numbers for each row, of the same width at
            each call.

        Warns
        -----
        UserWarning
            If a category was never seen in training, if features share a name, or if the outputs
            of a classifier do not sum to one.
        """
        check_show(show)
        question = self._question(inputs, targets)
        models = self._models(question, self._neighbourhood())
        rules = with_weights(self._texts(question, models.features), models.weights)
        if show or (show is None and in_notebook()):
            present(lambda figure: draw_bars(figure, self._charts(question, rules)[:MOST_SHOWN]))
        return rules

    def explain(self, inputs: Any, targets: Any = 0) -> tuple[Rules, LocalModels]:
        """Return the rules of a call, and the linear models behind them.

        Parameters and errors are those of a call.
        """
        question = self._question(inputs, targets)
        models = self._models(question, self._neighbourhood())
        return with_weights(self._texts(question, models.features), models.weights), models

    def local_models(self, inputs: Any, targets: Any = 0) -> LocalModels:
        """Return the linear models themselves, with how well they fit.

        Parameters and errors are those of a call.
        """
        return self._models(self._question(inputs, targets), self._neighbourhood())

    def stability(
        self, inputs: Any, targets: Any = 0, repeats: int = 10
    ) -> list[list[list[WeightSpread]]]:
        """Explain `repeats` times, with other draws each time: the spread of the weights.

        Parameters and errors are those of a call; it costs `repeats` calls, at least 2. The
        result is nested as that of a call, with the largest |mean| first.
        """
        check_positive("repeats", repeats, least=2)
        question = self._question(inputs, targets)
        made = [self._models(question, drawn) for drawn in self._fresh(repeats)]
        weights = np.stack([models.dense(self._num_features) for models in made])
        mean, spread = weights.mean(0), weights.std(0, ddof=1)
        kept = np.stack([models.kept(self._num_features) for models in made]).mean(0)
        first = np.argsort(-np.abs(mean), axis=2, kind="stable")[:, :, : self._max_features]
        numbers = [np.take_along_axis(every, first, 2).tolist() for every in (mean, spread, kept)]
        texts = self._texts(question, first)
        return [
            [
                [WeightSpread(*each) for each in zip(*label, strict=True)]
                for label in zip(*row, strict=True)
            ]
            for row in zip(texts, *numbers, strict=True)
        ]

    @staticmethod
    def to_feat_stats(
        features: Any,
        feature_names: Sequence[str] | None = None,
        categorical_features_indexes: Sequence[int] | None = None,
    ) -> dict[str, Any]:
        """Summarise training data, so that they need not be there when rows are explained.

        Parameters
        ----------
        features
            (N, K): an array, a tensor, a DataFrame or a list of finite numbers.
        feature_names
            K texts; they are checked, and otherwise of no effect.
        categorical_features_indexes
            The columns that hold integer codes of categories.

        Returns
        -------
        A dict of plain numbers:

        - "bins": a list with the 25, 50 and 75 % quantiles (the distinct ones) of each continuous
          feature, in the order of the columns;
        - "means", "stds", "mins", "maxs": for each continuous feature (a dict by column) a list
          with one number for each bin; a bin without data has mean 0;
        - "feature_values", "feature_frequencies": for each feature (a dict by column) the bins or
          categories that the data have, ascending, and their shares.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If the data are not (N, K) or not finite, a category is no integer, or an index is
            not in 0..K-1.
        """
        rows = read_rows("features", features)
        check_names("feature_names", feature_names, rows.values.shape[1])
        categorical = check_indexes(categorical_features_indexes, rows.values.shape[1])
        check_categories(rows.values, categorical, "features")
        return summarise(rows, categorical)

    @staticmethod
    def save_feat_stats(stats: Mapping[str, Any], file: File) -> None:
        """Write what `to_feat_stats` made as JSON.

        Parameters
        ----------
        stats
            The statistics.
        file
            A path or a text stream.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If `stats` are not what `to_feat_stats` makes.
        """
        save(stats, file)

    @staticmethod
    def load_feat_stats(file: File) -> dict[str, Any]:
        """Read what `save_feat_stats` wrote.

        Raises
        ------
        TypeError
            If `file` is neither a path nor a text stream.
        ValueError
            If it holds something else.
        """
        return load(file)

    def _question(self, inputs: Any, targets: Any) -> Question:
        question = super()._question(inputs, targets)
        check_categories(question.rows.values, self._categorical, "inputs")
        names = self.feature_names(question.rows)
        warn_of_repeated(names)
        warn_of_unseen(question.rows.values, self._features, names)
        return question

    def _neighbourhood(self) -> Neighbourhood:
        """Draws of the seed, kept for the next call; fresh ones without a seed."""
        if self._seed is None:
            return draw(self._features, self._num_perturbs - 1, None)
        if self._kept is None:
            self._kept = draw(self._features, self._num_perturbs - 1, self._seed)
        return self._kept

    def _fresh(self, repeats: int) -> Iterator[Neighbourhood]:
        """Draws that are independent of each other and of those of a call."""
        for repeat in range(1, repeats + 1):
            seed = None if self._seed is None else [self._seed, repeat]
            yield draw(self._features, self._num_perturbs - 1, seed)

    def _models(self, question: Question, drawn: Neighbourhood) -> LocalModels:
        values, ids = question.rows.values, question.targets
        asked = np.concatenate([values, drawn.values])
        outputs = self._predictor(asked, question.rows.kind, fresh=True)
        self._predictor.warn_unless_probabilities(outputs)
        number = len(values)
        return local_models(
            self._coder(values),
            drawn.positions,
            np.take_along_axis(outputs[:number], ids, 1),
            (outputs[number:, labels] for labels in ids),
            self._settings,
        )

    def _texts(self, question: Question, features: npt.NDArray[np.int64]) -> Texts:
        names = self.feature_names(question.rows)
        texts = RuleTexts(self._features, names, self._categorical_names)
        return texts(question.rows.values, features)

    def _charts(self, question: Question, rules: Rules) -> list[Bars]:
        return [
            Bars(f"row {n}: {self._target_name(int(target))}", weights)
            for n, row in enumerate(rules)
            for target, weights in zip(question.targets[n], row, strict=True)
        ]

    def _target_name(self, target: int) -> str:
        return self.class_name(target) if self._predictor.is_classifier else "output"
