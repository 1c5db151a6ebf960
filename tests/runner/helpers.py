"""A small job that runs on both frameworks, and what its store holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from seewhy import GradCAM, Gradient
from seewhy.benchmark import ClassSensitivity, Faithfulness, Localization
from seewhy.runner import ImageClassificationRunner
from seewhy.store import read_job
from tests.networks import Spec, images, library, make

NAMES = ["ant", "bee", "cat", "dog", "elk"]
SIZE = (12, 9)  # height, width: not square
SPEC = Spec(seed=388)  # predicts nothing, "elk", or "bee" and "elk" on the pictures below

Array = npt.NDArray[Any]


def sigmoid(framework: str) -> Any:
    return library(framework).nn.Sigmoid()


def softmax(framework: str) -> Any:
    return library(framework).nn.Softmax(-1)


def pictures(number: int = 6, channels: int = 3, seed: int = 1) -> npt.NDArray[np.float32]:
    return images(number, channels, SIZE, seed)


def labelled(number: int = 6, seed: int = 1) -> list[tuple[Array, Array]]:
    """Images with no, one, two, three, no, ... labels."""
    ids = [[-1, -1, -1], [3, -1, -1], [0, 2, -1], [4, 1, 2]]
    return [
        (image, np.array(ids[i % len(ids)], np.int32))
        for i, image in enumerate(pictures(number, seed=seed))
    ]


def explainers(network: Any) -> list[Any]:
    return [GradCAM(network, layer="conv"), Gradient(network)]


def metrics(framework: str) -> list[Any]:
    """One that asks the network, one that needs boxes, and one that looks at no single label."""
    return [
        Faithfulness(len(NAMES), sigmoid(framework), "DeletionAUC", steps=4),
        Localization(len(NAMES)),
        ClassSensitivity(),
    ]


def all_scores(path: Path) -> dict[tuple[str, str, int, int | None], float]:
    """Every stored score by metric, explainer, sample and label."""
    query = (
        "SELECT metric.name, explainer.name, sample_id, {label}, value FROM {table} "
        "JOIN metric ON metric.id = metric_id JOIN explainer ON explainer.id = explainer_id"
    )
    tables = (("score", "label_id"), ("sample_score", "NULL"))
    with closing(sqlite3.connect(path)) as connection:
        return {
            tuple(names): value
            for table, label in tables
            for *names, value in connection.execute(query.format(table=table, label=label))
        }


def runner(
    framework: str,
    folder: Path,
    data: Any,
    network: Any = None,
    make_explainers: Callable[[Any], list[Any]] | None = explainers,
    activation_fn: Any = None,
    labels: list[str] | None = None,
    **options: Any,
) -> ImageClassificationRunner:
    """A runner on the small network, with sigmoid; its explainers are registered."""
    network = make(framework, SPEC) if network is None else network
    activation_fn = sigmoid(framework) if activation_fn is None else activation_fn
    made = ImageClassificationRunner(
        folder, (data, NAMES if labels is None else labels), network, activation_fn, **options
    )
    if make_explainers is not None:
        made.register_saliency(make_explainers(network))
    return made


class Stored(NamedTuple):
    """A stored sample with everything that belongs to it."""

    name: str
    truth: tuple[int, ...] | None
    boxes: list[tuple[Any, ...]]
    probabilities: dict[int, float]
    kinds: dict[int, str | None]
    maps: dict[tuple[int, str], Array]
    picture: Array


def stored(path: Path) -> dict[int, Stored]:
    """Everything in a store by sample number."""
    with read_job(path) as job:
        return {
            s.id: Stored(
                s.name,
                s.ground_truth,
                [tuple(box) for box in s.boxes],
                {i.label: i.prob for i in s.inferences},
                {i.label: i.kind for i in s.inferences},
                {(m.label, m.explainer): job.saliency(s.id, m.label, m.explainer) for m in s.maps},
                np.asarray(job.image(s.id)),
            )
            for s in job.samples()
        }


def assert_same(one: dict[int, Stored], other: dict[int, Stored], levels: float = 1) -> None:
    """The same samples, labels and pictures; maps that differ by at most so many grey levels."""
    assert sorted(one) == sorted(other)
    for number in one:
        a, b = one[number], other[number]
        assert (a.name, a.truth, a.boxes, a.kinds) == (b.name, b.truth, b.boxes, b.kinds)
        assert a.probabilities == approximately(b.probabilities)
        assert np.array_equal(a.picture, b.picture)
        assert sorted(a.maps) == sorted(b.maps)
        for key in a.maps:
            assert_close_maps(a.maps[key], b.maps[key], levels)


def assert_close_maps(a: Array, b: Array, levels: float = 0.5) -> None:
    """Differ by at most so many of the 255 grey levels of a stored map."""
    assert a.shape == b.shape
    step = max(float(np.ptp(a)), float(np.ptp(b))) / 255
    assert np.abs(a - b).max() <= levels * step * 1.01 + 1e-4 * np.abs(b).max()


def approximately(values: dict[int, float]) -> Any:
    return pytest.approx(values, abs=1e-5)
