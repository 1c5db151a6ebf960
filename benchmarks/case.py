"""What is measured: a method, a subject to explain, and the contenders who do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Ids: TypeAlias = npt.NDArray[np.int64]

Explain: TypeAlias = Callable[[Any, Ids], Any]
"""Images (N, C, H, W) and class ids (N, L) give maps (N, L, H, W), as a tensor or an array."""


@dataclass(frozen=True)
class Subject:
    """A network with a batch of images, native to its framework."""

    framework: str
    name: str
    network: Any
    layer: str
    """The last convolution's layer, by dotted name, where every library can explain."""
    images: Any


@dataclass(frozen=True)
class Contender:
    """One way to make the maps of a method."""

    name: str
    build: Callable[[Subject], Explain]
    """Everything a user does once for a network; its time is not counted, its memory is."""
    all_labels: bool = True
    """False: the library explains one label a call, so that L labels are L calls."""
    comparable: bool = True
    """False: it answers another question than the first contender, whose maps are the measure."""
    peer: bool = True
    """Whether it is of another library, which we must not be slower than."""
    normalised: bool = False
    """True: it cannot but scale each map to 0..1; for the comparison ours is scaled too."""
    note: str = ""
    """What to know about its results, shown where they differ from ours."""


@dataclass(frozen=True)
class Aim:
    """At least `faster` times as fast as `contender`; labels None: whatever their number."""

    contender: str
    faster: float
    labels: int | None = None


@dataclass(frozen=True)
class Method:
    """A method: its limit is `forwards` + `backwards(L)` evaluations of the network."""

    name: str
    ours: tuple[Contender, ...]
    """On every framework; the others are compared with the first."""
    forwards: int
    backwards: Callable[[int], int]
    others: tuple[Contender, ...] = ()
    """On PyTorch only."""
    most: Callable[[int], float] | None = None
    """The aim: at most so many times the limit, for L labels."""
    aims: tuple[Aim, ...] = ()

    def contenders(self, framework: str) -> tuple[Contender, ...]:
        """Return who is measured on a framework, ours first."""
        return self.ours + self.others if framework == "torch" else self.ours
