"""Probabilities of a sample as two lists: of its ground truth, and of what was predicted."""

from __future__ import annotations

import numpy as np

from seewhy.store.export.messages import Inference as Message
from seewhy.store.export.report import Tally
from seewhy.store.sample_records import Inference, Kind, SampleRecord

THRESHOLD = 0.5
"""MindInsight's own, fixed: less is a false negative, whatever the ground truth says."""


def to_message(sample: SampleRecord, uncertain: bool, tally: Tally) -> tuple[list[int], Message]:
    """Labels of the ground truth that have a probability, and all probabilities.

    Parameters
    ----------
    sample
        With its inferences.
    uncertain
        Whether to write standard deviations and intervals; all inferences have them then.
    tally
        Takes what is not carried.
    """
    found = {inference.label: inference for inference in sample.inferences}
    truth = list(dict.fromkeys(sample.ground_truth or ()))
    known = [label for label in truth if label in found]
    if len(known) < len(truth):
        what = "labels of a ground truth without a probability, left out of the ground truth"
        tally[what] += len(truth) - len(known)
    if sample.ground_truth is not None and not known:
        tally["samples with an empty ground truth, shown as if it were not known"] += 1
    # A label in both lists is a true positive, as the runners of MindSpore wrote it.
    predicted = [i.label for i in found.values() if i.label not in known or i.kind == "TP"]
    message = Message(predicted_label=predicted)
    for prefix, labels in (("ground_truth_prob", known), ("predicted_prob", predicted)):
        rows = [found[label] for label in labels]
        setattr(message, prefix, [row.prob for row in rows])
        if uncertain:
            values = [row.uncertainty for row in rows if row.uncertainty is not None]
            setattr(message, f"{prefix}_sd", [value.std for value in values])
            setattr(message, f"{prefix}_itl95_low", [value.low for value in values])
            setattr(message, f"{prefix}_itl95_hi", [value.high for value in values])
    differing = sum(kind_shown(i, known) != i.kind for i in found.values())
    if differing:
        tally["labels whose TP, FN or FP MindInsight decides otherwise (it takes 0.5)"] += differing
    return known, message


def kind_shown(inference: Inference, ground_truth: list[int]) -> Kind | None:
    """Kind that MindInsight shows."""
    if not ground_truth:
        return None
    if np.float32(inference.prob) < THRESHOLD:
        return "FN"
    return "TP" if inference.label in ground_truth else "FP"
