"""What an explain summary of MindInsight consists of (proto2, package `xai`)."""

from __future__ import annotations

from dataclasses import dataclass

from seewhy.store.export.wire import optional, repeated


@dataclass
class Inference:
    """Probabilities, parallel to `Explain.ground_truth_label` and to `predicted_label`."""

    ground_truth_prob: list[float] = repeated(1, "float")
    predicted_label: list[int] = repeated(2, "int")
    predicted_prob: list[float] = repeated(3, "float")
    ground_truth_prob_sd: list[float] = repeated(4, "float")
    ground_truth_prob_itl95_low: list[float] = repeated(5, "float")
    ground_truth_prob_itl95_hi: list[float] = repeated(6, "float")
    predicted_prob_sd: list[float] = repeated(7, "float")
    predicted_prob_itl95_low: list[float] = repeated(8, "float")
    predicted_prob_itl95_hi: list[float] = repeated(9, "float")


@dataclass
class Explanation:
    """A saliency map; its picture is a file."""

    explain_method: str | None = optional(1, "string")
    label: int | None = optional(2, "int")
    heatmap_path: str | None = optional(3, "string")


@dataclass
class Benchmark:
    """Scores of an explainer under a metric: over all labels, and by label id."""

    benchmark_method: str | None = optional(1, "string")
    explain_method: str | None = optional(2, "string")
    total_score: float | None = optional(3, "float")
    label_score: list[float] = repeated(4, "float")


@dataclass
class Metadata:
    """Names."""

    label: list[str] = repeated(1, "string")
    explain_method: list[str] = repeated(2, "string")
    benchmark_method: list[str] = repeated(3, "string")


@dataclass
class HocLayer:
    """Output with some boxes uncovered; `box` is x, y, width, height of one after the other."""

    prob: float | None = optional(1, "float")
    box: list[int] = repeated(2, "int")


@dataclass
class Hoc:
    """Hierarchical occlusion of a label."""

    label: int | None = optional(1, "int")
    mask: str | None = optional(2, "string")
    layer: list[HocLayer] = repeated(3, HocLayer)


@dataclass
class Explain:
    """One event: names, a sample or a part of one, or scores."""

    sample_id: int | None = optional(1, "int")
    image_path: str | None = optional(2, "string")
    ground_truth_label: list[int] = repeated(3, "int")
    inference: Inference | None = optional(4, Inference)
    explanation: list[Explanation] = repeated(5, Explanation)
    benchmark: list[Benchmark] = repeated(6, Benchmark)
    metadata: Metadata | None = optional(7, Metadata)
    status: str | None = optional(8, "string")
    hoc: list[Hoc] = repeated(9, Hoc)


@dataclass
class Event:
    """A record of the event file."""

    wall_time: float | None = optional(1, "double")
    step: int | None = optional(2, "int")
    version: str | None = optional(3, "string")
    explain: Explain | None = optional(6, Explain)
