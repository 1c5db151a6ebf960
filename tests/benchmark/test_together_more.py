"""Metrics of every kind together: masks, metrics of no label, and explanations that are shared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import (
    ClassSensitivity,
    Faithfulness,
    Infidelity,
    Localization,
    MaxSensitivity,
    RelevanceMass,
    Robustness,
    evaluate_together,
)
from seewhy.explainer import RISE, Gradient
from tests.benchmark.construct import CLASSES, SIZE, Brightness
from tests.benchmark.test_faithfulness import softmax
from tests.benchmark.test_together import probes
from tests.networks import images, make, tensor
from tests.runner.test_results import Counter


class Same(Brightness):
    """A second explainer that asks the network nothing."""


def metrics(activation: Any) -> list[Any]:
    return [
        Faithfulness(CLASSES, activation, "DeletionAUC"),
        Localization(CLASSES, "IoSR"),
        RelevanceMass(CLASSES),
        ClassSensitivity(),
        Robustness(CLASSES, activation, draws=3, limit=0.01),
        MaxSensitivity(CLASSES, draws=3),
        Infidelity(CLASSES, activation, draws=5),
    ]


def masks(number: int, labels: int) -> np.ndarray:
    rng = np.random.default_rng(9)
    made: np.ndarray = rng.random((number, labels, *SIZE)) < 0.4
    made[:, :, 0, 0], made[:, :, 0, 1] = True, False
    return made


def test_scores_are_those_of_each_alone(framework: str) -> None:
    network, activation = make(framework), softmax(framework)
    explainers = [
        Gradient(network),
        Brightness(network),
        RISE(network, activation, num_masks=8, grid=3),
    ]
    x, targets = tensor(framework, images(3, size=SIZE)), np.array([[0, 4], [1, 2], [3, 0]])
    mask = masks(3, 2)
    together = evaluate_together(metrics(activation), explainers, x, targets, mask=mask)
    assert list(together) == [(m.name, e.name) for m in metrics(activation) for e in explainers]
    for metric in metrics(activation):
        for explainer in explainers:
            got = together[metric.name, explainer.name]
            if isinstance(metric, ClassSensitivity):
                assert got.shape == (3,)
                alone = metric.evaluate(explainer, x)
                np.testing.assert_allclose(got, alone, rtol=1e-4, atol=1e-6)
                continue
            assert got.shape == (3, 2)
            for column in range(2):
                shown = {"mask": mask[:, [column]]} if metric.needs_mask else {}
                alone = metric.evaluate(explainer, x, targets[:, column], **shown)
                np.testing.assert_allclose(got[:, column], alone, rtol=1e-3, atol=1e-6)


def test_without_a_mask_there_is_no_score(framework: str) -> None:
    x, network = tensor(framework, images(3, size=SIZE)), make(framework)
    some = [Localization(CLASSES), MaxSensitivity(CLASSES, draws=1)]
    mask = masks(3, 2)
    mask[1, 0] = mask[2] = False
    targets = [[0, 1]] * 3
    got = evaluate_together(some, [Brightness(network)], x, targets, mask=mask)
    known = np.array([[True, True], [False, True], [False, False]])
    np.testing.assert_array_equal(~np.isnan(got["PointingGame", "Brightness"]), known)
    assert np.isfinite(got["MaxSensitivity", "Brightness"]).all()
    got = evaluate_together(some, [Brightness(network)], x, targets)
    assert np.isnan(got["PointingGame", "Brightness"]).all()
    one = evaluate_together(some, [Brightness(network)], x, targets, mask=masks(3, 1))
    assert np.isfinite(one["PointingGame", "Brightness"]).all(), "one mask serves all labels"


def test_all_explainers_and_labels_share_the_forwards_under_noise(framework: str) -> None:
    network, activation = make(framework), softmax(framework)
    x, counter = tensor(framework, images(2, size=SIZE)), Counter(network)
    metric = Robustness(CLASSES, activation, draws=4, limit=0)
    explainers = [Brightness(network), Same(network)]
    evaluate_together([metric], explainers, x, [[0, 1, 2], [3, 1, 4]])
    assert counter.samples == 2 * metric.cost(SIZE).forwards + probes(framework)


def test_all_labels_of_a_noisy_copy_are_explained_at_once(framework: str) -> None:
    network, activation = make(framework), softmax(framework)
    x, counter = tensor(framework, images(2, size=SIZE)), Counter(network)
    rise = RISE(network, activation, num_masks=8, grid=3)
    given = {"RISE": np.random.default_rng(0).random((2, 3, *SIZE))}
    targets = [[0, 1, 2], [3, 1, 4]]
    evaluate_together([MaxSensitivity(CLASSES, draws=4)], [rise], x, targets, given)
    assert counter.samples == 2 * 4 * 8 + probes(framework), "as many as of one label"


def test_a_label_named_twice_is_explained_once(framework: str) -> None:
    explainer = Brightness(make(framework))
    x, maps = tensor(framework, images(2, size=SIZE)), np.random.default_rng(0).random((2, 2, 5, 4))
    metric = MaxSensitivity(CLASSES, draws=4)
    got = evaluate_together([metric], [explainer], x, [[1, 1], [2, 0]], {"Brightness": maps})
    assert explainer.explained == 4 * (1 + 2)
    alone = metric.evaluate(explainer, x, [1, 0], maps[:, [1]])
    np.testing.assert_allclose(got["MaxSensitivity", "Brightness"][:, 1], alone, rtol=1e-6)


def test_who_wants_all_outputs_answers_for_who_wants_one(framework: str) -> None:
    network = make(framework)
    x, counter = tensor(framework, images(2, size=SIZE)), Counter(network)
    both = [Infidelity(CLASSES, None, "noise", draws=3), ClassSensitivity()]
    evaluate_together(both, [Brightness(network)], x, [0, 1])
    assert counter.samples == 2 + 3 + probes(framework)


def test_metrics_of_no_label_need_no_maps(framework: str) -> None:
    network = make(framework)
    explainer = Brightness(network)
    x = tensor(framework, images(2, size=SIZE))
    got = evaluate_together([ClassSensitivity()], [explainer], x, [0, 1])
    assert {pair: scores.shape for pair, scores in got.items()} == {
        ("ClassSensitivity", "Brightness"): (2,)
    }
    assert explainer.explained == 4


def test_refuses_what_is_no_metric(framework: str) -> None:
    x, network = tensor(framework, images(1, size=SIZE)), make(framework)
    with pytest.raises(TypeError, match="`metrics` must hold metrics, got str"):
        evaluate_together(["Faithfulness"], [Gradient(network)], x, 0)  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"`targets` must be in 0\.\.4, got 5"):
        evaluate_together(metrics(abs), [Gradient(network)], x, 5)
    with pytest.raises(ValueError, match=r"`mask` must have shape"):
        evaluate_together(metrics(abs), [Gradient(network)], x, 0, mask=np.ones((1, 1, 4, 5)))
