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
    small: bool = False
    """Whether a smaller job will do, where a method's own takes long."""


Count: TypeAlias = Callable[[Subject], int]


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
    forwards: Count | None = None
    """Forwards of the limit, where what is timed is a sample of the method's work."""
    like: str | None = None
    """The contender of ours whose maps it should make; None: the first."""
    only_memory: tuple[str, ...] = ()
    """Its memory is measured on these networks, and nothing else."""


@dataclass(frozen=True)
class Aim:
    """At least `faster` times as fast as `contender`; labels None: whatever their number."""

    contender: str
    faster: float
    labels: int | None = None


@dataclass(frozen=True)
class FlatMemory:
    """`contender` needs at most `most` times the peak memory of `other`."""

    contender: str
    other: str
    most: float = 1.1


@dataclass(frozen=True)
class Method:
    """A method: its limit is `forwards` + `backwards(L)` evaluations of the network."""

    name: str
    ours: tuple[Contender, ...]
    """On every framework; the others are compared with the first."""
    forwards: Count
    backwards: Callable[[int], int]
    limit: str
    """The limit in words."""
    others: tuple[Contender, ...] = ()
    """On PyTorch only."""
    most: Callable[[str, int], float] | None = None
    """The aim on PyTorch: at most so many times the limit, by the network's name and L."""
    most_on_mindspore: float | None = None
    """The aim on MindSpore, whose own forwards are all that we have."""
    most_of_labels: float | None = None
    """The aim: for the most labels at most so many times as long as for one."""
    aims: tuple[Aim, ...] = ()
    flat: tuple[FlatMemory, ...] = ()
    stream: bool = False
    """Whether it runs hundreds of forwards of one image: F is then that of an image of a batch."""
    frameworks: tuple[str, ...] = ("torch", "mindspore")
    networks: tuple[str, ...] = ("efficientnet_lite0", "resnet50")
    batches: tuple[int, ...] = (1, 8)
    labels: tuple[int, ...] = (1, 3)

    def contenders(self, framework: str) -> tuple[Contender, ...]:
        """Return who is timed on a framework, ours first."""
        both = self.ours + self.others if framework == "torch" else self.ours
        return tuple(contender for contender in both if not contender.only_memory)

    def eaters(self, framework: str, network: str) -> tuple[Contender, ...]:
        """Return whose memory is measured."""
        both = self.ours + self.others if framework == "torch" else self.ours
        return tuple(
            contender
            for contender in both
            if not contender.only_memory
            or (framework == "torch" and network in contender.only_memory)
        )
