"""Model-parameter randomisation against its definition step by step, and what it leaves behind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from seewhy.benchmark import Cost, EdgeDetector, ParameterRandomisation, evaluate_together
from seewhy.explainer import GradCAM, Gradient, Occlusion
from tests.benchmark.test_faithfulness import softmax
from tests.networks import Spec, images, make, numpy, tensor
from tests.runner.test_results import Counter
from tests.snapshots import snapshot

CLASSES = Spec().classes
STEPS = [["fc"], ["conv"], ["features.1"], ["features.0"]]  # from the output down
PLACES = {  # of `tests.networks`: what the layers hold
    "features.0": {"conv1.weight": "weight", "conv1.bias": 0},
    "features.1": {"bn.gamma": 1, "bn.beta": 0, "bn.mean": 0, "bn.variance": 1},
    "conv": {"conv2.weight": "weight", "conv2.bias": 0},
    "fc": {"fc.weight": "weight", "fc.bias": 0},
}


class InputTimesGradient(Gradient):
    """A map with signs that costs little."""

    signed = True

    def _explain(self, x: Any, targets: Any) -> Any:
        return (self._network.gradient(x, targets) * x[:, None]).sum(2)


def untrained(layers: list[str], seed: int = 0) -> Spec:
    """The spec of `Spec()` with layers that have forgotten everything."""
    spec = Spec()
    for layer in layers:
        for place, value in PLACES[layer].items():
            held = spec.weights[place]
            if value == "weight":
                random = np.random.default_rng([seed, *f"{layer}.weight".encode()])
                value = random.standard_normal(held.shape, np.float32)
                value *= np.sqrt(2 / (held.size / len(held)))
            held[...] = value
    return spec


def maps_of(explainer: Any, x: Any, targets: Any) -> np.ndarray:
    return numpy(explainer(x, targets, show=False))[:, 0].reshape(len(x), -1)


@pytest.mark.parametrize("order", ["cascading", "independent"])
@pytest.mark.parametrize("absolute", [False, True])
def test_equals_the_definition_step_by_step(framework: str, order: Any, absolute: bool) -> None:
    x, targets = tensor(framework, images(3, size=(9, 8))), np.array([0, 4, 2])
    metric = ParameterRandomisation(CLASSES, order, absolute=absolute)
    got = metric.evaluate(InputTimesGradient(make(framework)), x, targets)
    own = maps_of(InputTimesGradient(make(framework)), x, targets)
    alike, forgotten = np.zeros(3), []
    for step in STEPS:
        forgotten = forgotten + step if order == "cascading" else step
        network = make(framework, untrained(forgotten))
        made = maps_of(InputTimesGradient(network), x, targets)
        sign = np.abs if absolute else np.positive
        alike += [spearmanr(*map(sign, pair))[0] for pair in zip(own, made, strict=True)]
    np.testing.assert_allclose(got, 1 - alike / 4, rtol=1e-3, atol=1e-3)


def test_steps_hold_equally_many_layers(framework: str) -> None:
    x = tensor(framework, images(2, size=(9, 8)))
    explainer = Gradient(make(framework))
    two = ParameterRandomisation(CLASSES, steps=2).evaluate(explainer, x, 1)
    own, alike = maps_of(explainer, x, 1), np.zeros(2)
    for forgotten in (["fc", "conv"], ["fc", "conv", "features.1", "features.0"]):
        made = maps_of(Gradient(make(framework, untrained(forgotten))), x, 1)
        alike += [spearmanr(*pair)[0] for pair in zip(own, made, strict=True)]
    np.testing.assert_allclose(two, 1 - alike / 2, rtol=1e-3)


def test_layers_may_be_named(framework: str) -> None:
    x = tensor(framework, images(2, size=(9, 8)))
    explainer = Gradient(make(framework))
    metric = ParameterRandomisation(CLASSES, layers=["features", "fc"], seed=3)
    got = metric.evaluate(explainer, x, 1)
    own, alike = maps_of(explainer, x, 1), np.zeros(2)
    for forgotten in (["features.0", "features.1"], ["features.0", "features.1", "fc"]):
        made = maps_of(Gradient(make(framework, untrained(forgotten, seed=3))), x, 1)
        alike += [spearmanr(*pair)[0] for pair in zip(own, made, strict=True)]
    np.testing.assert_allclose(got, 1 - alike / 2, rtol=1e-3)
    assert metric.cost((9, 8)) == Cost(0, explanations=2)
    assert metric.parameters["layers"] == ["features", "fc"]
    with pytest.raises(ValueError, match="got 'feature'; close names: features"):
        ParameterRandomisation(CLASSES, layers=["feature"]).evaluate(explainer, x, 1)


@pytest.mark.parametrize("similarity", ["spearman", "ssim"])
@pytest.mark.parametrize("order", ["cascading", "independent"])
def test_a_map_that_ignores_the_weights_scores_0_and_a_gradient_more(
    framework: str, order: Any, similarity: Any
) -> None:
    network, x = make(framework), tensor(framework, images(4, size=(9, 8)))
    metric = ParameterRandomisation(CLASSES, order, similarity=similarity)
    edges = metric.evaluate(EdgeDetector(network), x, [0, 1, 2, 3])
    np.testing.assert_allclose(edges, metric.chance, atol=1e-9)
    gradient = metric.evaluate(Gradient(network), x, [0, 1, 2, 3])
    assert (gradient > 0.1).all()
    assert (gradient < 2).all()


def test_the_network_comes_back_as_it_was_also_after_an_error(framework: str) -> None:
    class Failing(Gradient):
        calls = 0

        def _explain(self, x: Any, targets: Any) -> Any:
            Failing.calls += 1
            if Failing.calls == 3:
                raise KeyError("in the second step")
            return super()._explain(x, targets)

    network, x = make(framework), tensor(framework, images())
    before = snapshot(framework, network)
    ParameterRandomisation(CLASSES).evaluate(GradCAM(network, layer="conv"), x, 1)
    assert snapshot(framework, network) == before
    with pytest.raises(KeyError, match="in the second step"):
        ParameterRandomisation(CLASSES).evaluate(Failing(network), x, 1)
    assert snapshot(framework, network) == before


def test_labels_share_the_explanations_and_score_as_alone(framework: str) -> None:
    network, x = make(framework), tensor(framework, images(2, size=(9, 8)))
    explainer = Occlusion(network, softmax(framework), window=4, stride=4)
    metric = ParameterRandomisation(CLASSES, steps=2)
    explainer(x, 0)  # PyTorch's adapter measures the activations once
    counter = Counter(network)
    alone = [metric.evaluate(explainer, x, label) for label in (1, 3)]
    each, counter.samples = counter.samples / 2, 0
    together = evaluate_together([metric], [explainer], x, [[1, 3], [1, 3]])
    np.testing.assert_allclose(together[metric.name, "Occlusion"].T, alone, rtol=1e-3, atol=1e-4)
    assert counter.samples <= each


def test_both_orders_together(framework: str) -> None:
    network, x = make(framework), tensor(framework, images(2))
    metrics = [ParameterRandomisation(CLASSES, order) for order in ("cascading", "independent")]
    made = evaluate_together(metrics, [Gradient(network)], x, 1)
    assert {name for name, _ in made} == {"CascadingRandomisation", "IndependentRandomisation"}
    for metric in metrics:
        alone = metric.evaluate(Gradient(network), x, 1)
        np.testing.assert_allclose(made[metric.name, "Gradient"][:, 0], alone, rtol=1e-6)


def test_the_seed_decides_the_weights(framework: str) -> None:
    explainer, x = Gradient(make(framework)), tensor(framework, images(2))

    def evaluate(seed: int | None) -> np.ndarray:
        return ParameterRandomisation(CLASSES, seed=seed).evaluate(explainer, x, 1)

    np.testing.assert_array_equal(evaluate(0), evaluate(0))
    assert not np.allclose(evaluate(0), evaluate(1))
    assert not np.allclose(evaluate(None), evaluate(None))


def test_a_constant_map_gets_0_and_a_warning(framework: str) -> None:
    x = tensor(framework, images(2))
    maps = np.ones((2, 1, 5, 4))
    maps[1, 0, 1, 1] = 2
    with pytest.warns(UserWarning, match="neutral score 0 for 1 sample: the saliency map is cons"):
        got = ParameterRandomisation(CLASSES).evaluate(Gradient(make(framework)), x, 1, maps)
    assert got[0] == 0 != got[1]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"order": "upwards"}, ValueError, "`order` must be one of cascading, independent"),
        ({"similarity": "hog"}, ValueError, "`similarity` must be one of spearman, ssim"),
        ({"similarity": None}, TypeError, "`similarity` must be a string"),
        ({"absolute": 1}, TypeError, "`absolute` must be a bool, got int"),
        ({"steps": 0}, ValueError, "`steps` must be a positive int"),
        ({"layers": "conv"}, TypeError, "`layers` must be a list of names, got str"),
        ({"layers": [1]}, TypeError, "`layers` must be a list of names, got 1 in it"),
        ({"layers": []}, ValueError, "`layers` must hold at least one name"),
        ({"seed": "0"}, TypeError, "`seed` must be a non-negative int or None, got str"),
    ],
)
def test_refuses_bad_arguments(arguments: dict[str, Any], kind: type, message: str) -> None:
    with pytest.raises(kind, match=message):
        ParameterRandomisation(3, **arguments)
