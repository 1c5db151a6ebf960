"""PseudoLinearCoef: against the definition, written out path by path, and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.integrate import quad
from sklearn.datasets import load_iris

from seewhy import PseudoLinearCoef
from seewhy.explainer import pseudo_linear_coef
from tests.explainer.tabular.models import probabilities, softmax_network
from tests.networks import numpy, tensor
from tests.snapshots import snapshot

Array = npt.NDArray[Any]
X = load_iris().data[::5]


def coefficients(features: Any = X, predictor: Any = probabilities, **settings: Any) -> Any:
    classes = settings.pop("num_classes", 3)
    return PseudoLinearCoef(predictor, classes, **{"riemann": 200, **settings})(features)


def slow(features: Array, classes: int, predictor: Any, stepwise: bool = False) -> Array:
    """Relative coefficients as the definition says, one path after another, by quadrature."""
    members = predictor(features) >= 0.5
    made = np.zeros((classes, classes, features.shape[1]))
    for target in range(classes):
        for view in range(classes):
            goals, starts = features[members[:, target]], features[members[:, view]]
            if target == view or not len(goals) or not len(starts):
                continue
            for x in starts:
                a = goals[np.linalg.norm(goals - x, axis=1).argmin()]
                made[target, view] += slow_score(x, a, target, predictor, stepwise) / len(starts)
    return made


def slow_score(x: Array, a: Array, target: int, predictor: Any, stepwise: bool) -> Array:
    step = a - x
    if stepwise:
        unit: Array = step / np.linalg.norm(step)
        return unit

    def p(share: float) -> float:
        return float(predictor((x + share * step)[None])[0, target])

    def entropy(share: float) -> float:
        q = p(share)
        return -q * np.log2(q) - (1 - q) * np.log2(1 - q)

    score: Array = step / (step @ step) * (p(1) - p(0)) / quad(entropy, 0, 1)[0]
    return score


@pytest.mark.parametrize("stepwise", [False, True])
def test_the_definition(stepwise: bool) -> None:
    plc, relative = coefficients(stepwise=stepwise, riemann=1000)
    expected = slow(X, 3, probabilities, stepwise)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(relative, expected, rtol=1e-4, atol=1e-6)
    counts = (probabilities(X) >= 0.5).sum(0)
    for target in range(3):
        others = [view for view in range(3) if view != target]
        mean = sum(counts[v] * relative[target, v] for v in others) / sum(counts[others])
        np.testing.assert_allclose(plc[target], mean)


def sigmoid_planes(rows: Any) -> Array:
    """Class k is where feature k is large; feature 2 is of no use to anyone."""
    values = np.asarray(rows)[:, :2] @ np.array([[6.0, -6.0], [-6.0, 6.0]])
    made: Array = 1 / (1 + np.exp(-values))
    return made


def test_linear_boundaries_give_their_normals() -> None:
    features = np.random.default_rng(0).uniform(-1, 1, (300, 3))
    plc, relative = coefficients(features, sigmoid_planes, num_classes=2)
    np.testing.assert_array_equal(np.sign(plc[:, :2]), [[1, -1], [-1, 1]])
    assert np.abs(plc[:, 2]).max() < 0.2 * np.abs(plc[:, :2]).min()
    np.testing.assert_allclose(plc[0, 0], -plc[0, 1], rtol=0.2)
    # With two classes there is one other to look from.
    np.testing.assert_array_equal(relative[[0, 1], [1, 0]], plc)
    np.testing.assert_array_equal(relative[[0, 1], [0, 1]], 0)


def test_batches_change_nothing() -> None:
    sizes: list[int] = []

    def predict(rows: Any) -> Array:
        sizes.append(len(rows))
        return probabilities(rows)

    whole = coefficients(batch_size=10**6)
    for size in (30, 333):
        sizes.clear()
        small = coefficients(predictor=predict, batch_size=size)
        assert max(sizes) == size
        for made, expected in zip(small, whole, strict=True):
            np.testing.assert_allclose(made, expected, rtol=1e-9)


def test_samples_are_drawn_by_the_seed() -> None:
    few = [coefficients(monte_carlo=3, seed=seed)[1] for seed in (0, 0, 1)]
    np.testing.assert_array_equal(few[0], few[1])
    assert (few[0] != few[2]).any()
    everything = coefficients(monte_carlo=1000)[1]
    np.testing.assert_array_equal(everything, coefficients(monte_carlo=1000, seed=5)[1])
    mean = np.mean([coefficients(monte_carlo=3, riemann=20, seed=s)[1] for s in range(40)], 0)
    np.testing.assert_allclose(mean, coefficients(riemann=20)[1], atol=0.05)


@pytest.mark.parametrize("kind", ["array", "DataFrame", "list", "tensor"])
def test_every_kind_of_features(framework: str, kind: str) -> None:
    made: dict[str, Any] = {"array": X, "DataFrame": pd.DataFrame(X), "list": X.tolist()}
    given = tensor(framework, X) if kind == "tensor" else made[kind]
    network = softmax_network(framework)
    before = snapshot(framework, network)
    for predictor in (probabilities, network):
        for values, expected in zip(coefficients(given, predictor), coefficients(), strict=True):
            if kind == "tensor":
                assert type(values) is type(given)
                values = numpy(values)
            assert isinstance(values, np.ndarray)
            np.testing.assert_allclose(values, expected, atol=1e-4)
    assert snapshot(framework, network) == before


def test_a_class_without_samples_is_told() -> None:
    setosa = X[:10]
    explainer = PseudoLinearCoef(probabilities, 3, ["setosa", "versicolor", "virginica"])
    with pytest.warns(UserWarning, match="no sample of class versicolor, virginica with a prob"):
        plc, relative = explainer(setosa)
    np.testing.assert_array_equal(plc, 0)
    np.testing.assert_array_equal(relative, 0)


def test_a_sample_of_several_classes_scores_zero() -> None:
    """Its nearest neighbour of the other class is itself."""
    plc, _ = coefficients(X, lambda rows: np.full((len(rows), 2), 0.7), num_classes=2)
    np.testing.assert_array_equal(plc, 0)


def test_saturated_probabilities_stay_finite() -> None:
    def steps(rows: Any) -> Array:
        first = (np.asarray(rows)[:, 0] > 5.5).astype(np.float32)
        return np.stack([first, 1 - first], axis=1) * np.float32(1.0000001)

    for values in coefficients(X, steps, num_classes=2):
        assert np.isfinite(values).all()


def test_normalize(framework: str) -> None:
    values = np.array([[1.0, -4.0], [0.5, 0.25], [0.0, 1e-12]])
    normalize = PseudoLinearCoef.normalize
    np.testing.assert_allclose(normalize(values), values / 4)
    expected = [[0.25, -1], [1, 0.5], [0, 1e-12]]
    np.testing.assert_allclose(normalize(values, per_vector=True), expected)
    np.testing.assert_allclose(normalize(values[:2], eps=10.0), values[:2])
    given = tensor(framework, values)
    made = normalize(given, per_vector=True)
    assert type(made) is type(given)
    np.testing.assert_allclose(numpy(made), expected)
    assert normalize(3.5) == 3.5
    with pytest.raises(TypeError, match="`plc` must hold numbers"):
        normalize("a")
    with pytest.raises(TypeError, match="`per_vector` must be a bool, got int"):
        normalize(values, per_vector=1)  # type: ignore[arg-type]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    figures: list[Figure] = []

    def present(draw: Any) -> None:
        figures.append(Figure())
        draw(figures[-1])

    monkeypatch.setattr(pseudo_linear_coef, "present", present)
    return figures


def test_plot(shown: list[Figure], framework: str) -> None:
    values = tensor(framework, np.array([0.5, -2.0, 1.0], np.float32))
    PseudoLinearCoef.plot(values, "cat", ["a", "b", "c"], max_features=2)
    (axes,) = shown[0].axes
    assert axes.get_title() == "cat"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b", "c"]
    assert [bar.get_width() for bar in axes.patches] == [-2, 1]
    PseudoLinearCoef.plot(np.array([0.5, -2.0]))
    labels = [text.get_text() for text in shown[1].axes[0].get_yticklabels()]
    assert labels == ["feature 1", "feature 0"]
    with pytest.raises(ValueError, match=r"`plc` must have shape \(K,\), got \(2, 2\)"):
        PseudoLinearCoef.plot(np.eye(2))
    with pytest.raises(ValueError, match="`feature_names` must have 2 names, got 1"):
        PseudoLinearCoef.plot(np.ones(2), feature_names=["a"])
    with pytest.raises(TypeError, match="`title` must be a str or None, got int"):
        PseudoLinearCoef.plot(np.ones(2), 3)  # type: ignore[arg-type]


def test_show_draws_each_class_in_its_own_order(shown: list[Figure]) -> None:
    frame = pd.DataFrame(X, columns=["sl", "sw", "pl", "pw"])
    explainer = PseudoLinearCoef(probabilities, 3, ["x", "y", "z"], riemann=20)
    plc, _ = explainer(frame, max_classes=2, max_features=3, show=True)
    (figure,) = shown
    assert [axes.get_title() for axes in figure.axes] == ["x", "y"]
    for target, axes in enumerate(figure.axes):
        order = np.argsort(-np.abs(plc[target]))[:3]
        labels = [text.get_text() for text in axes.get_yticklabels()]
        assert labels == [frame.columns[k] for k in order]
    explainer(frame)  # not in a notebook
    assert len(shown) == 1


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"predictor": 3}, TypeError, "`predictor` must be callable"),
        ({"num_classes": 1}, ValueError, "`num_classes` must be at least 2, got 1"),
        ({"num_classes": 3.0}, TypeError, "`num_classes` must be a positive int, got float"),
        ({"num_classes": 4}, ValueError, "must return 4 outputs, as `num_classes` says, got 3"),
        ({"class_names": ["a"]}, ValueError, "`class_names` must have 3 names, got 1"),
        ({"feature_names": ["a"]}, ValueError, "`feature_names` must have 4 names, got 1"),
        ({"feature_names": [1]}, TypeError, "must be a list of str, got int 1"),
        ({"stepwise": 1}, TypeError, "`stepwise` must be a bool, got int"),
        ({"threshold": 0}, ValueError, "`threshold` must be a positive number, got 0"),
        ({"threshold": "a"}, TypeError, "`threshold` must be a positive number, got str"),
        ({"monte_carlo": 0}, ValueError, "`monte_carlo` must be a positive int, got 0"),
        ({"riemann": 1}, ValueError, "`riemann` must be at least 2, got 1"),
        ({"batch_size": -1}, ValueError, "`batch_size` must be a positive int, got -1"),
        ({"eps": float("nan")}, ValueError, "`eps` must be a positive number, got nan"),
        ({"seed": 1.5}, TypeError, "`seed` must be a non-negative int or None"),
    ],
)
def test_bad_settings_are_refused(
    settings: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        coefficients(**settings)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("x",), TypeError, "`features` must be an array"),
        (([[np.inf, 1, 2, 3]],), ValueError, "`features` must be finite"),
        ((X, 0), ValueError, "`max_classes` must be a positive int"),
        ((X, 5, 0), ValueError, "`max_features` must be a positive int"),
        ((X, 5, 5, 1), TypeError, "`show` must be a bool or None"),
    ],
)
def test_bad_calls_are_refused(
    arguments: tuple[Any, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        PseudoLinearCoef(probabilities, 3)(*arguments)
