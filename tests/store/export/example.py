"""A job with everything that an export carries, and with everything that it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from seewhy.store import (
    CounterfactualRecord,
    Edit,
    ExplainerInfo,
    Inference,
    JobWriter,
    Kind,
    MetricInfo,
    Outcome,
    SaliencyMap,
    Sample,
    Score,
    Uncertainty,
)

LABELS = (
    "dog",
    "sea_lion",
    "sea lion",
    "<script>window.hacked = 1</script>",
    "\"quotes' & ampersand / slash ?#%+;=\\",
    "חתול_שחור",
    "🐈 emoji",
    "a name so long that it breaks a layout that was made without care " * 3,
    "ends in .jpg",
    "never seen",
)
SHOWN = (
    "dog",
    "sea lion (2)",
    "sea lion",
    *LABELS[3:5],
    "חתול שחור",
    *LABELS[6:],
)
EXPLAINERS = (
    ExplainerInfo("GradCAM", False, {"layer": "features.8"}),
    ExplainerInfo("Occlusion", True, {}),
    ExplainerInfo("../a name/of_[a] folder", False, {}),
    ExplainerInfo("RandomMap", False, {}, baseline=True),
    ExplainerInfo("EdgeDetector", False, {}, baseline=True),
)
METRICS = (
    MetricInfo("PointingGame", True, 0.0, 1.0, {}),
    MetricInfo("Infidelity", False, 0.0, float("inf"), {}),
    MetricInfo("ClassSensitivity", True, 0.0, 1.0, {}),
    MetricInfo("never scored", True, 0.0, 1.0, {}),
)
COLUMNS = ("GradCAM", "Occlusion", "--/a name/of_-a- folder")
ROWS = (*COLUMNS, "RandomMap")
"""Explainers in the table of scores; EdgeDetector has none."""
SAMPLES = 18  # so that every label has a counterfactual
NETWORK = 64, 80  # height, width of the network's input
LAST_LABEL = 8
SIZES = ((120, 96), (64, 48), (300, 1200), (90, 90))
"""Width and height of the originals; the third is stored smaller."""


def labels_of(number: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys((number + step) % (LAST_LABEL + 1) for step in range(number % 4)))


def kind(number: int, label: int) -> Kind | None:
    """No ground truth at all in sample 3."""
    kinds: tuple[Kind, ...] = ("TP", "FN", "FP")
    return None if number == 3 else kinds[labels_of(number).index(label) % 3]


def prob(number: int, label: int) -> float:
    """Above 0.5 for what is predicted."""
    return (0.2 if kind(number, label) == "FN" else 0.6) + number / 100 + label / 1000


def uncertainty(number: int, label: int) -> Uncertainty:
    p = prob(number, label)
    return Uncertainty(p, 0.01 + number / 100, p - 0.02, min(1.0, p + 0.03))


def sample(number: int, uncertain: bool = True) -> Sample:
    width, height = SIZES[number % len(SIZES)]
    picture = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    image = Image.fromarray(picture).resize((width, height))
    if number == 2:
        image = image.convert("L")
    found = tuple(
        Inference(
            label,
            prob(number, label),
            kind(number, label),
            uncertainty(number, label) if uncertain else None,
        )
        for label in labels_of(number)
    )
    truth = None if number == 3 else tuple(i.label for i in found if i.kind != "FP")
    boxes = ((truth[0], 1.0, 2.0, 30.0, 20.0),) if truth else ()
    return Sample(number, f"photo {number}.png", f"{number}", image, truth, boxes, found)


def maps(number: int) -> list[SaliencyMap]:
    rng = np.random.default_rng(number)
    made = []
    for label in labels_of(number):
        made.append(SaliencyMap(number, label, "GradCAM", rng.random((7, 9)) * 5 - 2))
        made.append(SaliencyMap(number, label, "Occlusion", rng.standard_normal((12, 10))))
        if number % 2:  # not every explainer has explained everything yet
            made.append(SaliencyMap(number, label, EXPLAINERS[2].name, np.full((4, 4), 0.3)))
    return made


def scores(number: int) -> list[Score]:
    made = []
    for explainer in EXPLAINERS[:4]:
        shift = EXPLAINERS.index(explainer) / 10
        for label in labels_of(number):
            made.append(Score(number, label, explainer.name, "PointingGame", shift + label / 20))
            if explainer.name != "Occlusion":
                value = shift + number + label / 3
                made.append(Score(number, label, explainer.name, "Infidelity", value))
        made.append(Score(number, None, explainer.name, "ClassSensitivity", shift + number / 99))
    return made


def counterfactual(number: int, label: int) -> CounterfactualRecord:
    """Two large boxes, one with two smaller ones inside; one of these is not needed."""
    steps = (
        Edit(0, None, 0, 0, 32, 32, 0.3, 0.2, False),
        Edit(0, None, 44, 30, 32, 32, 0.56, 0.26, True),
        Edit(1, 0, 3, 5, 16, 16, 0.4, 0.1, True),
        Edit(1, 0, 14, 15, 16, 16, 0.6, 0.2, False),
    )
    height, width = NETWORK
    output = prob(number, label)
    layers = (Outcome(0.56, 0.4), Outcome(0.6 + label / 100, 0.3))
    return CounterfactualRecord(
        number, label, "reveal", "gaussian:3", width, height, output, 0.5, None, 0.1,
        Outcome(0.55, 0.25), 99, layers, steps,
    )  # fmt: skip


def counterfactuals(number: int) -> list[CounterfactualRecord]:
    made = []
    for position, label in enumerate(labels_of(number)):
        record = counterfactual(number, label)
        if position == 1:
            nothing = {"start": None, "region": None, "layers": (), "steps": ()}
            record = record._replace(reason="below threshold", **nothing)
        elif position == 2 and number % 8 == 3:
            record = record._replace(direction="hide")
        elif position == 2:
            record = record._replace(mask="0.5,0.5,0.5")
        made.append(record)
    return made


def write(directory: Path, job: str = "everything", samples: int = SAMPLES, **changes: Any) -> Path:
    arguments: dict[str, Any] = {
        "settings": {"kind": "image classification", "threshold": 0.5},
        "labels": LABELS,
        "explainers": EXPLAINERS,
        "metrics": METRICS,
        "total": samples,
    }
    with JobWriter(directory, job, **(arguments | changes)) as writer:
        for number in range(samples):
            writer.add_sample(sample(number))
            writer.add_maps(maps(number))
            writer.add_scores(scores(number))
            writer.add_counterfactuals(counterfactuals(number))
    return writer.path
