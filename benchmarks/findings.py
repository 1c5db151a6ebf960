"""What the measuring processes found, by case, and the ratios that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from benchmarks.case import Method
from benchmarks.measure import Times
from benchmarks.rounds import Result


class Where(NamedTuple):
    """What was explained, and where."""

    framework: str
    network: str
    batch: int
    allocator: str


@dataclass
class Findings:
    """Filled line by line with what `benchmarks.worker` writes."""

    forwards: dict[Where, dict[str, Times]] = field(default_factory=dict)
    backwards: dict[Where, dict[str, Times]] = field(default_factory=dict)
    results: dict[tuple[Where, str], list[Result]] = field(default_factory=dict)
    memory: dict[tuple[Where, str, str, int], int | None] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def add(self, record: dict[str, Any]) -> None:
        """Take one record of a measuring process."""
        kind = record["kind"]
        where = where_of(record)
        if kind in ("forward", "backward"):
            known = self.forwards if kind == "forward" else self.backwards
            known.setdefault(where, {}).setdefault(record["name"], Times(**record["cpu"]))
        elif kind == "case":
            fields = {key: record[key] for key in Result.__dataclass_fields__}
            fields |= {key: Times(**record[key]) for key in ("cpu", "wall")}
            self.results.setdefault((where, record["method"]), []).append(Result(**fields))
        elif kind == "left out":
            self.left_out.append(f"{record['what']} on {describe(where)}")
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
        backwards = method.backwards(result.labels)
        if backwards:
            return result.cpu.relative / (1 + backwards * self.backward_in_forwards(where))
        return result.in_forwards

    def over_ours(self, where: Where, method: Method, result: Result) -> float | None:
        """Return how many times as long as our first contender it takes, for as many labels."""
        ours = self.find(where, method, method.ours[0].name, result.labels)
        if ours is None or not ours.cpu.seconds or not result.cpu.seconds:
            return None
        return result.in_forwards / ours.in_forwards

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


def where_of(record: dict[str, Any]) -> Where:
    """Return what a record is about."""
    return Where(*(record[name] for name in Where._fields))


def describe(where: Where) -> str:
    """Return words for a table."""
    remarks = [
        word
        for word, fitting in (
            (where.framework, where.framework != "torch"),
            (f"{where.allocator} malloc", where.allocator != "default"),
        )
        if fitting
    ]
    return f"{where.network} x {where.batch}" + (f" ({', '.join(remarks)})" if remarks else "")
