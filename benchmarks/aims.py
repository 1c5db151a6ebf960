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


def _against_limit(findings: Findings, method: Method, where: Where) -> Iterator[Verdict]:
    if method.most is None or where[0] != "torch":
        return  # MindSpore runs a forward for each label, and its own time is all that we have
    for result in findings.results[where, method.name]:
        if result.contender != method.ours[0].name:
            continue
        ratio, most = findings.over_limit(where, method, result), method.most(result.labels)
        if ratio is not None:
            aim = f"{_labels(result)}: at most {most:.2f} x limit"
            met = ratio <= most * (1 + NOISE)
            yield Verdict(method.name, where, aim, f"{ratio:.2f}", met)


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
