"""What all metrics share: what they declare, what they check, and how they add up."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from seewhy.explainer import Explainer
from seewhy.explainer.door import check_inputs
from seewhy.network.protocol import Ops, Tensor
from seewhy.network.targets import class_ids

Scores = npt.NDArray[np.float64]


class LabelSensitiveMetric(ABC):
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

    higher_is_better: ClassVar[bool] = True

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

    @property
    def name(self) -> str:
        """The name under which scores are stored: the class name."""
        return type(self).__name__

    @property
    def parameters(self) -> dict[str, Any]:
        """The settings that make the scores what they are, as plain JSON values."""
        return {}

    @property
    @abstractmethod
    def range(self) -> tuple[float, float]:
        """Lowest and highest possible score."""

    @abstractmethod
    def evaluate(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any = None
    ) -> Scores:
        """Score the explanation of each sample.

        Parameters
        ----------
        explainer
            What made the saliency maps, or is to make them.
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

    def _prepare(
        self, explainer: Explainer, inputs: Tensor, targets: Any, saliency: Any
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Check the arguments of `evaluate`; return class ids (N,) and maps (N, H, W)."""
        if not isinstance(explainer, Explainer):
            raise TypeError(f"`explainer` must be an explainer, got {type(explainer).__name__}")
        ops = explainer.ops
        check_inputs(inputs, ops)
        ids = class_ids(targets, inputs.shape[0], ops)
        if ids.shape[1] != 1:
            raise ValueError(f"`targets` must name one label a sample, got {ids.shape[1]}")
        if ids.max() >= self._num_labels:
            raise ValueError(f"`targets` must be in 0..{self._num_labels - 1}, got {ids.max()}")
        if saliency is None:
            saliency = explainer(inputs, ids[:, 0], show=False)
        maps = _to_maps(saliency, ops)
        expected = (inputs.shape[0], 1, *inputs.shape[2:])
        if maps.shape != expected:
            raise ValueError(f"`saliency` must have shape {expected}, got {maps.shape}")
        if not np.isfinite(maps).all():
            raise ValueError("`saliency` must be finite, got NaN or infinity")
        return ids[:, 0], maps[:, 0]

    def _check_outputs(self, probabilities: Tensor) -> None:
        if probabilities.shape[1] != self._num_labels:
            raise ValueError(
                f"`num_labels` must be the number of outputs of the network, "
                f"{probabilities.shape[1]}, got {self._num_labels}"
            )


def _to_maps(saliency: Any, ops: Ops) -> npt.NDArray[np.float64]:
    if ops.is_tensor(saliency):
        saliency = ops.numpy(saliency)
    if not isinstance(saliency, np.ndarray):
        raise TypeError(
            f"`saliency` must be a {ops.tensor_type}, an array or None, "
            f"got {type(saliency).__name__}"
        )
    return saliency.astype(np.float64)


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


def _finite_mean(scores: list[float]) -> float:
    finite = [score for score in scores if np.isfinite(score)]
    return float(np.mean(finite)) if finite else 0.0
