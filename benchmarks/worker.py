"""A measuring process: settings in, one line of JSON for each finding out.

It is a process of its own because PyTorch and MindSpore want different environments and threads,
and because peak memory shows only where nothing has run before.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.case import Contender, Ids, Subject
from benchmarks.compare import to_numpy
from benchmarks.measure import CPU, interleave
from benchmarks.memory import peak_growth
from benchmarks.methods import methods
from benchmarks.rounds import Group, measure
from benchmarks.settings import Settings

Emit = Callable[..., None]


def main() -> None:
    """Measure what the settings in the first argument say."""
    warnings.simplefilter("ignore")
    settings = Settings.from_json(sys.argv[1])
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print to the standard output

    def emit(kind: str, **values: Any) -> None:
        lines.write(json.dumps({"kind": kind, "framework": settings.framework, **values}) + "\n")

    side = import_module(f"benchmarks.on_{settings.framework}")
    side.set_threads(1)
    side.load()
    for network in settings.networks:
        for batch in settings.batches:
            subject = side.subject(network, batch)
            part = measure_time if settings.part == "time" else measure_memory
            part(settings, side, subject, batch, emit)


def measure_time(settings: Settings, side: Any, subject: Subject, batch: int, emit: Emit) -> None:
    """Measure the limits of a subject, then the methods on it."""
    emit("begin", network=subject.name, batch=batch, what="forward and backward")
    made = {name: side.forward(subject, name) for name in side.FORWARDS}
    forwards = {name: timed for name, timed in made.items() if timed is not None}
    cases = {
        **{("forward", name): timed for name, timed in forwards.items()},
        **{("backward", name): timed for name, timed in side.backwards(subject).items()},
    }
    first = forwards["plain"]
    interleave(cases, first, 1)  # warm up
    taken = interleave(cases, first, 2 * settings.repeats + 1, settings.seconds / 2)
    for (what, name), times in taken.items():
        emit(what, network=subject.name, batch=batch, name=name, cpu=asdict(times))
    reference = forwards[min(forwards, key=lambda name: taken["forward", name].median)]
    ids = likeliest(subject, max(settings.labels))
    for method in methods():
        if not settings.wants(method.name):
            continue
        emit("begin", network=subject.name, batch=batch, what=method.name)
        group = Group(method, subject, ids, side.own_copy)
        two_threads = settings.thorough and settings.framework == "torch"
        set_threads = side.set_threads if two_threads else None
        for result in measure(
            group, settings.labels, reference, settings.repeats, settings.seconds, set_threads
        ):
            emit("case", network=subject.name, batch=batch, method=method.name, **asdict(result))


def measure_memory(settings: Settings, side: Any, subject: Subject, batch: int, emit: Emit) -> None:
    """Measure the peak memory of one call, its preparation included, each in a fork."""
    where = {"network": subject.name, "batch": batch}
    emit("begin", what="memory", **where)
    for name in side.FORWARDS:
        growth = peak_growth(lambda name=name: side.forward(subject, name)(CPU))
        emit("memory", method="forward", contender=name, labels=0, bytes=growth, **where)
    for method in methods():
        if not settings.wants(method.name):
            continue
        for contender in method.contenders(subject.framework):
            most = max(settings.labels) if contender.all_labels else 1
            for count in sorted({1, most}) if settings.thorough else [most]:
                growth = peak_growth(lambda c=contender, n=count: explain_once(c, subject, n))
                named = {"method": method.name, "contender": contender.name, "labels": count}
                emit("memory", bytes=growth, **named, **where)


def explain_once(contender: Contender, subject: Subject, labels: int) -> None:
    """Build a contender and have it explain the first classes."""
    ids = np.tile(np.arange(labels), (len(subject.images), 1))
    to_numpy(contender.build(subject)(subject.images, ids))


def likeliest(subject: Subject, count: int) -> Ids:
    """Return the class ids (N, count) of the largest logits."""
    logits = to_numpy(subject.network(subject.images))
    order: Ids = np.argsort(-logits, 1, kind="stable")[:, :count].astype(np.int64)
    return order


if __name__ == "__main__":
    main()
