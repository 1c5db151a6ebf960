"""Whether the aims are met: at most so far from the limit, and not slower than anyone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.case import Aim, Method
from benchmarks.compare import EQUAL
from benchmarks.findings import Findings, Where
from benchmarks.rounds import Result

NOISE = 0.05
"""Ratios of one run are not better known than this; so much is let pass."""


@dataclass(frozen=True)
class Verdict:
    """An aim, and the worst that was measured for it."""

    method: str
    where: Where
    aim: str
    measured: str
    met: bool


def verdicts(findings: Findings, method: Method) -> Iterator[Verdict]:
    """Judge a method on all subjects that it was measured on."""
    for where, name in findings.results:
        if name == method.name:
            yield from _against_limit(findings, method, where)
            yield from _against_all(findings, method, where)
            for aim in method.aims:
                yield from _against_one(findings, method, where, aim)
            yield from _all_labels(findings, method, where)
    for where in {where for where, name, *_ in findings.memory if name == method.name}:
        yield from _flat_memory(findings, method, where)


def _against_limit(findings: Findings, method: Method, where: Where) -> Iterator[Verdict]:
    if where.allocator != "default":
        return  # what users have is judged
    for result in findings.results[where, method.name]:
        if result.contender != method.ours[0].name:
            continue
        ratio, most = findings.over_limit(where, method, result), _most(method, where, result)
        if ratio is not None and most is not None:
            aim = f"{_labels(result)}: at most {most:.2f} x limit"
            met = ratio <= most * (1 + NOISE)
            yield Verdict(method.name, where, aim, f"{ratio:.2f}", met)


def _most(method: Method, where: Where, result: Result) -> float | None:
    if where.framework != "torch":
        return method.most_on_mindspore
    return None if method.most is None else method.most(where.network, result.labels)


def _all_labels(findings: Findings, method: Method, where: Where) -> Iterator[Verdict]:
    ours = [
        result
        for result in findings.results[where, method.name]
        if result.contender == method.ours[0].name and result.cpu.seconds
    ]
    judged = (where.framework, where.allocator) == ("torch", "default")
    if method.most_of_labels is None or len(ours) < 2 or not judged:
        return
    ratio = ours[-1].in_forwards / ours[0].in_forwards
    aim = f"{_labels(ours[-1])}: at most {method.most_of_labels:.2f} x as long as for one"
    met = ratio <= method.most_of_labels * (1 + NOISE)
    yield Verdict(method.name, where, aim, f"{ratio:.2f}", met)


def _flat_memory(findings: Findings, method: Method, where: Where) -> Iterator[Verdict]:
    peaks = {c: n for (w, m, c, _), n in findings.memory.items() if (w, m) == (where, method.name)}
    for aim in method.flat:
        more, less = peaks.get(aim.contender), peaks.get(aim.other)
        if more and less:
            words = f"memory of {aim.contender}: at most {aim.most:.2f} x that of {aim.other}"
            measured = f"{more / 1e6:.0f} MB, {less / 1e6:.0f} MB"
            yield Verdict(method.name, where, words, measured, more <= aim.most * less)


def _against_all(findings: Findings, method: Method, where: Where) -> Iterator[Verdict]:
    peers = {contender.name for contender in method.others if contender.peer}
    ratios = [
        (ratio, f"{ratio:.2f} x, {result.contender}, {_labels(result)}")
        for result in findings.results[where, method.name]
        if result.contender in peers
        and result.difference is not None
        and result.difference <= EQUAL
        and (ratio := findings.over_ours(where, method, result)) is not None
    ]
    if ratios:
        worst, words = min(ratios)
        aim = "not slower than a library with equal maps"
        yield Verdict(method.name, where, aim, words, worst >= 1 - NOISE)


def _against_one(findings: Findings, method: Method, where: Where, aim: Aim) -> Iterator[Verdict]:
    for result in findings.results[where, method.name]:
        if result.contender != aim.contender or aim.labels not in (None, result.labels):
            continue
        ratio = findings.over_ours(where, method, result)
        if ratio is not None:
            words = f"{_labels(result)}: {aim.faster:g} x as fast as {aim.contender}"
            met = ratio >= aim.faster * (1 - NOISE)
            yield Verdict(method.name, where, words, f"{ratio:.2f} x", met)


def _labels(result: Result) -> str:
    return f"{result.labels} label{'s' if result.labels > 1 else ''}"
