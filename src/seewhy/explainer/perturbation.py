"""What the explainers that only ask for answers share."""

from __future__ import annotations

from typing import Any, Literal

from seewhy.explainer.base import Explainer
from seewhy.network.protocol import Activation, OutputPicker, Tensor
from seewhy.network.seeds import check_seed
from seewhy.network.targets import check_range

__all__ = ["PerturbationExplainer", "check_positive_int", "check_seed"]


class PerturbationExplainer(Explainer):
    """Explains by the probabilities of perturbed inputs; needs no gradients.

    Parameters
    ----------
    network, output
        See `Explainer`.
    activation_fn
        Turns logits into probabilities: a module, a cell or any callable.
    perturbation_per_eval
        Perturbed inputs that go through the network together, at the most; where fewer are
        faster, fewer are taken. `"auto"` leaves the choice open. The results do not depend on it.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.
    """

    def __init__(
        self,
        network: Any,
        activation_fn: Activation,
        perturbation_per_eval: int | Literal["auto"] = 32,
        *,
        output: OutputPicker | None = None,
    ) -> None:
        if not callable(activation_fn):
            raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")
        super().__init__(network, activation_fn=activation_fn, output=output)
        if perturbation_per_eval != "auto":
            check_positive_int("perturbation_per_eval", perturbation_per_eval, "or 'auto'")
        self.perturbation_per_eval = perturbation_per_eval

    def _samples_at_once(self, inputs: Tensor) -> int:
        return min(super()._samples_at_once(inputs), self._batch_size(inputs))

    def _perturbations_at_once(self, x: Tensor) -> int:
        """Perturbations of each of the samples `x` that go into one batch."""
        return max(1, self._batch_size(x) // int(x.shape[0]))

    def _batch_size(self, x: Tensor) -> int:
        given = self.perturbation_per_eval
        return self._network.batch_size(x, None if isinstance(given, str) else given)

    def _probabilities_of(self, x: Tensor, targets: Tensor) -> Tensor:
        """Probabilities (N, L) of the targets on the unperturbed samples."""
        (probabilities,) = self._network.stream([x])
        check_range(self._network.ops.numpy(targets), probabilities.shape[1])
        return self._network.ops.gather(probabilities, targets)


def check_positive_int(name: str, value: Any, also: str = "") -> None:
    """Raise TypeError or ValueError unless `value` is a positive int."""
    accepted = f"`{name}` must be a positive int {also}".rstrip()
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{accepted}, got {type(value).__name__} {value!r}")
    if value < 1:
        raise ValueError(f"{accepted}, got {value}")
