"""The stopwatch: interleaved rounds, each time taken beside one of a reference forward."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

Call: TypeAlias = Callable[[], object]
Clock: TypeAlias = Callable[[], float]
Timed: TypeAlias = Callable[[Clock], float]
"""Does its work and returns the seconds of that part of it which counts."""

Key = TypeVar("Key")

CPU: Clock = time.process_time
WALL: Clock = time.perf_counter

_REFERENCE_SECONDS = 0.08


@dataclass
class Times:
    """Seconds of one case, round by round, and of the reference forward around each."""

    seconds: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def relative(self) -> float:
        """Median of the times in reference forwards: what a busy machine moves least."""
        pairs = zip(self.seconds, self.reference, strict=True)
        return statistics.median(second / reference for second, reference in pairs)


def whole(call: Call) -> Timed:
    """Return the stopwatch of a call that counts from beginning to end."""

    def timed(clock: Clock) -> float:
        start = clock()
        call()
        return clock() - start

    return timed


def interleave(
    cases: Mapping[Key, Timed],
    reference: Timed,
    rounds: int,
    seconds: float = float("inf"),
    clock: Clock = CPU,
) -> dict[Key, Times]:
    """Time each case once a round, with the reference before and after it.

    A slow moment of the machine so hits all contenders alike, and the reference shows it. Nothing
    is warmed up here. After `seconds` of CPU time no third round begins, after twice as many no
    second.
    """
    times = {name: Times() for name in cases}
    begun = CPU()
    gc.collect()
    gc.freeze()  # what is there already is not searched again before every case
    for done in range(rounds):
        if done and CPU() - begun > seconds * (2 if done == 1 else 1):
            break
        before = reference_time(reference, clock)
        for name, timed in cases.items():
            gc.collect()
            times[name].seconds.append(timed(clock))
            after = reference_time(reference, clock)
            times[name].reference.append((before + after) / 2)
            before = after
    gc.unfreeze()
    return times


def reference_time(reference: Timed, clock: Clock) -> float:
    """Return the median of as many runs as fit in a small time, at least one and at most five."""
    made = [reference(clock)]
    while len(made) < 5 and sum(made) < _REFERENCE_SECONDS:
        made.append(reference(clock))
    return statistics.median(made)
