"""A measuring process: settings in, one line of JSON for each finding out.

It is a process of its own because PyTorch and MindSpore want different environments and threads,
because peak memory shows only where nothing has run before, and because the allocator cannot be
tuned for a part of a process.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.case import Contender, Ids, Method, Subject
from benchmarks.compare import to_numpy
from benchmarks.measure import CPU, Timed, interleave
from benchmarks.memory import peak_growth
from benchmarks.plan import Step, labels_of, steps
from benchmarks.rounds import Group, measure
from benchmarks.settings import Settings


@dataclass
class Worker:
    """What all parts of a measuring process share."""

    settings: Settings
    side: Any
    emit: Callable[..., None]

    def begin(self, step: Step, what: str = "", method: Method | None = None) -> bool:
        """Tell what comes next; False if there is no time left for it."""
        where = {"network": step.network, "batch": step.batch}
        if time.time() <= self.settings.until:
            self.emit("begin", what=f"{what} {method.name if method else ''}".strip(), **where)
            return True
        names = ", ".join(m.name for m in ([method] if method else step.methods))
        self.emit("left out", what=f"{self.settings.part} of {names}", **where)
        return False


def main() -> None:
    """Measure what the settings in the first argument say."""
    warnings.simplefilter("ignore")
    settings = Settings.from_json(sys.argv[1])
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # libraries print to the standard output

    def emit(kind: str, **values: Any) -> None:
        common = {"framework": settings.framework, "allocator": settings.allocator}
        lines.write(json.dumps({"kind": kind, **common, **values}) + "\n")

    side = import_module(f"benchmarks.on_{settings.framework}")
    if settings.allocator == "tuned":
        side.tune_allocator()
    side.set_threads(1)
    side.load()
    worker = Worker(settings, side, emit)
    part = measure_time if settings.part == "time" else measure_memory
    for step in steps(settings):
        part(worker, step)


def measure_time(worker: Worker, step: Step) -> None:
    """Measure the limits of a subject, then the methods on it."""
    if not worker.begin(step, "forward and backward"):
        return
    # The least that a forward of a stream can take is its part of that of a batch.
    share = worker.side.STREAM_BATCH if step.stream else 1
    many = worker.side.subject(step.network, share * step.batch, worker.settings.small)
    reference = measure_limits(worker, many, backward=not step.stream)
    subject = replace(many, images=many.images[: step.batch])
    most = max(count for method in step.methods for count in labels_of(method, worker.settings))
    ids = likeliest(subject, most)
    for method in step.methods:
        if worker.begin(step, method=method):
            measure_method(worker, step, method, subject, ids, reference, share)


def measure_limits(worker: Worker, subject: Subject, *, backward: bool) -> Timed:
    """Time forwards and backwards; return the fastest forward."""
    batch = len(subject.images)
    side, settings = worker.side, worker.settings
    made = {name: side.forward(subject, name) for name in side.FORWARDS}
    forwards = {name: timed for name, timed in made.items() if timed is not None}
    backwards: Mapping[str, Timed] = side.backwards(subject) if backward else {}
    cases = {
        **{("forward", name): timed for name, timed in forwards.items()},
        **{("backward", name): timed for name, timed in backwards.items()},
    }
    first = forwards["plain"]
    interleave(cases, first, 1)  # warm up
    taken = interleave(cases, first, 2 * settings.repeats + 1, settings.seconds / 2)
    for (what, name), times in taken.items():
        worker.emit(what, network=subject.name, batch=batch, name=name, cpu=asdict(times))
    return forwards[min(forwards, key=lambda name: taken["forward", name].median)]


def measure_method(
    worker: Worker,
    step: Step,
    method: Method,
    subject: Subject,
    ids: Ids,
    reference: Timed,
    share: int,
) -> None:
    """Time all contenders of a method."""
    side, settings = worker.side, worker.settings
    labels = labels_of(method, settings)
    group = Group(method, subject, ids[:, : max(labels)], side.own_copy)
    two_threads = settings.thorough and settings.framework == "torch"
    set_threads = side.set_threads if two_threads else None
    for result in measure(
        group, labels, reference, settings.repeats, settings.seconds, set_threads, share
    ):
        found = asdict(result)
        worker.emit("case", network=step.network, batch=step.batch, method=method.name, **found)


def measure_memory(worker: Worker, step: Step) -> None:
    """Measure the peak memory of one call, its preparation included, each in a fork."""
    settings, side = worker.settings, worker.side
    # What a stream needs depends on its networks' first layers, and all of them take long.
    if (step.stream and step.network not in side.MEMORY) or not worker.begin(step, "memory"):
        return
    where = {"network": step.network, "batch": step.batch}
    subject = side.subject(step.network, step.batch, settings.small)
    for name in () if step.stream else side.FORWARDS:
        growth = peak_growth(lambda name=name: side.forward(subject, name)(CPU))
        worker.emit("memory", method="forward", contender=name, labels=0, bytes=growth, **where)
    for method in step.methods:
        if not worker.begin(step, "memory of", method):
            continue
        most = max(labels_of(method, settings))
        for contender in method.eaters(subject.framework, step.network):
            counts = {most if contender.all_labels else 1}
            if settings.thorough and not method.stream:
                counts.add(1)
            if contender.only_memory and not settings.thorough:
                continue
            for count in sorted(counts):
                growth = peak_growth(lambda c=contender, n=count: explain_once(c, subject, n))
                named = {"method": method.name, "contender": contender.name, "labels": count}
                worker.emit("memory", bytes=growth, **named, **where)


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
