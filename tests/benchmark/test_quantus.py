"""The same numbers as Quantus, where it measures the same."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import quantus
import torch
from quantus.functions.perturb_func import noisy_linear_imputation

from seewhy.benchmark import ROAD, Complexity, Faithfulness, FaithfulnessCorrelation, Sparseness
from seewhy.explainer import Gradient, Occlusion
from seewhy.perturb.imputation import TOLERANCE, imputed
from tests.benchmark.test_faithfulness import random_maps
from tests.networks import Spec, images, make

pytestmark = [pytest.mark.torch, pytest.mark.peers]

CLASSES = Spec().classes
QUIET = {"disable_warnings": True, "display_progressbar": False, "normalise": False}


def asked(peer: Any, x: np.ndarray, ids: np.ndarray, maps: np.ndarray) -> Any:
    """What Quantus says of probabilities; its own random numbers are seeded for a while."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return peer(
                model=make("torch", Spec(channels=x.shape[1])),
                x_batch=x,
                y_batch=ids,
                a_batch=maps,
                softmax=True,
                channel_first=True,
                device="cpu",
            )
        finally:
            np.random.set_state(before)  # noqa: NPY002


@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [(Sparseness, quantus.Sparseness, {"abs": True}), (Complexity, quantus.Complexity, {})],
)
def test_metrics_of_maps(ours: Any, theirs: Any, settings: dict[str, Any]) -> None:
    x, maps = images(5, size=(9, 7)), random_maps(images(5, size=(9, 7)))
    peer = theirs(**QUIET, **settings)
    expected = peer(model=None, x_batch=x, y_batch=np.zeros(5, int), a_batch=maps)
    got = ours(CLASSES).evaluate(Gradient(make("torch")), torch.from_numpy(x), 0, maps)
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_deletion_curve_is_pixel_flipping() -> None:
    """Quantus flips channels, not pixels: three of them in the place of each of our pixels."""
    x, ids = images(4, size=(9, 8)), np.array([0, 4, 2, 1])
    maps = random_maps(x)
    peer = quantus.PixelFlipping(features_in_step=3 * 6, perturb_baseline=0.0, **QUIET)
    expected = np.asarray(asked(peer, x, ids, maps))
    score = Faithfulness(CLASSES, torch.nn.Softmax(-1), "DeletionAUC", share=1, steps=12)
    curve = score.curve(Gradient(make("torch")), torch.from_numpy(x), ids, maps)
    np.testing.assert_allclose(curve.probability[:, 1:], expected, rtol=1e-4)


def test_faithfulness_correlation() -> None:
    """Of other random subsets, and so many that it makes little difference."""
    x, ids = images(3, channels=1, size=(6, 5)), np.array([0, 4, 2])
    explainer = Occlusion(make("torch", Spec(channels=1)), torch.nn.Softmax(-1), window=1, stride=1)
    maps = explainer(torch.from_numpy(x), ids).numpy() * np.reshape([1, -1, 0.5], (3, 1, 1, 1))
    metric = FaithfulnessCorrelation(CLASSES, torch.nn.Softmax(-1), subsets=1000, share=1 / 3)
    got = metric.evaluate(explainer, torch.from_numpy(x), ids, maps)
    peer = quantus.FaithfulnessCorrelation(
        nr_runs=1000, subset_size=10, perturb_baseline=0.0, return_aggregate=False, **QUIET
    )
    np.testing.assert_allclose(got, asked(peer, x, ids, maps), atol=0.1)
    assert np.ptp(got) > 0.5


def test_imputation() -> None:
    rng = np.random.default_rng(0)
    x, hidden = rng.normal(size=(3, 12, 10)), rng.random((12, 10)) < 0.6
    expected = noisy_linear_imputation(x, np.flatnonzero(hidden), noise=0.0)
    np.testing.assert_allclose(
        imputed(x[None], hidden[None])[0], expected, rtol=0, atol=TOLERANCE * np.ptp(x)
    )


def test_road() -> None:
    """Quantus counts the samples that keep their class, and can do so with one channel alone."""
    x = images(20, channels=1, size=(9, 8))
    maps, network = random_maps(x), make("torch", Spec(channels=1))
    with torch.no_grad():
        ids = network(torch.from_numpy(x)).argmax(1).numpy()
    shares = [0.25, 0.5, 0.75]
    peer = quantus.ROAD(percentages=[100 * share for share in shares], noise=0.0, **QUIET)
    expected = asked(peer, x, ids, maps)

    def first(logits: torch.Tensor) -> torch.Tensor:
        return (logits == logits.amax(1, keepdim=True)).float()

    metric = ROAD(CLASSES, first, "MoRF", shares=shares, noise=0)
    got = metric.evaluate(Gradient(network), torch.from_numpy(x), ids, maps)
    assert got.mean() == pytest.approx(1 - np.mean(list(expected.values())))
    assert 0.1 < got.mean() < 0.9
