"""Occlusion (Zeiler and Fergus, 2014): how much the probability drops where a window hides."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any, Literal

import numpy as np

from seewhy.explainer.perturbation import PerturbationExplainer, check_positive_int
from seewhy.network.protocol import Activation, OutputPicker, Tensor
from seewhy.perturb.references import (
    Reference,
    check_reference,
    make_reference,
    plain_reference,
)
from seewhy.perturb.replaced_boxes import Answers, replaced_boxes
from seewhy.perturb.windows import Windows, default_window, sliding_windows

Pair = int | tuple[int, int]


class Occlusion(PerturbationExplainer):
    """Mean drop of the probability over the windows that cover a pixel.

    attribution[i, j] = mean over the windows w that cover (i, j) of
    p(x) - p(x with w replaced by the reference), in -1..1. Positive values speak for the class,
    negative ones against it.

    Cost: one forward for each window and one more, for all labels together; on the CPU in PyTorch
    often half of that, see `incremental`.

    Parameters
    ----------
    network, activation_fn, perturbation_per_eval, output
        See `PerturbationExplainer`.
    window
        Side of the windows in pixels, or (height, width). By default 1/32 of each side, or 3 where
        a side has 32 pixels or fewer.
    stride
        Step from one window to the next in pixels, or (down, right), not larger than the window.
        By default the side of the window; 1 if the window is the default one of 3. The last window
        of a row or column is moved back to the edge, so that each pixel is covered.
    reference
        What hides: a number in the units of the input, one a channel, `"blur"`, `"mean"`, or a
        callable. See `seewhy.perturb.references.make_reference`.
    incremental
        Whether only that part of the network's maps which a window can change may be computed
        (Nakandala et al., 2019), where that is quicker: in PyTorch on the CPU. The answers are
        the same up to rounding.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value; on a call, if a window does not fit.

    References
    ----------
    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014,
    arXiv:1311.2901.
    Nakandala, Kumar, Papakonstantinou: Incremental and Approximate Inference for Faster
    Occlusion-based Deep CNN Explanations. SIGMOD 2019.
    """

    signed = True

    def __init__(
        self,
        network: Any,
        activation_fn: Activation,
        perturbation_per_eval: int | Literal["auto"] = 32,
        *,
        window: Pair | None = None,
        stride: Pair | None = None,
        reference: Reference = 0.0,
        incremental: bool = True,
        output: OutputPicker | None = None,
    ) -> None:
        super().__init__(network, activation_fn, perturbation_per_eval, output=output)
        self.window = _pair("window", window)
        self.stride = _pair("stride", stride)
        check_reference(reference)
        self.reference = reference
        if not isinstance(incremental, bool):
            raise TypeError(f"`incremental` must be a bool, got {type(incremental).__name__}")
        self.incremental = incremental

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "window": self.window,
            "stride": self.stride,
            "reference": plain_reference(self.reference),
        }

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        ops = self._network.ops
        windows = self._windows((int(x.shape[2]), int(x.shape[3])))
        original = ops.numpy(self._probabilities_of(x, targets)).astype(np.float64)
        drops = np.empty((*original.shape, len(windows)))
        ids = ops.numpy(targets)
        with closing(self._occluded(x, windows)) as answers:
            for boxes, samples, probabilities in answers:
                chosen = np.take_along_axis(ops.numpy(probabilities), ids[None, samples], axis=2)
                drops[samples, :, boxes] = original[samples, :, None] - chosen.transpose(1, 2, 0)
        return ops.tensor(windows.spread(drops), like=x)

    def _windows(self, size: tuple[int, int]) -> Windows:
        (high, down), (wide, right) = (default_window(side) for side in size)
        window = self.window or (high, wide)
        stride = self.stride or (window if self.window else (down, right))
        return sliding_windows(size, window, stride)

    def _occluded(self, x: Tensor, windows: Windows) -> Generator[Answers, None, None]:
        ops = self._network.ops
        zero = plain_reference(self.reference) == 0
        reference = None if zero else make_reference(self.reference, x, ops)
        # Windows are x, y, width, height; boxes y, x, height, width.
        boxes = windows.boxes()[:, [1, 0, 3, 2]]
        limit = None if isinstance(self.perturbation_per_eval, str) else self.perturbation_per_eval
        return replaced_boxes(self._network, x, reference, boxes, limit, self.incremental)


def _pair(name: str, value: Pair | None) -> tuple[int, int] | None:
    if value is None:
        return None
    pair = value if isinstance(value, (tuple, list)) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"`{name}` must be a positive int or a pair of them, got {value!r}")
    for side in pair:
        check_positive_int(name, side, "or a pair of them")
    return int(pair[0]), int(pair[1])
