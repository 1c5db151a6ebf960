"""All contenders of one method on one batch: do they agree, and how long do they take?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from benchmarks.case import Contender, Explain, Ids, Method, Subject
from benchmarks.compare import Maps, difference, to_numpy
from benchmarks.measure import CPU, WALL, Clock, Timed, Times, interleave, reference_time, whole

Key: TypeAlias = tuple[str, str, int]
"""Contender; "labels" and how many at once, or "label" and which one."""


@dataclass
class Result:
    """What one contender did with one number of labels."""

    contender: str
    labels: int
    cpu: Times = field(default_factory=Times)
    wall: Times = field(default_factory=Times)
    difference: float | None = None
    note: str = ""
    forwards: int = 1
    """Forwards of the limit, for what was timed."""
    share: int = 1
    """How many of them the reference is."""

    @property
    def in_forwards(self) -> float:
        """The time in units of the limit's forwards."""
        return self.cpu.relative * self.share / self.forwards


class Group:
    """The contenders of a method, built and warm, for one subject."""

    def __init__(self, method: Method, subject: Subject, ids: Ids, copy: Callable[..., Subject]):
        self.subject = subject
        self.ids = ids
        self.method = method
        self.ready: dict[str, tuple[Contender, Explain]] = {}
        self.failed: dict[str, str] = {}
        self.maps: dict[str, Maps] = {}
        for contender in method.contenders(subject.framework):
            try:
                # Streams of forwards leave the weights alone, and copies of them may be large.
                explain = contender.build(copy(subject, with_weights=not method.stream))
                self.maps[contender.name] = self._all_maps(contender, explain)
            except Exception as error:  # a peer may be absent or fail; the others go on
                self.failed[contender.name] = f"{type(error).__name__}: {error}"[:160]
            else:
                self.ready[contender.name] = contender, explain
        self.first = method.ours[0].name

    def cases(self, labels: tuple[int, ...]) -> dict[Key, Timed]:
        """Return everything that is timed: calls with so many labels, and calls for one label."""
        made: dict[Key, Timed] = {}
        for name, (contender, explain) in self.ready.items():
            if contender.all_labels:
                for count in labels:
                    made[name, "labels", count] = self._call(explain, self.ids[:, :count])
            else:
                for which in range(self._calls(max(labels))):
                    made[name, "label", which] = self._call(explain, self.ids[:, [which]])
        return made

    def forwards(self, name: str) -> int:
        """Return the forwards of the limit for what a contender does."""
        count = None if name in self.failed else self.ready[name][0].forwards
        return (count or self.method.forwards)(self.subject)

    def times(
        self, labels: tuple[int, ...], reference: Timed, rounds: int, seconds: float, clock: Clock
    ) -> dict[tuple[str, int], Times]:
        """Return the times by contender and number of labels."""
        taken = interleave(self.cases(labels), reference, rounds, seconds, clock)
        return {
            (name, count): _sum(
                [taken[name, "label", which % self._calls(count)] for which in range(count)]
            )
            if (name, "label", 0) in taken
            else taken[name, "labels", count]
            for name in self.ready
            for count in labels
        }

    def difference_of(self, name: str) -> float | None:
        """Return how far the maps lie from those of the first contender, if they should not."""
        contender = self.ready[name][0]
        like = contender.like or self.first
        if name == like or like not in self.ready or not contender.comparable:
            return None
        made = self.maps[name]
        expected = self.maps[like][:, : made.shape[1]]
        return difference(expected, made, normalised=contender.normalised)

    def _calls(self, labels: int) -> int:
        """How many calls are made for so many labels, where each is a call.

        Hundreds of forwards take as long for one label as for another: one stands for all.
        """
        return 1 if self.method.stream else labels

    def _call(self, explain: Explain, ids: Ids) -> Timed:
        return whole(lambda: to_host(explain(self.subject.images, ids)))

    def _all_maps(self, contender: Contender, explain: Explain) -> Maps:
        images = self.subject.images
        if contender.all_labels:
            return to_numpy(explain(images, self.ids))
        columns = range(self._calls(self.ids.shape[1]))
        made = [to_numpy(explain(images, self.ids[:, [which]])) for which in columns]
        return np.concatenate(made, 1)


def to_host(maps: Any) -> Any:
    """Wait for MindSpore, which works on when a call has returned."""
    return maps.asnumpy() if hasattr(maps, "asnumpy") else maps


def measure(
    group: Group,
    labels: tuple[int, ...],
    reference: Timed,
    rounds: int,
    seconds: float,
    set_threads: Callable[[int], Any] | None,
    share: int = 1,
) -> list[Result]:
    """Time all on one thread by the processor's time, then on two threads by the wall's.

    There is no second part without `set_threads`, nor where a round takes long, nor on a busy
    machine: two threads that wait for each other after every layer then take tens of times as
    long. `share` is the number of the limit's forwards that `reference` is.
    """
    cpu = group.times(labels, reference, rounds, seconds, CPU)
    wall: dict[tuple[str, int], Times] = {}
    if set_threads is not None and sum(times.best for times in cpu.values()) < seconds:
        alone = reference_time(reference, WALL)
        set_threads(2)
        if all(reference_time(reference, WALL) < alone for _ in range(3)):
            wall = group.times(labels, reference, 2, seconds / 10, WALL)
        set_threads(1)
    made = [
        Result(
            name,
            count,
            times,
            wall.get((name, count), Times()),
            group.difference_of(name),
            group.ready[name][0].note,
            group.forwards(name),
            share,
        )
        for (name, count), times in cpu.items()
    ]
    failed = group.failed.items()
    return made + [Result(name, n, note=f"failed: {why}") for name, why in failed for n in labels]


def _sum(parts: list[Times]) -> Times:
    rounds = range(len(parts[0].seconds))
    return Times(
        [sum(part.seconds[i] for part in parts) for i in rounds],
        [sum(part.reference[i] for part in parts) / len(parts) for i in rounds],
    )
