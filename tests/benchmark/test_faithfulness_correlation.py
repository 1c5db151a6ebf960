"""Faithfulness correlation against its definition, closed forms and the other framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Cost, FaithfulnessCorrelation, evaluate_together
from seewhy.explainer import Gradient, GuidedBackprop
from tests.benchmark.test_faithfulness import random_maps, softmax
from tests.networks import Spec, images, make, slow, tensor
from tests.runner.test_results import Counter

CLASSES = Spec().classes


def correlation(
    x: np.ndarray, target: int, saliency: np.ndarray, subsets: list[np.ndarray], instead: np.ndarray
) -> float:
    """One image (C, H, W) and the network of `slow()`, subset by subset."""

    def p(image: np.ndarray) -> float:
        powers = np.exp(slow().forward(image))
        return float(powers[target] / powers.sum())

    given, worth = [], []
    for subset in subsets:
        changed = x.copy()
        for place in subset:
            row, column = divmod(int(place), saliency.shape[1])
            changed[:, row, column] = instead
        given.append(saliency.ravel()[subset].sum())
        worth.append(p(x) - p(changed))
    return float(np.corrcoef(given, worth)[0, 1])


@pytest.mark.parametrize("reference", [0.5, "mean"])
def test_equals_the_slow_definition(framework: str, reference: Any) -> None:
    x, targets = images(3, size=(7, 6)), np.array([0, 4, 2])
    maps = random_maps(x)
    metric = FaithfulnessCorrelation(
        CLASSES, softmax(framework), subsets=12, share=0.3, reference=reference, seed=9
    )
    got = metric.evaluate(Gradient(make(framework)), tensor(framework, x), targets, maps)
    random = np.random.default_rng(9)
    subsets = [random.permutation(42)[:12] for _ in range(12)]
    expected = []
    for n in range(3):
        instead = x[n].mean((1, 2)) if reference == "mean" else np.full(3, 0.5)
        image = x[n].astype(float)
        expected.append(correlation(image, targets[n], maps[n, 0], subsets, instead))
    np.testing.assert_allclose(got, expected, rtol=2e-3, atol=1e-4)


def test_of_a_linear_network_the_perfect_map_scores_1_and_the_inverted_minus_1(
    framework: str,
) -> None:
    spec = Spec("dense", channels=1)
    x, targets = images(6, channels=1, size=(4, 4)), np.arange(6) % CLASSES
    perfect = spec.weights["fc.weight"][targets].reshape(x.shape) * x
    metric = FaithfulnessCorrelation(CLASSES, lambda logits: logits, subsets=30)
    explainer, native = Gradient(make(framework, spec)), tensor(framework, x)
    for sign in (1, -1):
        got = metric.evaluate(explainer, native, targets, sign * perfect)
        np.testing.assert_allclose(got, sign, atol=1e-4)


def test_a_random_map_scores_about_0(framework: str) -> None:
    x = images(60, size=(6, 6))
    metric = FaithfulnessCorrelation(CLASSES, softmax(framework), subsets=30)
    got = metric.evaluate(Gradient(make(framework)), tensor(framework, x), 1, random_maps(x))
    assert abs(got.mean()) < 4 * got.std() / np.sqrt(len(got))
    assert metric.chance == 0


def test_explainers_share_the_forwards_and_score_as_alone(framework: str) -> None:
    network, x = make(framework), images(2)
    counter = Counter(network)
    probes = 0 if framework == "mindspore" else 1  # the adapter measures the activations
    explainers = [Gradient(network), GuidedBackprop(network)]
    given = {"Gradient": random_maps(x), "GuidedBackprop": random_maps(x, seed=4)}
    metric = FaithfulnessCorrelation(CLASSES, softmax(framework), subsets=10)
    native = tensor(framework, x)
    together = evaluate_together([metric], explainers, native, [1, 2], given)
    assert counter.samples == 2 * 10 + probes
    assert metric.cost((5, 4)) == Cost(10)
    for explainer in explainers:
        for n in range(2):
            alone = metric.evaluate(
                explainer, native[n : n + 1], n + 1, given[explainer.name][n : n + 1]
            )
            np.testing.assert_allclose(
                together[metric.name, explainer.name][n], alone, rtol=1e-4, atol=1e-5
            )


def test_the_seed_decides_the_subsets(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))
    maps = random_maps(images(2))

    def evaluate(seed: int | None) -> np.ndarray:
        metric = FaithfulnessCorrelation(CLASSES, softmax(framework), subsets=10, seed=seed)
        return metric.evaluate(explainer, x, 1, maps)

    np.testing.assert_array_equal(evaluate(0), evaluate(0))
    assert not np.allclose(evaluate(0), evaluate(1))
    assert not np.allclose(evaluate(None), evaluate(None))


def test_where_nothing_can_correlate_the_score_is_0_with_a_warning(framework: str) -> None:
    x = tensor(framework, images(2))
    maps = random_maps(images(2))
    maps[0] = 3.3
    metric = FaithfulnessCorrelation(CLASSES, softmax(framework), subsets=10)
    with pytest.warns(UserWarning, match="neutral score 0 for 1 sample: the saliency map is cons"):
        got = metric.evaluate(Gradient(make(framework)), x, 1, maps)
    assert got[0] == 0 != got[1]
    still = FaithfulnessCorrelation(CLASSES, lambda logits: logits * 0 + 0.2, subsets=10)
    with pytest.warns(UserWarning, match="for 2 samples: the probability does not move"):
        got = still.evaluate(Gradient(make(framework)), x, 1, random_maps(images(2)))
    np.testing.assert_array_equal(got, 0)
    # Two subsets of one pixel each; neither is the one that the map marks.
    one = FaithfulnessCorrelation(CLASSES, softmax(framework), subsets=2, share=0.05, seed=1)
    spot = np.zeros((2, 1, 5, 4))
    spot[:, 0, 0, 0] = 1
    with pytest.warns(UserWarning, match="for 2 samples: every subset has the same sum"):
        np.testing.assert_array_equal(one.evaluate(Gradient(make(framework)), x, 1, spot), 0)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"activation_fn": None}, TypeError, "`activation_fn` must be callable"),
        ({"subsets": 1}, ValueError, "`subsets` must be two or more, got 1"),
        ({"subsets": 2.0}, TypeError, "`subsets` must be a positive int, got float"),
        ({"share": 1}, ValueError, r"`share` must be in \(0, 1\), got 1"),
        ({"share": 0}, ValueError, r"`share` must be in"),
        ({"reference": "grey"}, ValueError, "`reference` must be a number"),
        ({"seed": -1}, ValueError, "`seed` must be a non-negative int"),
        ({"perturbation_per_eval": "all"}, TypeError, "`perturbation_per_eval` must be a positive"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        FaithfulnessCorrelation(**{"num_labels": 3, "activation_fn": abs, **arguments})
