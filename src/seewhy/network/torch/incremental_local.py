"""What is known of a node that can be computed on a part of the image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor, fx

from seewhy.network.torch.incremental_sliding import Sliding

Axes: TypeAlias = tuple[Sliding, Sliding]
"""A sliding window along y and along x."""

POINTWISE: Axes = (Sliding(), Sliding())


@dataclass(frozen=True)
class Reading:
    """How a node reads a map (N, C, H, W).

    `reach` says which outputs a change of the map can change, `window` what the operator reads to
    make them: more, where its kernel has taps of zero. Outside the map it finds `fill`.
    """

    source: fx.Node
    reach: Axes = POINTWISE
    window: Axes = POINTWISE
    fill: float = 0.0


@dataclass(frozen=True)
class Local:
    """A node whose output at a place depends only on the inputs around that place.

    `run` makes a part of the output from those parts of the inputs that the readings name;
    its second argument tells whether it may overwrite the last of them. `work` is the number of
    multiply-adds for one place of the output.
    """

    readings: tuple[Reading, ...]
    run: Callable[[Sequence[Tensor], bool], Tensor]
    work: int = 0
