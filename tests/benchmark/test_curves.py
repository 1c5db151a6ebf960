"""Deletion and insertion curves as data, and the scores that they are behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Faithfulness
from seewhy.benchmark.curves import area, band_edges
from seewhy.explainer import Gradient
from tests.benchmark import oracles
from tests.benchmark.test_faithfulness import METRICS, random_maps, softmax
from tests.networks import Spec, images, make, slow, tensor

CLASSES = Spec().classes
SIZE = (7, 6)


def probability(image: np.ndarray, target: int) -> float:
    powers = np.exp(slow().forward(image))
    return float(powers[target] / powers.sum())


def slow_curve(metric: str, x: np.ndarray, target: int, saliency: np.ndarray) -> list[float]:
    """Four bands of the top 60 %, pixel by pixel, hidden pixels 0.3."""
    bands = oracles.bands(saliency, 0.6, 4)
    changed = np.full_like(x, 0.3) if metric == "InsertionAUC" else x.copy()
    heights = [] if metric == "NaiveFaithfulness" else [probability(changed, target)]
    for band in bands:
        if metric == "NaiveFaithfulness":
            changed = x.copy()
        for i, j in band:
            changed[:, i, j] = x[:, i, j] if metric == "InsertionAUC" else 0.3
        heights.append(probability(changed, target))
    return heights


@pytest.mark.parametrize("metric", METRICS)
def test_equals_the_slow_definition(framework: str, metric: Any) -> None:
    x, targets = images(3, size=SIZE), np.array([0, 4, 2])
    maps = random_maps(x)
    score = Faithfulness(CLASSES, softmax(framework), metric, share=0.6, steps=4, reference=0.3)
    curve = score.curve(Gradient(make(framework)), tensor(framework, x), targets, maps)
    shares = np.array([0, 6, 12, 18, 24]) / 42
    np.testing.assert_allclose(
        curve.share, shares[1:] if metric == "NaiveFaithfulness" else shares, rtol=1e-12
    )
    expected = [slow_curve(metric, x[n].astype(float), targets[n], maps[n, 0]) for n in range(3)]
    np.testing.assert_allclose(curve.probability, expected, rtol=1e-4)


def test_the_areas_are_the_scores(framework: str) -> None:
    x, maps = tensor(framework, images(3, size=SIZE)), random_maps(images(3, size=SIZE))
    explainer = Gradient(make(framework))
    for metric in ("DeletionAUC", "InsertionAUC"):
        score = Faithfulness(CLASSES, softmax(framework), metric)
        p = score.curve(explainer, x, 1, maps).probability
        start, under = p[:, 0], ((p[:, 1:] + p[:, :-1]) / 2).mean(1)
        deleted = metric == "DeletionAUC"
        expected = (start - under) / start if deleted else (1 + under - start) / 2
        np.testing.assert_allclose(score.evaluate(explainer, x, 1, maps), expected, rtol=1e-5)


def test_the_ends_are_the_image_and_the_reference(framework: str) -> None:
    x, maps = images(2, size=SIZE), random_maps(images(2, size=SIZE))
    explainer, native = Gradient(make(framework)), tensor(framework, x)
    ends = np.array(
        [
            [probability(image, 3) for image in x.astype(float)],
            [probability(np.zeros_like(x[0], float), 3)] * 2,
        ]
    )
    for metric in ("DeletionAUC", "InsertionAUC"):
        score = Faithfulness(CLASSES, softmax(framework), metric, share=1, steps=42)
        curve = score.curve(explainer, native, 3, maps)
        assert curve.share[0] == 0
        assert curve.share[-1] == 1
        expected = ends if metric == "DeletionAUC" else ends[::-1]
        np.testing.assert_allclose(curve.probability[:, [0, -1]].T, expected, rtol=1e-4)


def test_constant_maps_have_a_curve_all_the_same(framework: str) -> None:
    """The pixels go in row order; only the score is neutral."""
    x = images(2, size=SIZE)
    score = Faithfulness(CLASSES, softmax(framework), "DeletionAUC", share=0.6, steps=4)
    flat = np.zeros((2, 1, *SIZE))
    falling = -np.arange(42.0).reshape(1, 1, *SIZE).repeat(2, 0)
    explainer, native = Gradient(make(framework)), tensor(framework, x)
    one, other = (score.curve(explainer, native, 1, maps).probability for maps in (flat, falling))
    np.testing.assert_array_equal(one, other)


def test_a_curve_refuses_what_a_score_refuses(framework: str) -> None:
    score = Faithfulness(9, softmax(framework), "DeletionAUC")
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))
    with pytest.raises(ValueError, match="`num_labels` must be the number of outputs"):
        score.curve(explainer, x, 0)
    with pytest.raises(ValueError, match="`saliency` must be finite"):
        score.curve(explainer, x, 0, random_maps(images(2)) * np.nan)


def test_area_is_that_of_the_trapezoids() -> None:
    heights = np.array([[0.0, 1.0, 1.0], [3.0, 3.0, 3.0]])
    np.testing.assert_allclose(area(heights), [0.75, 3.0])


def test_bands_hold_equally_many_pixels() -> None:
    assert band_edges(100, 0.5, 4) == [0, 12, 24, 36, 48]
    with pytest.raises(ValueError, match="`steps` must leave at least one of the 10 pixels"):
        band_edges(10, 0.5, 6)
