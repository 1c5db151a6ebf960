"""What is put into the store of a tabular job and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.store.sample_records import Inference

Floats = npt.NDArray[np.float64]


class FeatureInfo(NamedTuple):
    """A feature of a tabular job.

    Attributes
    ----------
    name : str
        Unique in a job.
    categories : mapping of int to str, or None
        What the codes of a categorical feature stand for; None: the numbers are themselves.
    """

    name: str
    categories: Mapping[int, str] | None = None

    def describe(self, value: float) -> str:
        """Write a cell: a category by its name, a number with four digits."""
        if self.categories is not None and int(value) in self.categories:
            return self.categories[int(value)]
        return f"{value:.4g}"


@dataclass(frozen=True, slots=True, eq=False)
class TabularRow:
    """A row of the data with what the model says of it.

    Attributes
    ----------
    id : int
        Position in the data, from 0.
    name : str
        Name shown to people.
    digest : str
        Of the numbers and the truth; tells a resumed run that the row is the same.
    features : numpy.ndarray of shape (K,)
        Finite.
    outputs : numpy.ndarray of shape (L,)
        What the model answers: probabilities, or for a regression one number.
    truth : int, float or None
        The right class, or for a regression the right number; None if not known.
    inferences : tuple of Inference
        The labels that are predicted or true; for a regression the output, as `prob`.
    """

    id: int
    name: str
    digest: str
    features: Floats
    outputs: Floats
    truth: float | None
    inferences: tuple[Inference, ...]


class Rule(NamedTuple):
    """A rule of LIME.

    Attributes
    ----------
    feature : int
        Column of the data.
    description : str
        As in "4.25 < petal length <= 5.10".
    weight : float
        What it adds to the output.
    """

    feature: int
    description: str
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What an explainer says of one output for one row.

    Attributes
    ----------
    row_id : int
        `TabularRow.id`.
    label : int
        The output explained; 0 for a regression.
    explainer : str
        `ExplainerInfo.name`.
    base : float
        Where the values start from: the mean output on the background for SHAP, the intercept of
        the linear model for LIME.
    output : float
        The output explained.
    values : numpy.ndarray of shape (K,)
        What each feature contributes; for LIME zero where there is no rule.
    rules : tuple of Rule
        Those of LIME, the largest |weight| first; empty for SHAP.
    fit : float or None
        Weighted R² of LIME's linear model.
    """

    row_id: int
    label: int
    explainer: str
    base: float
    output: float
    values: Floats
    rules: tuple[Rule, ...] = ()
    fit: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Attributions:
    """What an explainer says of one output for N rows, by row id.

    Attributes
    ----------
    row_ids : numpy.ndarray of shape (N,)
        Rows for which this output was explained.
    values : numpy.ndarray of shape (N, K)
        What each feature contributes; for LIME zero where there is no rule.
    base_values, outputs : numpy.ndarray of shape (N,)
        Where the values start from, and the outputs explained.
    rows : numpy.ndarray of shape (N, K)
        The rows themselves.
    has_rules : bool
        Whether a value of zero says that no rule names the feature.
    """

    row_ids: npt.NDArray[np.int64]
    values: Floats
    base_values: Floats
    outputs: Floats
    rows: Floats
    has_rules: bool = False


class Coefficients(NamedTuple):
    """What an explainer says of the model as a whole.

    Attributes
    ----------
    overall : numpy.ndarray of shape (L, K)
        By class and feature.
    relative : numpy.ndarray of shape (L, L, K)
        By class, class from which it is seen, and feature.
    """

    overall: Floats
    relative: Floats


class KnownRow(NamedTuple):
    """What a store already holds of a row.

    Attributes
    ----------
    outputs : numpy.ndarray of shape (L,)
        What the model answered.
    labels : frozenset of int
        Labels with an inference.
    attributions : frozenset of (int, str)
        (label, explainer name) of every attribution.
    scores : frozenset of (int, str, str)
        (label, explainer or baseline name, metric name) of every score.
    """

    outputs: Floats
    labels: frozenset[int]
    attributions: frozenset[tuple[int, str]]
    scores: frozenset[tuple[int, str, str]] = frozenset()
