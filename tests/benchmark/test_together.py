"""Metrics and explainers scored together: the same scores, and no forward twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.benchmark import Faithfulness, evaluate_together
from seewhy.explainer import Deconvolution, Gradient, GuidedBackprop
from tests.benchmark.test_faithfulness import METRICS, random_maps, softmax
from tests.networks import Spec, images, make, tensor
from tests.runner.test_results import Counter

CLASSES = Spec().classes


def metrics(framework: str, activation: Any = None, **settings: Any) -> list[Faithfulness]:
    activation = activation or softmax(framework)
    return [Faithfulness(CLASSES, activation, metric, **settings) for metric in METRICS]


def test_scores_are_those_of_each_alone(framework: str) -> None:
    network = make(framework)
    explainers = [Gradient(network), GuidedBackprop(network), Deconvolution(network)]
    x, targets = tensor(framework, images(3)), np.array([[0, 4], [1, 2], [3, 0]])
    rng = np.random.default_rng(5)
    given = {e.name: rng.normal(size=(3, 2, 5, 4)) for e in explainers}
    together = evaluate_together(metrics(framework), explainers, x, targets, given)
    assert len(together) == 9
    for metric in metrics(framework):
        for explainer in explainers:
            got = together[metric.name, explainer.name]
            assert got.shape == (3, 2)
            for column in range(2):
                maps = given[explainer.name][:, [column]]
                alone = metric.evaluate(explainer, x, targets[:, column], maps)
                np.testing.assert_allclose(got[:, column], alone, rtol=1e-4, atol=1e-6)


def test_each_distinct_image_is_asked_for_once(framework: str) -> None:
    network = make(framework)
    x, steps = images(2), 4
    counter = Counter(network)
    given = {"Gradient": random_maps(x), "GuidedBackprop": random_maps(x, seed=4)}
    activation = softmax(framework)
    evaluate_together(
        metrics(framework, activation, steps=steps),
        [Gradient(network), GuidedBackprop(network)],
        tensor(framework, x),
        [1, 2],
        given,
    )
    # Deletion 4 bands, insertion 4, naive 4 of which the first is deletion's; the image and the
    # reference are of no map.
    assert counter.samples == 2 * (2 * (3 * steps - 1) + 2) + probes(framework)
    before = counter.samples
    evaluate_together(
        metrics(framework, activation, steps=steps),
        [Gradient(network), GuidedBackprop(network)],
        tensor(framework, x),
        [[1, 2], [0, 3]],
        {name: np.repeat(maps, 2, axis=1) for name, maps in given.items()},
    )
    # Two labels with equal maps cost no more than one.
    assert counter.samples - before <= 2 * (2 * (3 * steps - 1) + 2)


def probes(framework: str) -> int:
    """Samples that PyTorch's adapter runs to learn how large the activations are."""
    return 0 if framework == "mindspore" else 1


def test_refuses_what_cannot_be_told_apart(framework: str) -> None:
    network = make(framework)
    x = tensor(framework, images(2))
    with pytest.raises(ValueError, match="`metrics` must be of distinct names, got DeletionAUC tw"):
        evaluate_together([*metrics(framework)[1:2]] * 2, [Gradient(network)], x, 0)
    with pytest.raises(ValueError, match="`explainers` must be of distinct names"):
        evaluate_together(metrics(framework), [Gradient(network)] * 2, x, 0)
    other = [Gradient(network), GuidedBackprop(make(framework))]
    with pytest.raises(ValueError, match="`explainers` must be of one network"):
        evaluate_together(metrics(framework), other, x, 0)
    with pytest.raises(ValueError, match="`explainers` must hold at least one"):
        evaluate_together(metrics(framework), [], x, 0)
