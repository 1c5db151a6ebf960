"""Robustness and max-sensitivity against their definitions, copy by copy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import MaxSensitivity, Robustness
from seewhy.benchmark.noisy_copies import UniformNoise
from seewhy.explainer import RISE, Explainer, Gradient
from tests.benchmark.construct import CLASSES, Brightness, Constant
from tests.benchmark.test_faithfulness import softmax
from tests.networks import images, make, slow, tensor
from tests.runner.test_results import Counter


class Grey(Explainer):
    """The image itself, its channels added."""

    def _explain(self, x: Any, targets: Any) -> Any:
        return self._network.ops.stack([x.sum(1)] * int(targets.shape[1]), 1)


def probabilities(image: np.ndarray) -> np.ndarray:
    logits = slow().forward(image.astype(float))
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def slow_robustness(x: np.ndarray, level: float, draws: int, tries: int, limit: float) -> float:
    noise = UniformNoise(level, (0,))
    changes = []
    for draw in range(draws):
        for attempt in range(tries):
            copy = x + noise.draw(x.shape, draw, attempt)
            if np.linalg.norm(probabilities(copy) - probabilities(x)) <= limit:
                break
        changes.append(np.linalg.norm((copy - x).sum(0)) / np.linalg.norm(x.sum(0)))
    return float(np.exp(-max(changes)))


@pytest.mark.parametrize(
    ("level", "draws", "tries", "limit"),
    [(0.2, 10, 3, 0.1), (0.5, 4, 3, 0.05), (0.5, 4, 5, 0.12), (0.5, 4, 1, 0.0)],
)
def test_equals_the_slow_definition(
    framework: str, level: float, draws: int, tries: int, limit: float
) -> None:
    x = images(3)
    metric = Robustness(
        CLASSES, softmax(framework), level=level, draws=draws, tries=tries, limit=limit
    )
    got = metric.evaluate(Grey(make(framework)), tensor(framework, x), [0, 1, 2])
    expected = [slow_robustness(one, level, draws, tries, limit) for one in x]
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_noise_is_drawn_again_while_the_perturbed_output_moves_too_much(framework: str) -> None:
    x, network = images(2), make(framework)
    scores, forwards = [], []
    counter = Counter(network)
    for limit in (0, 0.05, 2):
        before = counter.samples
        metric = Robustness(CLASSES, softmax(framework), level=0.5, limit=limit)
        scores.append(metric.evaluate(Grey(network), tensor(framework, x), 0)[0])
        forwards.append(counter.samples - before)
    assert forwards[0] - forwards[2] in (2 * 10, 2 * 10 + 1), "two draws of each copy, or one"
    assert forwards[2] < forwards[1] < forwards[0]
    assert len(set(scores)) > 1


def test_noise_has_the_level_and_no_other_seeds_noise(framework: str) -> None:
    drawn = UniformNoise(0.3, (0,)).draw((3, 40, 50), 0)
    assert drawn.dtype == np.float32
    assert 0.299 < drawn.max() <= 0.3
    assert -0.3 <= drawn.min() < -0.299
    assert drawn.std() == pytest.approx(0.3 / np.sqrt(3), rel=0.02)
    others = [UniformNoise(0.3, (1,)).draw((3, 40, 50), 0)]
    others += [UniformNoise(0.3, (0,)).draw((3, 40, 50), *place) for place in ((1, 0), (0, 1))]
    for other in others:
        assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 0.05
    x, explainer = tensor(framework, images(1)), Grey(make(framework))

    def score(seed: int | None) -> float:
        return float(MaxSensitivity(CLASSES, seed=seed).evaluate(explainer, x, 0)[0])

    assert score(0) == score(0)
    assert len({score(0), score(1), score(None), score(None)}) == 4


def test_of_a_map_that_follows_the_image_there_is_a_closed_form(framework: str) -> None:
    """One grey pixel: its map moves by what the noise adds."""
    x = np.full((1, 1, 1, 1), 2, np.float32)

    class Pixel(Explainer):
        def _explain(self, x: Any, targets: Any) -> Any:
            return x

    from tests.networks import Spec

    explainer = Pixel(make(framework, Spec(channels=1)))
    noise = [UniformNoise(0.1, (7,)).draw((1, 1, 1), k).item() for k in range(5)]
    metric = MaxSensitivity(CLASSES, radius=0.1, draws=5, seed=7)
    got = metric.evaluate(explainer, tensor(framework, x), 0)
    np.testing.assert_allclose(got, np.abs(noise).max() / 2, rtol=1e-5)


def test_a_map_that_ignores_the_image_is_robust(framework: str) -> None:
    x, explainer = tensor(framework, images(2)), Constant(make(framework), 0.7)
    assert Robustness(CLASSES, softmax(framework)).evaluate(explainer, x, 0).tolist() == [1, 1]
    assert MaxSensitivity(CLASSES).evaluate(explainer, x, 0).tolist() == [0, 0]


def test_a_map_of_zeros_is_neutral_with_a_warning(framework: str) -> None:
    explainer, x = Brightness(make(framework)), tensor(framework, images(2))
    maps = np.zeros((2, 1, 5, 4))
    maps[1, 0, 2, 1] = 1e-30
    for metric, neutral in (
        (Robustness(CLASSES, softmax(framework)), np.exp(-1)),
        (MaxSensitivity(CLASSES), 1),
    ):
        with pytest.warns(UserWarning, match="for 1 sample: the saliency map is zero everywhere"):
            got = metric.evaluate(explainer, x, 0, maps)
        assert got[0] == pytest.approx(neutral)
        assert not np.isnan(got[1])


def test_robustness_is_max_sensitivity_where_no_noise_is_noticed(framework: str) -> None:
    x, network = tensor(framework, images(2)), make(framework)
    explainer = RISE(network, softmax(framework), num_masks=8, grid=3)
    change = MaxSensitivity(CLASSES, radius=0.2).evaluate(explainer, x, [3, 1])
    score = Robustness(CLASSES, softmax(framework), limit=2).evaluate(explainer, x, [3, 1])
    np.testing.assert_allclose(score, np.exp(-change), rtol=1e-6)
    assert (change > 0).all()


def test_an_explainer_that_gives_no_numbers_is_refused(framework: str) -> None:
    class Broken(Explainer):
        def _explain(self, x: Any, targets: Any) -> Any:
            return x[:, :1] / 0 * 0

    x, maps = tensor(framework, images(1)), np.ones((1, 1, 5, 4))
    with pytest.raises(ValueError, match="`explainer` must give finite maps, Broken gave NaN"):
        MaxSensitivity(CLASSES).evaluate(Broken(make(framework)), x, 0, maps)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"activation_fn": 3}, TypeError, "`activation_fn` must be callable"),
        ({"level": -1}, ValueError, "`level` must be a number of 0 or more"),
        ({"draws": 0}, ValueError, "`draws` must be a positive int"),
        ({"tries": 1.5}, TypeError, "`tries` must be a positive int"),
        ({"limit": "0.1"}, TypeError, "`limit` must be a number"),
        ({"seed": -1}, ValueError, "`seed` must be a non-negative int or None"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        Robustness(**{"num_labels": 3, "activation_fn": abs, **arguments})
    with pytest.raises(ValueError, match="`radius` must be a number of 0 or more"):
        MaxSensitivity(3, radius=float("inf"))


def test_refuses_another_number_of_labels(framework: str) -> None:
    x = tensor(framework, images(1))
    with pytest.raises(ValueError, match="`num_labels` must be the number of outputs of the netw"):
        Robustness(9, softmax(framework)).evaluate(Gradient(make(framework)), x, 0)
