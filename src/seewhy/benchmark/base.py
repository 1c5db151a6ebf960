"""What all metrics share: what they declare, what they check, and how they add up."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.case import (
    Case,
    Subject,
    check_explainer,
    check_saliency,
    check_targets,
)
from seewhy.benchmark.questions import Hearing, Judging, Scores
from seewhy.explainer import Explainer
from seewhy.explainer.door import check_inputs
from seewhy.network.protocol import Activation, Network, Tensor


class Cost(NamedTuple):
    """What a metric needs for one explanation, beside the map that it scores."""

    forwards: int
    explanations: int = 0


class Metric(ABC):
    """Scores explanations; what it scores them for is its class.

    A metric declares what its scores mean: `range`, `higher_is_better`, the score of `chance`, and
    its `cost`; whether it `needs_mask`.
    """

    higher_is_better: ClassVar[bool] = True
    """Whether the better explanation has the higher score."""

    needs_mask: ClassVar[bool] = False
    """Whether it can score only where it is known where the object is."""

    kinds: ClassVar[tuple[str, ...]] = ()
    """The measures that the class makes by its argument `metric`, if it makes several."""

    activation_fn: Activation | None = None
    """Turns logits into probabilities; `None` leaves the logits as they are."""

    @property
    def name(self) -> str:
        """The name under which scores are stored: the class name, or what tells its kinds apart."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the scores what they are, as plain JSON values."""
        return {}

    @property
    @abstractmethod
    def range(self) -> tuple[float, float]:
        """Lowest and highest possible score; may be infinite."""

    @property
    def chance(self) -> float | None:
        """Expected score of a map that has nothing to do with the network; `None`: not known.

        Where it is not known, only the score of a random map on the same samples tells.
        """
        return None

    @abstractmethod
    def cost(self, size: tuple[int, int]) -> Cost:
        """Return what one explanation of an image of (height, width) costs."""

    def network_of(self, explainer: Explainer) -> Network:
        """Return the explained network, with the metric's own `activation_fn`."""
        return explainer.network_with(self.activation_fn or identity)


class LabelSensitiveMetric(Metric):
    """Scores explanations of one label at a time, and keeps the scores by label.

    Parameters
    ----------
    num_labels
        Number of classes of the network.

    Raises
    ------
    TypeError, ValueError
        If `num_labels` is not a positive int.
    """

    def __init__(self, num_labels: int) -> None:
        if isinstance(num_labels, bool) or not isinstance(num_labels, int):
            raise TypeError(f"`num_labels` must be an int, got {type(num_labels).__name__}")
        if num_labels < 1:
            raise ValueError(f"`num_labels` must be positive, got {num_labels}")
        self._num_labels = num_labels
        self._results: dict[int, list[float]] = {}
        self.reset()

    @property
    def num_labels(self) -> int:
        """Number of classes of the network."""
        return self._num_labels

    def evaluate(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any = None
    ) -> Scores:
        """Score the explanation of each sample.

        Parameters
        ----------
        explainer
            What made the saliency maps, or is to make them. Of maps made elsewhere, any explainer
            of the same network.
        inputs
            Floating tensor (N, C, H, W).
        targets
            The label explained: an int or a 0-D tensor, or N of them.
        saliency
            Maps (N, 1, H, W), a tensor or an array; `None` lets the explainer make them.

        Returns
        -------
        float64 array (N,); not yet aggregated.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong, or the network has not `num_labels` outputs.
        """
        case = self._case(explainer, inputs, targets, saliency)
        hearing = Hearing(case.network, np.unique(case.ids), self.check_outputs)
        return hearing.settle([self.judge(case)])[0]

    def chance_of(self, case: Case) -> Scores:
        """Return `chance` of each sample (N,); NaN where it is not known."""
        return np.full(len(case), np.nan if self.chance is None else self.chance)

    @abstractmethod
    def judge(self, case: Case) -> Judging:
        """Score the explanations of a case: (N,) scores, or a generator that asks for answers."""

    def aggregate(self, result: Any, targets: Any) -> None:
        """Add the scores of samples, (N,) or one float, to those of their labels.

        Raises
        ------
        TypeError
            If `result` is no float, array or tensor.
        ValueError
            If there are not as many labels as scores, or a label is out of range.
        """
        scores = _to_vector("result", result)
        labels = _to_vector("targets", targets)
        if len(labels) == 1:
            labels = np.repeat(labels, len(scores))
        if len(labels) != len(scores):
            raise ValueError(
                f"`targets` must hold one label for each of the {len(scores)} scores, "
                f"got {len(labels)}"
            )
        for label in labels:
            if label != int(label) or not 0 <= label < self._num_labels:
                raise ValueError(f"`targets` must be in 0..{self._num_labels - 1}, got {label:g}")
        for label, score in zip(labels, scores, strict=True):
            self._results[int(label)].append(float(score))

    def get_results(self) -> dict[int, list[float]]:
        """Return a copy of all scores, by label."""
        return copy.deepcopy(self._results)

    @property
    def class_performances(self) -> list[float]:
        """Mean of the finite scores of each label; 0 where there is none."""
        return [_finite_mean(self._results[label]) for label in range(self._num_labels)]

    @property
    def performance(self) -> float:
        """Mean of all finite scores; 0 if there is none."""
        return _finite_mean([score for scores in self._results.values() for score in scores])

    def reset(self) -> None:
        """Forget all scores."""
        self._results = {label: [] for label in range(self._num_labels)}

    def _case(self, explainer: Any, inputs: Any, targets: Any, saliency: Any) -> Case:
        """Check the arguments of `evaluate`."""
        ops = check_explainer(explainer).ops
        ids = check_targets(inputs, targets, self._num_labels, ops)
        if ids.shape[1] != 1:
            raise ValueError(f"`targets` must name one label a sample, got {ids.shape[1]}")
        if saliency is None:
            saliency = explainer(inputs, ids[:, 0], show=False)
        maps = check_saliency(saliency, inputs, 1, ops)
        return Case(explainer, self.network_of(explainer), inputs, ids[:, 0], maps[:, 0])

    def check_outputs(self, outputs: int) -> None:
        """Raise ValueError unless `num_labels` is the number of outputs of the network."""
        if outputs != self._num_labels:
            raise ValueError(
                f"`num_labels` must be the number of outputs of the network, "
                f"{outputs}, got {self._num_labels}"
            )


class LabelAgnosticMetric(Metric):
    """Scores an explainer on a sample whatever the label, and keeps the scores."""

    def __init__(self) -> None:
        self._results: list[float] = []

    def evaluate(self, explainer: Explainer, inputs: Tensor) -> Scores:
        """Score the explainer on each sample.

        Parameters
        ----------
        explainer
            What makes the saliency maps.
        inputs
            Floating tensor (N, C, H, W).

        Returns
        -------
        float64 array (N,); not yet aggregated.

        Raises
        ------
        TypeError
            If an argument is of a wrong type.
        ValueError
            If a shape or value is wrong.
        """
        check_inputs(inputs, check_explainer(explainer).ops)
        subject = Subject(explainer, self.network_of(explainer), inputs)
        hearing = Hearing(subject.network, np.empty(0, np.int64))
        return hearing.settle([self.judge(subject)])[0]

    @abstractmethod
    def judge(self, subject: Subject) -> Judging:
        """Score the explainer: (N,) scores, or a generator that asks for answers."""

    def aggregate(self, result: Any) -> None:
        """Add the scores of samples, (N,) or one float.

        Raises
        ------
        TypeError
            If `result` is no float, array or tensor.
        """
        self._results.extend(map(float, _to_vector("result", result)))

    def get_results(self) -> list[float]:
        """Return a copy of all scores."""
        return list(self._results)

    @property
    def performance(self) -> float:
        """Mean of all finite scores; 0 if there is none."""
        return _finite_mean(self._results)

    def reset(self) -> None:
        """Forget all scores."""
        self._results = []


def identity(logits: Tensor) -> Tensor:
    """Leave the logits as they are."""
    return logits


def _to_vector(name: str, value: Any) -> npt.NDArray[np.float64]:
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    elif hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, bool) or not isinstance(value, (int, float, np.ndarray, np.generic, list)):
        raise TypeError(
            f"`{name}` must be a number, an array or a tensor, got {type(value).__name__}"
        )
    return np.atleast_1d(np.asarray(value, np.float64)).reshape(-1)


def _finite_mean(scores: Sequence[float]) -> float:
    finite = [score for score in scores if np.isfinite(score)]
    return float(np.mean(finite)) if finite else 0.0
