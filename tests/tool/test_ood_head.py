"""The head: its first weights and its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.tool.ood_head import NAMES, cosines, initial_head, temperature
from tests.networks import numpy, tensor
from tests.tool import ood_oracle


def random_head(num_features: int = 6, num_classes: int = 4) -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    shapes = ((num_classes, num_features), (1, num_features), (1,), (1,))
    return {
        name: random.normal(size=shape).astype(np.float32)
        for name, shape in zip(NAMES, shapes, strict=True)
    }


FEATURES = np.random.default_rng(1).normal(size=(7, 6)).astype(np.float32)


def test_scores(framework: str) -> None:
    head = random_head()
    made = cosines(tensor(framework, FEATURES), tensor(framework, head["class_weights"]))
    np.testing.assert_allclose(
        numpy(made), ood_oracle.scores(FEATURES, head["class_weights"]), atol=1e-6
    )


def test_scores_lie_in_minus_one_to_one_and_reach_it(framework: str) -> None:
    rows = np.concatenate([FEATURES, -FEATURES])
    made = numpy(cosines(tensor(framework, rows), tensor(framework, FEATURES)))
    assert np.abs(made).max() <= 1
    np.testing.assert_allclose(np.diag(made), 1, atol=2e-3)
    np.testing.assert_allclose(np.diag(made, -7), -1, atol=2e-3)


def test_features_of_nothing_but_zeros_score_zero(framework: str) -> None:
    zeros = tensor(framework, np.zeros((2, 6), np.float32))
    assert not numpy(cosines(zeros, tensor(framework, random_head()["class_weights"]))).any()


def test_temperature(framework: str) -> None:
    head = random_head()
    native = {name: tensor(framework, array) for name, array in head.items()}
    made = numpy(temperature(tensor(framework, FEATURES), native))
    assert made.shape == (7, 1)
    np.testing.assert_allclose(made[:, 0], ood_oracle.temperature(FEATURES, head), atol=1e-6)


def test_the_least_temperature(framework: str) -> None:
    head = {**random_head(), "temperature_shift": np.array([-9], np.float32)}
    native = {name: tensor(framework, array) for name, array in head.items()}
    made = numpy(temperature(tensor(framework, FEATURES), native))
    np.testing.assert_allclose(made[:, 0], ood_oracle.temperature(FEATURES, head), atol=1e-6)
    assert made.min() == np.float32(0.01)


def test_one_sample_has_no_batch_to_differ_from(framework: str) -> None:
    native = {name: tensor(framework, array) for name, array in random_head().items()}
    made = numpy(temperature(tensor(framework, FEATURES[:1]), native))
    expected = 1 / (1 + np.exp(-random_head()["temperature_shift"][0]))
    np.testing.assert_allclose(made, [[expected]], rtol=1e-6)


def test_first_weights_are_he_normal() -> None:
    head = initial_head(400, 300, seed=0)
    weights = head["class_weights"]
    assert weights.shape == (300, 400)
    assert weights.std() == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert abs(weights.mean()) < 1e-3
    assert head["temperature_weights"].shape == (1, 400)
    assert np.abs(head["temperature_weights"]).max() <= 1 / 20
    assert head["temperature_scale"] == 1
    assert head["temperature_shift"] == 0


def test_seed_of_the_first_weights() -> None:
    first, again, other = (initial_head(5, 4, seed)["class_weights"] for seed in (0, 0, 1))
    fresh = [initial_head(5, 4, None)["class_weights"] for _ in range(2)]
    assert (first == again).all()
    assert (first != other).any()
    assert (fresh[0] != fresh[1]).any()
