"""ROAD against its slow definition, closed forms and the other framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import ROAD, Cost, Faithfulness, evaluate_together
from seewhy.explainer import Gradient, GuidedBackprop
from seewhy.visual import plot_curves
from tests.benchmark.test_faithfulness import random_maps, softmax
from tests.networks import Spec, images, make, slow, tensor
from tests.perturb import imputation_oracle
from tests.runner.test_results import Counter

CLASSES = Spec().classes
ORDERS = ("MoRF", "LeRF", "combined")
SHARES = (0.25, 0.6)


def road(
    order: str,
    x: np.ndarray,
    target: int,
    saliency: np.ndarray,
    noise: np.ndarray,
    shares: Sequence[float] = SHARES,
) -> float:
    """Pixel by pixel, for one image (C, H, W) and the network of `slow()`."""
    height, width = saliency.shape
    ranked = sorted(np.ndindex(height, width), key=lambda place: -saliency[place])

    def p(removed: list[tuple[int, ...]]) -> float:
        hidden = np.zeros((height, width), bool)
        for place in removed:
            hidden[place] = True
        image = imputation_oracle.imputed(x, hidden) if removed else x
        powers = np.exp(slow().forward(image + noise * hidden))
        return float(powers[target] / powers.sum())

    numbers = [int(share * height * width) for share in shares]
    most = [p(ranked[:number]) for number in numbers]
    least = [p(ranked[-number:]) for number in numbers]
    low, high = {"MoRF": (most, p([])), "LeRF": (p([]), least), "combined": (most, least)}[order]
    return float(np.mean(np.subtract(high, low)))


@pytest.mark.parametrize("order", ORDERS)
def test_equals_the_slow_definition(framework: str, order: Any) -> None:
    x, targets = images(3, size=(7, 6)), np.array([0, 4, 2])
    maps = random_maps(x)
    metric = ROAD(CLASSES, softmax(framework), order, shares=SHARES, noise=0.1, seed=5)
    got = metric.evaluate(Gradient(make(framework)), tensor(framework, x), targets, maps)
    noise = 0.1 * np.random.default_rng(5).standard_normal(x.shape[1:])
    expected = [
        road(order, x[n].astype(float), targets[n], maps[n, 0], noise) for n in range(len(x))
    ]
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("order", ORDERS)
def test_the_perfect_map_beats_a_random_one_and_that_the_inverted(
    framework: str, order: Any
) -> None:
    """A linear network that looks at a blob: to fill it in from around it takes it away."""
    spec = Spec("dense", channels=1)
    blob = np.zeros((1, 1, 4, 4), np.float32)
    blob[..., 1:3, 1:3] = 1
    spec.weights["fc.weight"][:] = blob.reshape(1, 16)
    spec.weights["fc.bias"][:] = 0
    x = blob + 0.1 * np.abs(images(20, channels=1, size=(4, 4)))
    metric = ROAD(CLASSES, lambda logits: logits, order, shares=[0.25], noise=0)
    explainer, native = Gradient(make(framework, spec)), tensor(framework, x)

    def evaluate(maps: np.ndarray) -> np.ndarray:
        return metric.evaluate(explainer, native, 0, maps)

    best, worst = evaluate(blob * x), evaluate(-blob * x)
    assert (best > worst).all()
    assert best.mean() > evaluate(random_maps(x)).mean() > worst.mean()


@pytest.mark.parametrize("order", ["MoRF", "LeRF"])
def test_its_curve_is_the_slow_one_and_its_mean_the_score(framework: str, order: Any) -> None:
    x, targets = images(3, size=(7, 6)), np.array([0, 4, 2])
    maps, explainer = random_maps(x), Gradient(make(framework))
    metric = ROAD(CLASSES, softmax(framework), order, shares=SHARES[::-1], noise=0.1, seed=5)
    curve = metric.curve(explainer, tensor(framework, x), targets, maps)
    np.testing.assert_allclose(curve.share, [0, 10 / 42, 25 / 42])
    p = curve.probability
    sign = 1 if order == "LeRF" else -1
    expected = metric.evaluate(explainer, tensor(framework, x), targets, maps)
    np.testing.assert_allclose(sign * (p[:, 1:] - p[:, :1]).mean(1), expected, atol=1e-6)
    noise = 0.1 * np.random.default_rng(5).standard_normal(x.shape[1:])
    slow_first = [
        sign * road(order, x[n].astype(float), targets[n], maps[n, 0], noise, SHARES[:1])
        for n in range(3)
    ]
    np.testing.assert_allclose(p[:, 1] - p[:, 0], slow_first, rtol=1e-3, atol=1e-4)
    plot_curves({order: curve})


def test_combined_has_no_curve_of_its_own(framework: str) -> None:
    metric = ROAD(CLASSES, softmax(framework), "combined")
    with pytest.raises(ValueError, match="`order` must be MoRF or LeRF for a curve, got combined"):
        metric.curve(Gradient(make(framework)), tensor(framework, images(1)), 0)


def test_combined_gives_a_random_map_about_0(framework: str) -> None:
    x = images(200, size=(6, 6))
    metric = ROAD(CLASSES, softmax(framework), "combined", shares=[0.5])
    got = metric.evaluate(Gradient(make(framework)), tensor(framework, x), 1, random_maps(x))
    assert abs(got.mean()) < 4 * got.std() / np.sqrt(len(got))
    assert metric.chance == 0


def test_samples_together_score_as_alone(framework: str) -> None:
    x, maps = images(3), random_maps(images(3))
    explainer = Gradient(make(framework))
    metric = ROAD(CLASSES, softmax(framework), perturbation_per_eval=4)
    together = metric.evaluate(explainer, tensor(framework, x), [0, 1, 2], maps)
    alone = [
        metric.evaluate(explainer, tensor(framework, x[n : n + 1]), n, maps[n : n + 1])[0]
        for n in range(3)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


def test_equal_questions_are_asked_once(framework: str) -> None:
    network, x = make(framework), images(2)
    activation, counter = softmax(framework), Counter(network)
    probes = 0 if framework == "mindspore" else 1  # the adapter measures the activations
    explainers = [Gradient(network), GuidedBackprop(network)]
    given = {"Gradient": random_maps(x), "GuidedBackprop": random_maps(x, seed=4)}
    metrics = [ROAD(CLASSES, activation, order, shares=[0.2, 0.8]) for order in ORDERS]
    deletion = Faithfulness(CLASSES, activation, "DeletionAUC", steps=4)
    evaluate_together([*metrics, deletion], explainers, tensor(framework, x), 0, given)
    # Two shares in two orders and four steps for each map; the image itself once for all.
    assert counter.samples == 2 * (2 * (4 + 4) + 1) + probes


def test_the_seed_decides_the_noise(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))
    maps = random_maps(images(2))

    def evaluate(seed: int | None) -> np.ndarray:
        metric = ROAD(CLASSES, softmax(framework), noise=0.3, seed=seed)
        return metric.evaluate(explainer, x, 1, maps)

    np.testing.assert_array_equal(evaluate(0), evaluate(0))
    assert not np.allclose(evaluate(0), evaluate(1))
    assert not np.allclose(evaluate(None), evaluate(None))


def test_constant_maps_get_0_and_a_warning(framework: str) -> None:
    maps = np.ones((2, 1, 5, 4), np.float32)
    maps[1, 0, 2, 2] = 2
    metric = ROAD(CLASSES, softmax(framework))
    with pytest.warns(UserWarning, match="neutral score 0 for 1 sample: the saliency map is cons"):
        got = metric.evaluate(Gradient(make(framework)), tensor(framework, images(2)), 1, maps)
    assert got[0] == 0 != got[1]


def test_what_it_declares() -> None:
    made = {order: ROAD(3, abs, order, shares=[0.1, 0.5]) for order in ORDERS}  # type: ignore[arg-type]
    assert [metric.name for metric in made.values()] == ["ROADMoRF", "ROADLeRF", "ROADCombined"]
    assert [metric.cost((8, 8)) for metric in made.values()] == [Cost(3), Cost(3), Cost(4)]
    assert [metric.chance for metric in made.values()] == [None, None, 0]
    assert made["MoRF"].parameters == {"shares": [0.1, 0.5], "noise": 0.01, "seed": 0}
    assert made["MoRF"].range == (-1, 1)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"activation_fn": 3}, TypeError, "`activation_fn` must be callable"),
        ({"order": "random"}, ValueError, "`order` must be one of MoRF, LeRF, combined"),
        ({"order": 1}, TypeError, "`order` must be a string"),
        ({"shares": 0.5}, TypeError, "`shares` must be a list of numbers, got float"),
        ({"shares": ["a"]}, TypeError, "`shares` must be a list of numbers, got 'a' in it"),
        ({"shares": [0.5, 1]}, ValueError, r"`shares` must be in \(0, 1\), got 1"),
        ({"shares": []}, ValueError, "`shares` must hold at least one"),
        ({"noise": -1}, ValueError, "`noise` must be a number of 0 or more, got -1"),
        ({"noise": "0"}, TypeError, "`noise` must be a number"),
        ({"seed": 0.5}, TypeError, "`seed` must be a non-negative int"),
        ({"perturbation_per_eval": 0}, ValueError, "`perturbation_per_eval` must be a positive"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        ROAD(**{"num_labels": 3, "activation_fn": abs, **arguments})


def test_refuses_shares_of_less_than_a_pixel(framework: str) -> None:
    metric = ROAD(CLASSES, softmax(framework), shares=[0.5, 0.01])
    with pytest.raises(ValueError, match=r"must remove at least one of the 20 pixels, got 0\.01"):
        metric.evaluate(Gradient(make(framework)), tensor(framework, images(1)), 0)
