"""Infidelity against closed forms of linear networks and its slow definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Infidelity
from seewhy.explainer import Gradient
from tests.benchmark.construct import CLASSES, Brightness
from tests.benchmark.test_faithfulness import random_maps, softmax
from tests.networks import Spec, images, make, tensor
from tests.runner.test_results import Counter

DENSE = Spec("dense", channels=1)
SIZE = (4, 4)


def linear(framework: str, metric: Infidelity, x: np.ndarray, maps: np.ndarray) -> np.ndarray:
    targets = np.arange(len(x)) % CLASSES
    explainer = Gradient(make(framework, DENSE))
    return metric.evaluate(explainer, tensor(framework, x), targets, maps)


def weights(number: int) -> np.ndarray:
    rows: np.ndarray = DENSE.weights["fc.weight"][np.arange(number) % CLASSES]
    return rows.reshape(number, 1, *SIZE)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("perturbation", ["square", "noise"])
def test_of_a_linear_network_the_perfect_map_is_never_wrong(
    framework: str, perturbation: Any, normalize: bool
) -> None:
    x = images(4, channels=1, size=SIZE)
    metric = Infidelity(CLASSES, None, perturbation, draws=20, normalize=normalize, side=0.5)
    perfect = weights(4) * x if perturbation == "square" else weights(4)
    best = linear(framework, metric, x, perfect)
    np.testing.assert_allclose(best, 0, atol=1e-8)
    maps = (random_maps(x), -perfect, 0.5 * perfect)
    random, inverted, half = (linear(framework, metric, x, given) for given in maps)
    assert (random > 0.01).all()
    assert (inverted > best + 0.01).all()
    if normalize:
        np.testing.assert_allclose(half, best, atol=1e-8, err_msg="no scale is preferred")
        with pytest.warns(UserWarning, match="zero everywhere"):
            nothing = linear(framework, metric, x, 0 * perfect)
        np.testing.assert_allclose(inverted, nothing, err_msg="but a sign is")
    else:
        np.testing.assert_allclose(inverted, 16 * half, rtol=1e-4, err_msg="wrong by 2, by 1/2")


def test_of_one_square_over_all_there_is_a_closed_form(framework: str) -> None:
    x, maps = images(3, channels=1, size=SIZE), random_maps(images(3, channels=1, size=SIZE))
    metric = Infidelity(CLASSES, None, side=1, draws=5, normalize=False, reference=0.5)
    change = (weights(3) * (x - 0.5)).sum((1, 2, 3))
    got = linear(framework, metric, x, maps)
    np.testing.assert_allclose(got, (maps.sum((1, 2, 3)) - change) ** 2, rtol=1e-4)
    scaled = Infidelity(CLASSES, None, side=1, draws=5, reference=0.5)
    signed = maps * np.sign(maps.sum((1, 2, 3)) * change).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(linear(framework, scaled, x, signed), 0, atol=1e-6)


@pytest.mark.parametrize("perturbation", ["square", "noise"])
def test_the_scale_is_the_best_there_is(framework: str, perturbation: Any) -> None:
    x, maps = images(2, channels=1, size=SIZE), random_maps(images(2, channels=1, size=SIZE))
    settings: dict[str, Any] = {"draws": 15, "side": 0.5, "deviation": 0.5}
    best = linear(framework, Infidelity(CLASSES, None, perturbation, **settings), x, maps)
    plain = Infidelity(CLASSES, None, perturbation, normalize=False, **settings)
    grid = [linear(framework, plain, x, scale * maps) for scale in np.linspace(0.001, 3, 120)]
    assert (np.min(grid, axis=0) >= best - 1e-6).all()
    np.testing.assert_allclose(np.min(grid, axis=0), best, rtol=0.05)


def test_a_map_of_zeros_foretells_no_change(framework: str) -> None:
    x, maps = images(2, channels=1, size=SIZE), random_maps(images(2, channels=1, size=SIZE))
    metric = Infidelity(CLASSES, None, side=1, draws=3)
    change = (weights(2) * x).sum((1, 2, 3))
    maps *= np.sign(maps.sum((1, 2, 3)) * change).reshape(2, 1, 1, 1)
    maps[0] = 0
    with pytest.warns(UserWarning, match="for 1 sample: the saliency map is zero everywhere"):
        got = linear(framework, metric, x, maps)
    np.testing.assert_allclose(got, [change[0] ** 2, 0], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("reference", [0.0, (0.1, -0.2, 0.3), "mean", "blur"])
@pytest.mark.parametrize("perturbation", ["square", "noise"])
def test_every_reference(framework: str, perturbation: Any, reference: Any) -> None:
    x, explainer = images(3, size=(6, 5)), Brightness(make(framework))
    metric = Infidelity(
        CLASSES, softmax(framework), perturbation, draws=4, reference=reference, side=0.6
    )
    together = metric.evaluate(explainer, tensor(framework, x), [0, 1, 2])
    alone = [metric.evaluate(explainer, tensor(framework, x[[n]]), n)[0] for n in range(3)]
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-8)


def test_samples_share_what_does_not_depend_on_them(framework: str) -> None:
    network = make(framework)
    counter, explainer = Counter(network), Brightness(network)
    metric = Infidelity(CLASSES, softmax(framework), "noise", draws=6)
    metric.evaluate(explainer, tensor(framework, images(4)), 0)
    assert counter.samples - 4 - 6 in (0, 1), "a forward for each sample and for each noise"


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"activation_fn": 3}, TypeError, "`activation_fn` must be callable"),
        ({"perturbation": "salt"}, ValueError, "`perturbation` must be one of square, noise"),
        ({"draws": 0}, ValueError, "`draws` must be a positive int"),
        ({"normalize": 1}, TypeError, "`normalize` must be a bool"),
        ({"side": 0}, ValueError, r"`side` must be in \(0, 1\]"),
        ({"deviation": -1}, ValueError, "`deviation` must be a number of 0 or more"),
        ({"reference": "grey"}, ValueError, "`reference` must be a number"),
        ({"seed": "0"}, TypeError, "`seed` must be a non-negative int"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        Infidelity(**{"num_labels": 3, "activation_fn": None, **arguments})
