"""Sparseness and complexity against their definitions; neither asks the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Complexity, Cost, Sparseness, evaluate_together
from seewhy.explainer import Gradient
from tests.networks import Spec, images, make, tensor
from tests.runner.test_results import Counter

CLASSES = Spec().classes


def scores(framework: str, metric: Any, maps: np.ndarray) -> np.ndarray:
    x = np.zeros((len(maps), 3, *maps.shape[2:]), np.float32)
    return metric(CLASSES).evaluate(Gradient(make(framework)), tensor(framework, x), 0, maps)


def gini(values: np.ndarray) -> float:
    """Mean difference of all pairs, over twice the mean."""
    a = np.abs(values).ravel()
    return float(np.abs(a[:, None] - a[None]).mean() / (2 * a.mean()))


def entropy(values: np.ndarray) -> float:
    shares = [abs(value) / np.abs(values).sum() for value in values.ravel() if value]
    return float(-sum(share * np.log(share) for share in shares))


@pytest.mark.parametrize(("metric", "definition"), [(Sparseness, gini), (Complexity, entropy)])
def test_equals_the_definition(framework: str, metric: Any, definition: Any) -> None:
    maps = np.random.default_rng(1).normal(size=(4, 1, 6, 5))
    maps[1, 0, 2:] = 0
    expected = [definition(one) for one in maps]
    np.testing.assert_allclose(scores(framework, metric, maps), expected, rtol=1e-12)
    scaled = scores(framework, metric, -1e-7 * maps)
    np.testing.assert_allclose(scaled, expected, rtol=1e-9, err_msg="neither scale nor sign matter")


def test_one_pixel_and_equal_pixels_are_the_ends(framework: str) -> None:
    maps = np.zeros((2, 1, 6, 5))
    maps[0, 0, 3, 1] = -2
    maps[1] = 0.3
    np.testing.assert_allclose(scores(framework, Sparseness, maps), [29 / 30, 0], atol=1e-12)
    np.testing.assert_allclose(scores(framework, Complexity, maps), [0, np.log(30)], atol=1e-12)


def test_a_map_of_zeros_is_neutral_with_a_warning(framework: str) -> None:
    maps = np.zeros((2, 1, 6, 5))
    maps[1, 0, 0, 0] = 1
    for metric, neutral in ((Sparseness, 0), (Complexity, np.log(30))):
        with pytest.warns(UserWarning, match=r"for 1 sample: the saliency map is zero everywhere"):
            made = scores(framework, metric, maps)
        assert made[0] == pytest.approx(neutral)
        assert made[1] == pytest.approx({Sparseness: 29 / 30, Complexity: 0}[metric])


def test_what_they_declare() -> None:
    sparse, complex_ = Sparseness(3), Complexity(3)
    assert (sparse.higher_is_better, complex_.higher_is_better) == (True, False)
    assert (sparse.range, complex_.range) == ((0, 1), (0, np.inf))
    assert sparse.cost((9, 9)) == complex_.cost((9, 9)) == Cost(0, 0)
    assert sparse.chance is complex_.chance is None


def test_the_network_is_not_asked(framework: str) -> None:
    network = make(framework)
    counter, x = Counter(network), tensor(framework, images(3))
    maps = np.random.default_rng(1).normal(size=(3, 2, 5, 4))
    made = evaluate_together(
        [Sparseness(CLASSES), Complexity(CLASSES)],
        [Gradient(network)],
        x,
        [[0, 1]] * 3,
        {"Gradient": maps},
    )
    assert counter.samples == 0
    for name, definition in (("Sparseness", gini), ("Complexity", entropy)):
        expected = [[definition(one) for one in row] for row in maps]
        np.testing.assert_allclose(made[name, "Gradient"], expected, rtol=1e-12)
