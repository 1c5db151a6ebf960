"""Which labels of a sample are explained, and whether the network was right about them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seewhy.store import Inference, Kind


def share_a_sum_of_one(probabilities: npt.NDArray[np.float64]) -> bool:
    """Whether the probabilities (K,) exclude each other, as those of a softmax do."""
    return abs(float(probabilities.sum()) - 1) < 1e-3


def predicted_labels(
    probabilities: npt.NDArray[np.float64], threshold: float, exclusive: bool
) -> list[int]:
    """Labels with a probability above `threshold`.

    Where none passes and they exclude each other (a softmax over many classes), the most probable
    label is the prediction.
    """
    passed: list[int] = np.flatnonzero(probabilities > threshold).tolist()
    if not passed and exclusive and share_a_sum_of_one(probabilities):
        return [int(probabilities.argmax())]
    return passed


def inferences(
    probabilities: npt.NDArray[np.float64],
    ground_truth: tuple[int, ...] | None,
    threshold: float,
    exclusive: bool,
) -> tuple[Inference, ...]:
    """Explained labels (ground truth and predicted), most probable first.

    A label is a true positive (TP) if it is predicted and true, a false negative (FN) if it is
    true and not predicted, a false positive (FP) if it is predicted and not true. Without a
    ground truth it is none of them.
    """
    predicted = set(predicted_labels(probabilities, threshold, exclusive))
    true = set(ground_truth or ())
    explained = sorted(predicted | true, key=lambda k: (-probabilities[k], k))
    made = []
    for k in explained:
        kind: Kind = "FN" if k not in predicted else "TP" if k in true else "FP"
        made.append(Inference(k, float(probabilities[k]), None if ground_truth is None else kind))
    return tuple(made)
