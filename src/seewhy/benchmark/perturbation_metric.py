"""What the metrics share that ask the network about perturbed images."""

from __future__ import annotations

from seewhy.benchmark.base import LabelSensitiveMetric
from seewhy.benchmark.checks import check_activation_fn
from seewhy.explainer.perturbation import check_positive_int
from seewhy.network.protocol import Activation


class PerturbationMetric(LabelSensitiveMetric):
    """Scores an explanation by what the network answers to perturbed images.

    Parameters
    ----------
    num_labels
        See `LabelSensitiveMetric`.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    perturbation_per_eval
        Perturbed inputs that go through the network together, at the most.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.
    """

    takes_logits = False
    """Whether `activation_fn` may be None, which leaves the logits as they are."""

    def __init__(
        self, num_labels: int, activation_fn: Activation | None, perturbation_per_eval: int
    ) -> None:
        super().__init__(num_labels)
        if activation_fn is not None or not self.takes_logits:
            check_activation_fn(activation_fn)
        check_positive_int("perturbation_per_eval", perturbation_per_eval)
        self.activation_fn = activation_fn
        self.perturbation_per_eval = perturbation_per_eval
