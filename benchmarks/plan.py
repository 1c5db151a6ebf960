"""What is measured on which network, in which order."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.case import Method
from benchmarks.methods import methods
from benchmarks.settings import Settings

ORDER = ("efficientnet_lite0", "mobilenet_v2", "resnet50", "vgg16")


@dataclass(frozen=True)
class Step:
    """Methods that share a network, a number of images, and the forward they are compared with."""

    network: str
    batch: int
    methods: tuple[Method, ...]
    stream: bool


def chosen(settings: Settings) -> tuple[Method, ...]:
    """Return the methods that are asked for."""
    return tuple(method for method in methods() if settings.wants(method.name))


def steps(settings: Settings) -> list[Step]:
    """Return all steps of a measuring process; those that take long stand last."""
    asked = [m for m in chosen(settings) if m.stream or settings.allocator == "default"]
    made = []
    for stream in (False, True):
        for network in ORDER:
            for batch in sorted({b for m in asked for b in batches_of(m, settings)}):
                fitting = tuple(
                    method
                    for method in asked
                    if method.stream == stream
                    and settings.framework in method.frameworks
                    and network in (settings.networks or method.networks)
                    and batch in batches_of(method, settings)
                )
                if fitting:
                    made.append(Step(network, batch, fitting, stream))
    return made


def batches_of(method: Method, settings: Settings) -> tuple[int, ...]:
    """Return the numbers of images of a call; a stream of forwards is always of one image."""
    return method.batches if method.stream else settings.batches or method.batches


def labels_of(method: Method, settings: Settings) -> tuple[int, ...]:
    """Return the numbers of labels of a call."""
    return settings.labels or method.labels
