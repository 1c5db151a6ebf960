"""A sample out of the events that each tell a part of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PIL import Image

from seewhy.store.export.messages import Explain
from seewhy.store.export.messages import Inference as Message
from seewhy.store.sample_records import Inference, Kind, Sample, Uncertainty

TOLERANCE = 1e-5


@dataclass
class Partial:
    """What is known of a sample so far; as in MindInsight, the first inference counts."""

    image_path: str = ""
    ground_truth: list[int] = field(default_factory=list)
    inference: Message | None = None

    def add(self, event: Explain) -> None:
        """Add what an event tells."""
        self.image_path = event.image_path or self.image_path
        self.ground_truth = self.ground_truth or event.ground_truth_label
        self.inference = self.inference or event.inference

    @property
    def is_complete(self) -> bool:
        """Whether nothing more is to be expected."""
        return bool(self.image_path) and self.inference is not None


def has_sample(event: Explain) -> bool:
    """Whether an event tells of a sample itself, not only of its maps or counterfactuals."""
    return bool(event.image_path or event.ground_truth_label or event.inference)


def make_sample(
    number: int, part: Partial, image: Image.Image, labels: int, tally: Counter[str]
) -> Sample:
    """Make the sample that a store takes; `labels` is the number of classes.

    What is both predicted and in the ground truth is a true positive; probabilities that are out
    of range and labels that do not exist are left out.
    """
    message = part.inference or Message()
    truth = list(dict.fromkeys(part.ground_truth))
    known = [label for label in truth if 0 <= label < labels]
    if len(known) < len(truth):
        tally["labels of a ground truth that do not exist, left out"] += len(truth) - len(known)
    rows: dict[int, Inference] = {}
    predicted = set(message.predicted_label)
    for label, prob, uncertainty in (
        *_rows(truth, message, "ground_truth_prob"),
        *_rows(message.predicted_label, message, "predicted_prob"),
    ):
        if not 0 <= label < labels:
            tally["probabilities of labels that do not exist, left out"] += 1
        elif not -TOLERANCE <= prob <= 1 + TOLERANCE:
            tally["probabilities that are not within 0 and 1, left out"] += 1
        else:
            kind = _kind(label, known, predicted)
            rows[label] = Inference(label, prob, kind, uncertainty)
    truth_or_none = tuple(known) if known else None
    return Sample(number, str(number), "", image, truth_or_none, (), tuple(rows.values()))


def _rows(
    labels: Sequence[int], message: Message, name: str
) -> Iterator[tuple[int, float, Uncertainty | None]]:
    probs, stds, lows, highs = (
        getattr(message, name + suffix) for suffix in ("", "_sd", "_itl95_low", "_itl95_hi")
    )
    for place, (label, prob) in enumerate(zip(labels, probs, strict=False)):
        uncertainty = None
        if place < min(len(stds), len(lows), len(highs)):
            values = stds[place], lows[place], highs[place]
            # The mean of the passes is not told; the probability is the nearest to it.
            uncertainty = Uncertainty(prob, *values) if all(map(math.isfinite, values)) else None
        yield label, prob, uncertainty


def _kind(label: int, truth: Sequence[int], predicted: set[int]) -> Kind | None:
    if not truth:
        return None
    if label not in truth:
        return "FP"
    return "TP" if label in predicted else "FN"
