"""MindSpore: the subject, and the times of its own forward and backward."""

from __future__ import annotations

import os

# Read by MindSpore's first convolution: without it, AVX-512 processors are a hundred times slower.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

import mindspore
import numpy as np

from benchmarks.case import Subject
from benchmarks.measure import Clock, Timed, whole
from seewhy.demo.mindspore import network


def set_threads(count: int) -> None:
    """Limit the threads of MindSpore's runtime; only the first call counts."""
    mindspore.set_context(mode=mindspore.PYNATIVE_MODE, runtime_num_threads=count)


def load() -> None:
    """There is nothing to load: no other library explains MindSpore's networks beside us."""


STREAM_BATCH = 8
"""Images of the forward that streams are compared with; 32 take as long for each."""

MEMORY = ("efficientnet_lite0",)


def subject(name: str, batch: int, small: bool = False) -> Subject:
    """Return EfficientNet-Lite0, the only network here, with `batch` images."""
    if name != "efficientnet_lite0":
        raise ValueError(f"`name` must be 'efficientnet_lite0' on MindSpore, got {name!r}")
    pixels = np.random.default_rng(0).normal(size=(batch, 3, 224, 224)).astype(np.float32)
    return Subject("mindspore", name, network(), "bn1", mindspore.Tensor(pixels), small)


def own_copy(subject: Subject, *, with_weights: bool = True) -> Subject:
    """Return the subject as it is: nobody but us is measured here, and we change nothing."""
    return subject


FORWARDS = ("plain",)


def forward(subject: Subject, name: str) -> Timed:
    """Return the one forward that there is."""
    # The way to the host makes sure that the work is done.
    return whole(lambda: subject.network(subject.images).asnumpy())


def backwards(subject: Subject) -> dict[str, Timed]:
    """Return the one backward: what a gradient costs on top of a forward."""

    def score(images: mindspore.Tensor) -> mindspore.Tensor:
        return subject.network(images)[:, 0].sum()

    gradient = whole(lambda: mindspore.grad(score)(subject.images).asnumpy())
    once = forward(subject, "plain")

    def timed(clock: Clock) -> float:
        return gradient(clock) - once(clock)

    return {"plain": timed}
