"""Metrics in a run: their scores in the store, resumed, and the same as by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy import Gradient
from seewhy.benchmark import Faithfulness
from seewhy.store import read_job
from tests.networks import make, tensor
from tests.runner.helpers import NAMES, SPEC, explainers, labelled, runner, sigmoid


def deletion(framework: str, labels: int = len(NAMES)) -> Faithfulness:
    return Faithfulness(labels, sigmoid(framework), "DeletionAUC")


def scored(framework: str, folder: Path, network: Any, metrics: list[Any] | None) -> Path:
    job = runner(framework, folder, labelled(), network, make_explainers=None)
    job.register_saliency(explainers(network), metrics)
    return job.run()


def scores(path: Path) -> dict[tuple[int, int, str], float]:
    """Every score by sample, label and explainer."""
    import sqlite3

    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT sample_id, label_id, name, value FROM score "
            "JOIN explainer ON explainer.id = explainer_id"
        ).fetchall()
    return {(sample, label, name): value for sample, label, name, value in rows}


def test_every_map_is_scored_as_by_hand(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    path = scored(framework, tmp_path, network, [deletion(framework)])
    got = scores(path)
    with read_job(path) as job:
        expected = {(s.id, m.label, m.explainer) for s in job.samples() for m in s.maps}
    assert set(got) == expected
    data = labelled()
    for explainer in explainers(network):
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


def test_metrics_are_checked_when_they_are_registered(framework: str, tmp_path: Path) -> None:
    network = make(framework, SPEC)
    job = runner(framework, tmp_path, labelled(), network, make_explainers=None)
    for metrics, message in (
        ([deletion(framework, 4)], "`benchmarkers` must be made for the 5 class names"),
        ([deletion(framework)] * 2, "`benchmarkers` must be of distinct classes"),
    ):
        with pytest.raises(ValueError, match=message):
            job.register_saliency([Gradient(network)], metrics)
    with pytest.raises(TypeError, match="`benchmarkers` must hold metrics, got ABCMeta"):
        job.register_saliency([Gradient(network)], [Faithfulness])
    job.register_saliency([Gradient(network)], [deletion(framework)])
