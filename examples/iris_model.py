"""A forest on Fisher's irises, and the rows that it was not trained on, for tabular_plan.toml."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier

features = ["sepal length", "sepal width", "petal length", "petal width"]
class_names = ["setosa", "versicolor", "virginica"]


def training() -> npt.NDArray[np.float64]:
    """Four rows of five, of all three species."""
    x: npt.NDArray[np.float64] = load_iris().data
    return np.delete(x, slice(None, None, 5), axis=0)


def forest() -> RandomForestClassifier:
    """A model of the rows for training."""
    y = np.delete(load_iris().target, slice(None, None, 5))
    return RandomForestClassifier(50, random_state=0).fit(training(), y)


def rows() -> npt.NDArray[np.float64]:
    """Those that are explained."""
    x: npt.NDArray[np.float64] = load_iris().data
    return x[::5]


def species() -> npt.NDArray[np.int64]:
    """What they are."""
    y: npt.NDArray[np.int64] = load_iris().target
    return y[::5]
