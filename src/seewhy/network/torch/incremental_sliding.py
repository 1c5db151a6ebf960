"""Which outputs of a sliding window an interval of its inputs can change, along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Positions: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sliding:
    """A window of `kernel` taps, `dilation` apart, that moves by `stride` over a padded axis.

    Output o reads the inputs o * stride - padding + j * dilation for j = 0..kernel - 1.
    """

    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Inputs from the first tap to the last."""
        return (self.kernel - 1) * self.dilation + 1

    def reached(self, first: Positions, end: Positions) -> tuple[Positions, Positions]:
        """Return the outputs [first, end) that can see a change in the inputs [first, end)."""
        low = -((self.extent - 1 - first - self.padding) // self.stride)
        high = (end - 1 + self.padding) // self.stride + 1
        return low, high

    def read(self, first: Positions, size: int) -> tuple[Positions, int]:
        """Return where the inputs of `size` outputs from `first` on begin, and how many they are.

        They may begin before the axis or end after it, in the padding.
        """
        return first * self.stride - self.padding, (size - 1) * self.stride + self.extent


POINT = Sliding()
"""Reads what lies at the same place."""
