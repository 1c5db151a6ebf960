"""Small tabular jobs that run on both frameworks, and what their stores hold."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.datasets import load_iris

from seewhy import LIMETabular, PseudoLinearCoef, SHAPGradient, SHAPKernel, TabularRunner
from seewhy.store import Attribution, TabularRow, read_tabular
from tests.explainer.tabular.models import softmax_network
from tests.networks import tensor

Array = npt.NDArray[Any]

CLASSES = ["setosa", "versicolor", "virginica"]
FEATURES = ["sepal length", "sepal width", "petal length", "petal width"]
NUMBER = 20


def iris(number: int = NUMBER) -> tuple[npt.NDArray[np.float32], Array]:
    """Flowers of all three classes in turns, and what they are."""
    x, y = load_iris(return_X_y=True)
    order = np.arange(150).reshape(3, 50).T.ravel()[:number]
    return x[order].astype(np.float32), y[order]


def truth(number: int = NUMBER) -> Array:
    """What the flowers are said to be; of every fifth it is wrong."""
    made: Array = (iris(number)[1] + (np.arange(number) % 5 == 0)) % 3
    return made


def background() -> npt.NDArray[np.float32]:
    return iris(150)[0][60::9]


def explainers(predictor: Any) -> list[Any]:
    """One of each kind, or those that need no gradients."""
    stats = LIMETabular.to_feat_stats(iris(150)[0])
    made = [
        LIMETabular(predictor, stats, FEATURES, num_perturbs=300, max_features=3),
        SHAPKernel(predictor, background(), FEATURES),
        PseudoLinearCoef(predictor, 3, monte_carlo=5, riemann=20),
    ]
    network = hasattr(predictor, "parameters") or hasattr(predictor, "construct")
    return [*made, SHAPGradient(predictor, background(), num_neighbours=30)] if network else made


def runner(
    framework: str,
    folder: Path,
    predictor: Any = None,
    rows: Any = None,
    make_explainers: Any = explainers,
    **options: Any,
) -> TabularRunner:
    """A runner of the linear network of iris; its explainers are registered."""
    x, _ = iris()
    predictor = softmax_network(framework) if predictor is None else predictor
    options = {"ground_truth": truth(), **options} if rows is None else options
    rows = tensor(framework, x) if rows is None else rows
    made = TabularRunner(folder, (rows, CLASSES), predictor, **options)
    made.register_explainers(make_explainers(predictor))
    return made


class Slow:
    """A callable that takes its time, and counts what it is asked."""

    def __init__(self, framework: str, pause: float = 0.0) -> None:
        self.network = softmax_network(framework)
        self.pause = pause
        self.rows = 0

    def __call__(self, rows: Any) -> Any:
        time.sleep(self.pause)
        self.rows += len(rows)
        return self.network(rows)


def kernel_only(predictor: Any) -> list[Any]:
    return [SHAPKernel(predictor, background(), FEATURES)]


def slow_runner(framework: str, folder: Path, pause: float = 0.0) -> TabularRunner:
    slow = Slow(framework, pause)
    return runner(framework, folder, slow, make_explainers=kernel_only, batch_size=2)


def stored(path: Path) -> dict[int, tuple[TabularRow, dict[tuple[str, int], Attribution]]]:
    """Every row with its attributions by explainer and label."""
    with read_tabular(path) as job:
        return {
            row.id: (row, {(a.explainer, a.label): a for a in job.attributions_of(row.id)})
            for row in job.rows()
        }


def assert_same(one: Any, other: Any) -> None:
    """The same rows and attributions; numbers up to the rounding of single precision."""
    assert sorted(one) == sorted(other)
    for number, (row, found) in one.items():
        again, others = other[number]
        assert (row.name, row.truth, row.digest) == (again.name, again.truth, again.digest)
        assert np.array_equal(row.features, again.features)
        np.testing.assert_allclose(row.outputs, again.outputs, atol=1e-6)
        assert [i[0::2] for i in row.inferences] == [i[0::2] for i in again.inferences]
        assert found.keys() == others.keys()
        for key, attribution in found.items():
            np.testing.assert_allclose(attribution.values, others[key].values, atol=1e-5)
