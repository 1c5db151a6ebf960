"""The same scores as captum and Quantus, where they measure the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import quantus
import torch
from captum.metrics import infidelity, sensitivity_max

from seewhy.benchmark import (
    EnergyPointingGame,
    Infidelity,
    Localization,
    MaxSensitivity,
    RelevanceMass,
    RelevanceRank,
)
from seewhy.benchmark.infidelity_perturbations import NoisyReference, Squares
from seewhy.benchmark.noisy_copies import UniformNoise
from seewhy.explainer import Gradient, Occlusion
from tests.benchmark.construct import CLASSES
from tests.benchmark.test_faithfulness import random_maps
from tests.networks import images, make

pytestmark = [pytest.mark.torch, pytest.mark.peers]

DRAWS = 6
SIZE = (9, 7)


@pytest.mark.parametrize("kind", [Gradient, Occlusion])
def test_max_sensitivity_is_that_of_captum(kind: Any) -> None:
    activation = {"activation_fn": torch.nn.Softmax(-1)} if kind is Occlusion else {}
    explainer, x = kind(make("torch"), **activation), torch.from_numpy(images(3, size=SIZE))
    noise = UniformNoise(0.05, (3,))
    drawn = np.stack([noise.draw(tuple(x.shape[1:]), draw) for draw in range(DRAWS)])

    def perturb(repeated: torch.Tensor) -> torch.Tensor:
        return repeated + torch.from_numpy(drawn).repeat(3, 1, 1, 1)

    def explain(inputs: Any) -> Any:
        # captum wants a tuple where it gives one.
        return (explainer(inputs[0], 2),) if isinstance(inputs, tuple) else explainer(inputs, 2)

    expected = sensitivity_max(explain, x, perturb, n_perturb_samples=DRAWS)
    got = MaxSensitivity(CLASSES, radius=0.05, draws=DRAWS, seed=3).evaluate(explainer, x, 2)
    np.testing.assert_allclose(got, expected.numpy(), rtol=1e-5)
    assert (got > 0).all()


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("perturbation", ["square", "noise"])
def test_infidelity_is_that_of_captum(perturbation: Any, normalize: bool) -> None:
    x, targets = torch.from_numpy(images(3, size=SIZE)), [0, 4, 2]
    network, maps = make("torch"), random_maps(images(3, size=SIZE))
    metric = Infidelity(
        CLASSES, torch.nn.Softmax(-1), perturbation, draws=DRAWS, normalize=normalize, seed=3
    )
    explainer = Gradient(network)
    case = metric._case(explainer, x, targets, maps)
    drawn: Squares | NoisyReference = (
        Squares(case, 0.0, DRAWS, (3,), side=2)
        if perturbation == "square"
        else NoisyReference(case, 0.0, DRAWS, (3,), deviation=0.2)
    )
    draws, samples = np.tile(np.arange(DRAWS), 3), np.repeat(np.arange(3), DRAWS)

    def perturb(repeated: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        perturbed = drawn.make(draws, samples)
        difference = repeated - perturbed
        if perturbation == "noise":
            return difference, perturbed
        # Of a replaced pixel each channel tells a third.
        return (difference != 0).any(1, keepdim=True).expand_as(difference) / 3, perturbed

    def theirs(maps: np.ndarray, normalize: bool) -> np.ndarray:
        found = infidelity(
            lambda inputs: network(inputs).softmax(-1),
            perturb,
            x,
            torch.from_numpy(maps).expand_as(x),
            target=torch.tensor(targets),
            n_perturb_samples=DRAWS,
            normalize=normalize,
        )
        made: np.ndarray = found.detach().numpy()
        return made

    got = metric.evaluate(explainer, x, targets, maps)
    if normalize:  # captum's scale may be negative: one sign gets that, the other the least of ours
        both = got, metric.evaluate(explainer, x, targets, -maps)
        np.testing.assert_allclose(np.max(both, axis=0), theirs(0 * maps, False), rtol=2e-3)
        got = np.min(both, axis=0)
    np.testing.assert_allclose(got, theirs(maps, normalize), rtol=2e-3)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Localization(CLASSES), quantus.PointingGame),
        (RelevanceMass(CLASSES), quantus.RelevanceMassAccuracy),
        (EnergyPointingGame(CLASSES), quantus.RelevanceMassAccuracy),
        (RelevanceRank(CLASSES), quantus.RelevanceRankAccuracy),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_localisation_is_that_of_quantus(ours: Any, theirs: Any) -> None:
    """Of maps without negative values and without ties, which Quantus treats in other ways."""
    x, rng = images(20, size=SIZE), np.random.default_rng(1)
    maps = rng.random((20, 1, *SIZE))
    mask = np.zeros((20, 1, *SIZE))
    for n in range(20):
        mask[n, 0, n % 5 : n % 5 + 4, n % 3 : n % 3 + 4] = 1
    peer = theirs(abs=False, normalise=False, disable_warnings=True, display_progressbar=False)
    ids = np.zeros(20, int)
    expected = peer(model=None, x_batch=x, y_batch=ids, a_batch=maps, s_batch=mask)
    got = ours.evaluate(Gradient(make("torch")), torch.from_numpy(x), 0, maps, mask)
    np.testing.assert_allclose(got, np.asarray(expected, float).reshape(-1), rtol=1e-12)
    assert len(set(got)) > 1
