"""Metrics in a run: their scores in the store, resumed, and the same as by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import Gradient
from seewhy.benchmark import (
    EdgeDetector,
    Faithfulness,
    Localization,
    RandomMap,
    boxes_to_mask,
)
from seewhy.store import read_job
from tests.networks import make, tensor
from tests.runner.helpers import (
    NAMES,
    SIZE,
    SPEC,
    all_scores,
    explainers,
    labelled,
    metrics,
    runner,
    sigmoid,
)
from tests.runner.test_results import Counter


def deletion(framework: str, labels: int = len(NAMES)) -> Faithfulness:
    return Faithfulness(labels, sigmoid(framework), "DeletionAUC")


def scored(framework: str, folder: Path, network: Any, metrics: list[Any] | None) -> Path:
    job = runner(framework, folder, labelled(), network, make_explainers=None)
    job.register_saliency(explainers(network), metrics)
    return job.run()


def scores(path: Path) -> dict[tuple[int, int | None, str], float]:
    """Every score of the only metric by sample, label and explainer."""
    return {(sample, label, name): v for (_, name, sample, label), v in all_scores(path).items()}


def test_every_map_is_scored_as_by_hand(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    path = scored(framework, tmp_path, network, [deletion(framework)])
    got = scores(path)
    with read_job(path) as job:
        expected = {(s.id, m.label, m.explainer) for s in job.samples() for m in s.maps}
        beside = {(s, k, name) for s, k, _ in expected for name in job.baselines}
    assert set(got) == expected | beside
    data = labelled()
    for explainer in (*explainers(network), RandomMap(network), EdgeDetector(network)):
        for (number, label, name), value in got.items():
            if name == explainer.name:
                x = tensor(framework, data[number][0][None])
                by_hand = deletion(framework).evaluate(explainer, x, label)
                np.testing.assert_allclose(value, by_hand[0], rtol=1e-3, atol=1e-5)


def test_a_metric_added_later_scores_what_is_there(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    at_once = scores(scored(framework, tmp_path / "a", network, [deletion(framework)]))
    scored(framework, tmp_path / "b", network, None)
    later = scores(scored(framework, tmp_path / "b", network, [deletion(framework)]))
    assert later == pytest.approx(at_once, rel=1e-3, abs=1e-5)
    again = scores(scored(framework, tmp_path / "b", network, [deletion(framework)]))
    assert again == later


def test_labels_without_a_box_are_not_localised(framework: str, tmp_path: Path) -> None:
    """Boxes stand beside the labels; some are padding, and one lies outside the picture."""
    boxes = np.array([[1, 2, 5, 4], [0, 0, 8, 11], [0, 0, 0, 0]], np.float32)
    data = [
        (image, ids, boxes + np.float32([100 * (number == 3), 0, 0, 0]))
        for number, (image, ids) in enumerate(labelled())
    ]
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, data, network, make_explainers=None)
    job.register_saliency(explainers(network), metrics(framework))
    path = job.run()
    got = all_scores(path)
    with read_job(path) as reader:
        explained = {(s.id, i.label) for s in reader.samples() for i in s.inferences}
        samples = {number for number, _ in explained}
        assert len(reader.scores(by_label=False)) == 4 * 3
    # Of sample 3 a box is 100 pixels to the right of the picture, and the third label has none.
    boxed = {(1, 3), (2, 0), (2, 2), (5, 3)} & explained
    for explainer in ("GradCAM", "Gradient", "RandomMap", "EdgeDetector"):
        of = {
            key[2:]: value for key, value in got.items() if key[:2] == ("PointingGame", explainer)
        }
        assert set(of) == boxed
        of = {key for key in got if key[:2] == ("DeletionAUC", explainer)}
        assert {key[2:] for key in of} == explained
        of = {key for key in got if key[:2] == ("ClassSensitivity", explainer)}
        assert {key[2:] for key in of} == {(number, None) for number in samples}
    mask = boxes_to_mask([[boxes[0]], [boxes[0]]], SIZE)
    x = tensor(framework, np.stack([data[1][0], data[2][0]]))
    by_hand = Localization(len(NAMES)).evaluate(Gradient(network), x, [3, 0], mask=mask)
    assert [got["PointingGame", "Gradient", 1, 3], got["PointingGame", "Gradient", 2, 0]] == list(
        by_hand
    )
    again = runner(framework, tmp_path, data, network, make_explainers=None)
    again.register_saliency(explainers(network), metrics(framework))
    counter = Counter(network)
    again.run()
    assert counter.samples == 0  # nothing is left to do
    assert all_scores(path) == got


def test_metrics_are_checked_when_they_are_registered(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, labelled(), network, make_explainers=None)
    for bad, message in (
        ([deletion(framework, 4)], "`benchmarkers` must be made for the 5 class names"),
        ([deletion(framework)] * 2, "`benchmarkers` must be of distinct names"),
    ):
        with pytest.raises(ValueError, match=message):
            job.register_saliency([Gradient(network)], bad)
    with pytest.raises(TypeError, match="`benchmarkers` must hold metrics, got ABCMeta"):
        job.register_saliency([Gradient(network)], [Faithfulness])
    job.register_saliency([Gradient(network)], [deletion(framework)])
