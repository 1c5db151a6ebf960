"""What a model of rows answers, and which of its outputs are explained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.runner.verdict import inferences
from seewhy.store import Inference

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answers:
    """How the outputs of a model are read."""

    num_outputs: int
    probabilities: bool
    """Whether all outputs lie in 0..1."""
    exclusive: bool
    """Whether they are probabilities that sum to one."""

    @property
    def regression(self) -> bool:
        """Whether the model answers with one number."""
        return self.num_outputs == 1

    def inferences(
        self, outputs: Floats, truth: float | None, threshold: float
    ) -> tuple[Inference, ...]:
        """Labels that are predicted or true, or the one output, which is then called `prob`.

        Probabilities are predictions above `threshold`; where they sum to one and none is, the
        largest. Of other outputs the largest is the prediction.
        """
        if self.regression:
            return (Inference(0, float(outputs[0]), None),)
        least = threshold if self.probabilities else np.nextafter(outputs.max(), -np.inf)
        true = None if truth is None else (int(truth),)
        return inferences(outputs, true, float(least), self.exclusive)


def read_answers(outputs: Floats) -> Answers:
    """Tell from the outputs (n, L) of some rows of what kind they are."""
    probabilities = bool((outputs >= 0).all() and (outputs <= 1 + 1e-6).all())
    exclusive = probabilities and bool(np.allclose(outputs.sum(1), 1, atol=1e-3))
    return Answers(outputs.shape[1], probabilities, exclusive)
