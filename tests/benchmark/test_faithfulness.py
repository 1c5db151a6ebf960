"""Faithfulness against its slow definition, closed forms and the other framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Faithfulness
from seewhy.explainer import Gradient
from tests.benchmark import oracles
from tests.networks import Spec, images, library, make, slow, tensor

METRICS = ("NaiveFaithfulness", "DeletionAUC", "InsertionAUC")
SLOW = {
    "NaiveFaithfulness": oracles.naive,
    "DeletionAUC": oracles.deletion,
    "InsertionAUC": oracles.insertion,
}
CLASSES = Spec().classes


def softmax(framework: str) -> Any:
    nn = library(framework).nn
    return nn.Softmax(-1) if framework == "torch" else nn.Softmax()


def random_maps(x: np.ndarray, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(x), 1, *x.shape[2:])).astype(np.float32)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("share", "steps"), [(0.5, None), (1.0, 7)])
def test_equals_the_slow_definition(
    framework: str, metric: str, share: float, steps: int | None
) -> None:
    x, targets = images(3, size=(7, 6)), np.array([0, 4, 2])
    maps = random_maps(x)
    score = Faithfulness(CLASSES, softmax(framework), metric, share=share, steps=steps)
    got = score.evaluate(Gradient(make(framework)), tensor(framework, x), targets, maps)
    network = slow()

    def expected(n: int) -> float:
        def p(image: np.ndarray) -> float:
            logits = network.forward(image)
            return float(
                np.exp(logits - logits.max())[targets[n]] / np.exp(logits - logits.max()).sum()
            )

        return SLOW[metric](p, x[n].astype(float), maps[n, 0], share, steps or 6)

    np.testing.assert_allclose(got, [expected(n) for n in range(3)], rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_the_perfect_map_beats_a_random_one_and_that_the_inverted(
    framework: str, metric: str
) -> None:
    spec = Spec("dense", channels=1)
    weight = np.abs(spec.weights["fc.weight"])
    spec.weights["fc.weight"][:] = weight
    spec.weights["fc.bias"][:] = 0
    x = np.abs(images(20, channels=1, size=(4, 4)))
    targets = np.arange(20) % CLASSES
    perfect = weight[targets].reshape(x.shape) * x
    score = Faithfulness(CLASSES, lambda logits: logits, metric)
    explainer, native = Gradient(make(framework, spec)), tensor(framework, x)

    def evaluate(maps: np.ndarray) -> np.ndarray:
        return score.evaluate(explainer, native, targets, maps)

    best, worst = evaluate(perfect), evaluate(-perfect)
    assert (best > worst).all()
    assert best.mean() > evaluate(random_maps(x)).mean() > worst.mean()
    if metric == "NaiveFaithfulness":
        # Linear: what a band is worth is exactly what its pixels are worth together.
        np.testing.assert_allclose(best, 1, atol=1e-5)
        np.testing.assert_allclose(worst, 0, atol=1e-5)


def test_deletion_of_everything_from_a_linear_network_has_a_closed_form(framework: str) -> None:
    """With equal pixels the probability falls along a straight line: area 1/2 of p(x)."""
    spec = Spec("dense", channels=1)
    spec.weights["fc.weight"][:] = 0.01
    spec.weights["fc.bias"][:] = 0
    x = np.ones((1, 1, 4, 4), np.float32)
    maps = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    score = Faithfulness(CLASSES, lambda logits: logits, "DeletionAUC", share=1.0, steps=4)
    got = score.evaluate(Gradient(make(framework, spec)), tensor(framework, x), 0, maps)
    np.testing.assert_allclose(got, 0.5, rtol=1e-5)


@pytest.mark.parametrize("metric", METRICS)
def test_logits_below_0_rank_maps_alike(framework: str, metric: Any) -> None:
    spec = Spec("dense", channels=1)
    spec.weights["fc.bias"][:] = 0
    weights = spec.weights["fc.weight"].reshape(-1, 1, 4, 4)[:1]
    x = images(8, channels=1, size=(4, 4))
    logits = (weights * x).sum((1, 2, 3))
    assert (logits < 0).any()
    assert (logits > 0).any()
    score = Faithfulness(CLASSES, lambda logits: logits, metric, share=1.0, steps=4)
    explainer, native = Gradient(make(framework, spec)), tensor(framework, x)
    perfect = score.evaluate(explainer, native, 0, weights * x)
    assert (perfect > score.evaluate(explainer, native, 0, -weights * x)).all()


@pytest.mark.parametrize("metric", METRICS)
def test_constant_maps_get_the_neutral_score_and_a_warning(framework: str, metric: str) -> None:
    x = tensor(framework, images(2))
    score = Faithfulness(CLASSES, softmax(framework), metric)
    neutral = {"NaiveFaithfulness": 0.5, "DeletionAUC": 0.0, "InsertionAUC": 0.5}[metric]
    maps = np.stack([np.zeros((1, 5, 4)), np.ones((1, 5, 4))]).astype(np.float32)
    with pytest.warns(UserWarning, match="the saliency map is constant"):
        got = score.evaluate(Gradient(make(framework)), x, 1, maps)
    np.testing.assert_array_equal(got, [neutral, neutral])


def test_makes_the_maps_itself_and_takes_native_ones(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(3))
    score = Faithfulness(CLASSES, softmax(framework), "DeletionAUC")
    alone = score.evaluate(explainer, x, 2)
    given = score.evaluate(explainer, x, 2, explainer(x, 2))
    np.testing.assert_array_equal(alone, given)
    assert alone.shape == (3,)


def test_samples_together_score_as_alone(framework: str) -> None:
    x, maps = images(5), random_maps(images(5))
    explainer = Gradient(make(framework))
    score = Faithfulness(CLASSES, softmax(framework), perturbation_per_eval=3)
    together = score.evaluate(explainer, tensor(framework, x), [0, 1, 2, 3, 4], maps)
    alone = [
        score.evaluate(explainer, tensor(framework, x[n : n + 1]), n, maps[n : n + 1])[0]
        for n in range(5)
    ]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-6)


def test_adds_up_by_label() -> None:
    score = Faithfulness(3, lambda logits: logits)
    score.aggregate(np.array([0.2, 0.4, np.nan]), np.array([0, 2, 2]))
    score.aggregate(0.9, 2)
    assert score.class_performances == [0.2, 0.0, pytest.approx(0.65)]
    assert score.performance == pytest.approx(0.5)
    results = score.get_results()
    results[0].append(7.0)
    assert score.get_results()[0] == [0.2]
    score.reset()
    assert score.performance == 0.0
    assert score.num_labels == 3


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"num_labels": "3"}, TypeError, "`num_labels` must be an int"),
        ({"num_labels": True}, TypeError, "`num_labels` must be an int"),
        ({"num_labels": 0}, ValueError, "`num_labels` must be positive"),
        ({"activation_fn": 3}, TypeError, "`activation_fn` must be callable"),
        ({"metric": "AUC"}, ValueError, "`metric` must be one of NaiveFaithfulness"),
        ({"metric": 1}, TypeError, "`metric` must be a string"),
        ({"share": 0}, ValueError, r"`share` must be in \(0, 1\]"),
        ({"share": "all"}, TypeError, "`share` must be a number"),
        ({"steps": 0}, ValueError, "`steps` must be a positive int"),
        ({"reference": "grey"}, ValueError, "`reference` must be a number"),
        ({"reference": float("nan")}, ValueError, "all finite, got nan"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    good = {"num_labels": 3, "activation_fn": abs}
    with pytest.raises(kind, match=message):
        Faithfulness(**{**good, **arguments})


def test_refuses_bad_evaluations(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))
    score = Faithfulness(CLASSES, softmax(framework))
    maps = random_maps(images(2))
    with pytest.raises(TypeError, match="`explainer` must be an explainer"):
        score.evaluate(None, x, 0, maps)
    with pytest.raises(ValueError, match=r"`targets` must be in 0\.\.4, got 5"):
        score.evaluate(explainer, x, 5, maps)
    with pytest.raises(ValueError, match=r"`saliency` must have shape \(2, 1, 5, 4\)"):
        score.evaluate(explainer, x, 0, maps[:1])
    with pytest.raises(TypeError, match="`saliency` must be"):
        score.evaluate(explainer, x, 0, maps.tolist())
    with pytest.raises(ValueError, match="`saliency` must be finite"):
        score.evaluate(explainer, x, 0, maps * np.nan)
    with pytest.raises(ValueError, match="`num_labels` must be the number of outputs of the netw"):
        Faithfulness(9, softmax(framework)).evaluate(explainer, x, 0, maps)
    with pytest.raises(ValueError, match="at least one of the 20 pixels a step, got 30"):
        Faithfulness(CLASSES, softmax(framework), steps=30).evaluate(explainer, x, 0, maps)
    with pytest.raises(TypeError, match="`result` must be a number"):
        score.aggregate("0.5", 0)
    with pytest.raises(ValueError, match="one label for each of the 2 scores"):
        score.aggregate(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match=r"`targets` must be in 0\.\.4, got 7"):
        score.aggregate(0.5, 7)
