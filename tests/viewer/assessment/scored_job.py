"""A job with scores of every kind, and the same scores as plain dictionaries."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from seewhy.store import ExplainerInfo, MetricInfo, Score
from tests.viewer.sample_job import LABELS, inferences, open_job, pictures, sample

HOSTILE = '"Grad\'CAM"</script><b>&?#/%'
EXPLAINERS = (
    ExplainerInfo(HOSTILE, False, {}),
    ExplainerInfo("Occlusion", True, {}),
    ExplainerInfo("חסימה 🐈", False, {}),
    ExplainerInfo("RandomMap", False, {}, baseline=True),
)
NAMES = tuple(explainer.name for explainer in EXPLAINERS)
UP, PERCENT, DOWN, OPEN, FREE = (
    "Insertion",
    "Per <i>cent</i> & more",
    "Sensitivity",
    "Deletion",
    "Any",
)
WHOLE, BOXED, SILENT = "Complexity of all", "Pointing", "Silent"
METRICS = (
    MetricInfo(UP, True, 0, 1, {}, 0.5),
    MetricInfo(PERCENT, True, 0, 100, {}),
    MetricInfo(DOWN, False, 0, np.inf, {}),
    MetricInfo(OPEN, True, -np.inf, 1, {}, 0.25),
    MetricInfo(FREE, False, -np.inf, np.inf, {}),
    MetricInfo(WHOLE, False, 0, 5, {}),
    MetricInfo(BOXED, True, 0, 1, {}, needs_mask=True),
    MetricInfo(SILENT, True, 0, 1, {}, needs_mask=True),
)
SCORED = tuple(metric.name for metric in METRICS if metric.name != SILENT)
NUM_SAMPLES = 20

Key = tuple[str, str, int, int | None]


def scores() -> dict[Key, float]:
    """Value by metric, explainer, sample and label."""
    random = np.random.default_rng(5)
    made: dict[Key, float] = {}
    for rank, explainer in enumerate(NAMES):
        for number in range(NUM_SAMPLES):
            for inference in inferences(number):
                at = (explainer, number, inference.label)
                good = random.beta(5 - rank, 2)
                made[(UP, *at)] = good
                made[(PERCENT, *at)] = 100 * random.beta(2, 2)
                made[(DOWN, *at)] = random.gamma(2)
                # An explainer that a metric has no score of.
                if explainer != "Occlusion":
                    made[(OPEN, *at)] = 1 - random.gamma(1)
                made[(FREE, *at)] = random.normal(rank)
                if inference.label < 2:
                    made[(BOXED, *at)] = float(random.random() < 0.6)
            made[(WHOLE, explainer, number, None)] = 5 * random.random()
    return made


def write(directory: Path, job: str = "scored") -> Path:
    photographs = pictures()
    with open_job(
        directory, job, explainers=EXPLAINERS, metrics=METRICS, total=NUM_SAMPLES
    ) as writer:
        for number in range(NUM_SAMPLES):
            writer.add_sample(sample(number, photographs[number % len(photographs)]))
        writer.add_scores(
            Score(number, label, explainer, metric, value)
            for (metric, explainer, number, label), value in scores().items()
        )
    return writer.path


def mean(metric: str, explainer: str, label: int | None = None) -> float | None:
    """What a page must say, from the dictionary."""
    values = [
        value
        for (of, by, _, index), value in scores().items()
        if (of, by) == (metric, explainer) and label in (None, index)
    ]
    return float(np.mean(values)) if values else None


def label_counts(metric: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for of, by, _, label in scores():
        if (of, by) == (metric, NAMES[0]) and label is not None:
            counts[LABELS[label]] = counts.get(LABELS[label], 0) + 1
    return counts
