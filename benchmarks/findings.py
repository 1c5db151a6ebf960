"""What the measuring processes found, by case, and the ratios that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from benchmarks.case import Method
from benchmarks.measure import Times
from benchmarks.rounds import Result

Where: TypeAlias = tuple[str, str, int]
"""Framework, network, batch."""


@dataclass
class Findings:
    """Filled line by line with what `benchmarks.worker` writes."""

    forwards: dict[Where, dict[str, Times]] = field(default_factory=dict)
    backwards: dict[Where, dict[str, Times]] = field(default_factory=dict)
    results: dict[tuple[Where, str], list[Result]] = field(default_factory=dict)
    memory: dict[tuple[Where, str, str, int], int | None] = field(default_factory=dict)

    def add(self, record: dict[str, Any]) -> None:
        """Take one record of a measuring process."""
        kind = record["kind"]
        where: Where = (record["framework"], record["network"], record["batch"])
        if kind in ("forward", "backward"):
            known = self.forwards if kind == "forward" else self.backwards
            known.setdefault(where, {})[record["name"]] = Times(**record["cpu"])
        elif kind == "case":
            fields = {name: record[name] for name in ("contender", "labels", "difference", "note")}
            result = Result(cpu=Times(**record["cpu"]), wall=Times(**record["wall"]), **fields)
            self.results.setdefault((where, record["method"]), []).append(result)
        elif kind == "memory":
            key = (where, record["method"], record["contender"], record["labels"])
            self.memory[key] = record["bytes"]

    def backward_in_forwards(self, where: Where) -> float:
        """Return B in units of F: the best of each, on this subject."""
        forward = min(times.relative for times in self.forwards[where].values())
        return min(times.relative for times in self.backwards[where].values()) / forward

    def over_limit(self, where: Where, method: Method, result: Result) -> float | None:
        """Return the time in units of the method's limit."""
        if not result.cpu.seconds:
            return None
        backwards = method.backwards(result.labels) * self.backward_in_forwards(where)
        return result.cpu.relative / (method.forwards + backwards)

    def over_ours(self, where: Where, method: Method, result: Result) -> float | None:
        """Return how many times as long as our first contender it takes, for as many labels."""
        ours = self.find(where, method, method.ours[0].name, result.labels)
        if ours is None or not ours.cpu.seconds or not result.cpu.seconds:
            return None
        return result.cpu.relative / ours.cpu.relative

    def find(self, where: Where, method: Method, contender: str, labels: int) -> Result | None:
        """Return the result of a contender, if it was measured."""
        results = self.results.get((where, method.name), [])
        found = (r for r in results if (r.contender, r.labels) == (contender, labels))
        return next(found, None)

    def peak(self, where: Where, method: str, contender: str, labels: int) -> int | None:
        """Return the peak in bytes; one label a call needs as much for any number of them."""
        exact = self.memory.get((where, method, contender, labels))
        known = [n for w, m, c, n in self.memory if (w, m, c) == (where, method, contender)]
        return self.memory[where, method, contender, 1] if known == [1] else exact
