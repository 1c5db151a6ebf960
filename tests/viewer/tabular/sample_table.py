"""Tabular jobs written by the real writer: two classes and more, a regression, hostile names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seewhy.store import (
    Attribution,
    Coefficients,
    ExplainerInfo,
    FeatureInfo,
    Inference,
    MetricInfo,
    Rule,
    TabularRow,
    TabularWriter,
)
from seewhy.store.tabular_records import Floats

LABELS = ("red", "<b>white</b> & \"rosé'", "שחור 🍷", "never seen")
FEATURES = (
    FeatureInfo("alcohol"),
    FeatureInfo("<script>window.hacked = 1</script>"),
    FeatureInfo("region", {0: "north", 1: "<i>south</i>", 2: "ליד הים"}),
    FeatureInfo("a feature with a name so long that it would break many layouts " * 2),
    FeatureInfo("a=1&b..2"),
    FeatureInfo("hue"),
)
EXPLAINERS = (
    ExplainerInfo("SHAPKernel", True, {}),
    ExplainerInfo("LIMETabular", True, {}),
    ExplainerInfo("PseudoLinearCoef", True, {}),
)
NUM_ROWS = 60


def rows(regression: bool = False, count: int = NUM_ROWS) -> list[TabularRow]:
    """Rows whose numbers are short, so that text and number are the same."""
    random = np.random.default_rng(3)
    made = []
    for number in range(count):
        cells = random.integers(-40, 40, len(FEATURES)) / 8
        cells[2] = number % 3
        if regression:
            outputs = random.integers(-400, 400, 1) / 8
            truth = None if number % 5 == 0 else float(random.integers(-50, 50))
            found: tuple[Inference, ...] = (Inference(0, float(outputs[0]), None),)
            name = f"house {number}"
        else:
            shares = random.integers(1, 60, 3)
            outputs = np.array([*(shares / shares.sum()), 0.0])
            truth = None if number % 7 == 0 else number % 3
            found = inferences(outputs, truth)
            blanks = "without_blanks_" * 9
            name = f"<b>Wine</b> {number}" if number % 2 else f"wine {number} {blanks}"
        made.append(TabularRow(number, name, str(number), cells, outputs, truth, found))
    return made


def inferences(outputs: Floats, truth: float | None) -> tuple[Inference, ...]:
    """The class that is predicted, and the right one."""
    guess = int(outputs.argmax())
    prob = float(outputs[guess])
    if truth is None:
        return (Inference(guess, prob, None),)
    if guess == truth:
        return (Inference(guess, prob, "TP"),)
    right = int(truth)
    return (Inference(guess, prob, "FP"), Inference(right, float(outputs[right]), "FN"))


def attributions(row: TabularRow, labels: int) -> list[Attribution]:
    """Shapley-like values that add up, and two or three rules, for each of the first labels."""
    made = []
    for label in range(labels):
        output = float(row.outputs[label])
        values = np.round(np.sin(row.features * (label + 1)) / 10, 6)
        base = output - float(values.sum())
        made.append(Attribution(row.id, label, "SHAPKernel", base, output, values))
        rules = tuple(
            Rule(feature, f"{FEATURES[feature].name} > {row.features[feature]:.2f}", weight)
            for feature, weight in ((5, 0.25), (0, -0.125), (2, 0.0625))[: 2 + row.id % 2]
        )
        dense = np.zeros(len(FEATURES))
        for rule in rules:
            dense[rule.feature] = rule.weight
        made.append(Attribution(row.id, label, "LIMETabular", 0.5, output, dense, rules, 0.75))
    return made


def coefficients() -> Coefficients:
    """Of each class and view a value that tells which it is."""
    size, width = len(LABELS), len(FEATURES)
    grid = np.arange(size * size * width, dtype=float).reshape(size, size, width) / 100
    return Coefficients(-grid[:, 0], grid)


def write(
    folder: Path,
    job: str,
    made: list[TabularRow],
    *,
    metrics: Sequence[MetricInfo] = (),
    regression: bool = False,
    explained: bool = True,
    total: int | None = None,
    explainers: tuple[ExplainerInfo, ...] = EXPLAINERS,
) -> TabularWriter:
    """Open a job with these rows; the caller closes it."""
    kind = "regression" if regression else "classification"
    writer = TabularWriter(
        folder,
        job,
        settings={"kind": f"tabular {kind}", "predictor": "Forest.predict"}
        | ({} if regression else {"threshold": 0.5}),
        labels=["price"] if regression else LABELS,
        features=FEATURES,
        metrics=metrics,
        explainers=explainers[:2] if regression else explainers,
        total=len(made) if total is None else total,
    )
    for row in made:
        writer.add_row(row)
        if explained:
            writer.add_attributions(attributions(row, 1 if regression else 3))
    if explained and not regression:
        writer.set_coefficients("PseudoLinearCoef", coefficients(), "digest")
    return writer
