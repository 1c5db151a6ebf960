"""The findings as tables."""

from __future__ import annotations

import statistics
from itertools import groupby

from rich.table import Table

from benchmarks.aims import verdicts
from benchmarks.case import Method
from benchmarks.compare import EQUAL
from benchmarks.findings import Findings, Where, describe
from benchmarks.measure import Times
from benchmarks.rounds import Result


def limits_table(findings: Findings) -> Table:
    """F and B of each subject."""
    table = Table(title="One forward (F) and one backward to the input (B)", title_justify="left")
    for name in ("subject", "evaluation"):
        table.add_column(name)
    for name in ("CPU ms", "min", "x F", "peak MB"):
        table.add_column(name, justify="right")
    for where, forwards in findings.forwards.items():
        best = min(times.relative for times in forwards.values())
        for name, times in forwards.items():
            peak = findings.peak(where, "forward", name, 0)
            row = _times(times), f"{times.relative / best:.2f}", _megabytes(peak)
            table.add_row(describe(where), f"forward, {name}", *row[0], *row[1:])
        for name, times in findings.backwards.get(where, {}).items():
            ratio = f"{times.relative / best:.2f}"
            table.add_row(describe(where), f"backward, {name}", *_times(times), ratio, "")
        table.add_section()
    return table


def method_table(findings: Findings, method: Method) -> Table:
    """All contenders of a method on all subjects."""
    title = f"{method.name}: limit {method.limit}"
    table = Table(title=title, title_justify="left")
    table.add_column("subject")
    table.add_column("labels", justify="right")
    table.add_column("contender")
    if method.stream:
        table.add_column("forwards", justify="right")
    for name in ("CPU ms", "min", "x limit", "x seewhy", "peak MB", "wall ms"):
        table.add_column(name, justify="right")
    table.add_column("maps", overflow="fold")
    for (where, name), results in findings.results.items():
        if name != method.name:
            continue
        ordered = sorted(results, key=lambda result: result.labels)
        for _, group in groupby(ordered, key=lambda result: result.labels):
            for result in group:
                _add_result(table, findings, method, where, result)
            table.add_section()
    return table


def aims_table(findings: Findings, methods: list[Method]) -> Table:
    """Aims, met and missed."""
    table = Table(title="Aims (5 % is let pass as noise)", title_justify="left")
    for name in ("method", "subject", "aim", "measured", ""):
        table.add_column(name)
    for method in methods:
        for verdict in verdicts(findings, method):
            word = "[green]met[/]" if verdict.met else "[red]missed[/]"
            subject = describe(verdict.where)
            table.add_row(verdict.method, subject, verdict.aim, verdict.measured, word)
        table.add_section()
    return table


def steadiness(findings: Findings) -> str:
    """Say how much the machine itself changed while the cases ran."""
    known: dict[Where, list[float]] = {}
    for (where, _), results in findings.results.items():
        taken = [seconds for result in results for seconds in result.cpu.reference]
        if taken:
            middle = statistics.median(taken)
            known.setdefault(where, []).extend(seconds / middle for seconds in taken)
    lines = [
        f"{describe(where)}: F was {min(ratios):.2f} to {max(ratios):.2f} of its median"
        for where, ratios in known.items()
    ]
    return "Machine, beside the cases: " + "; ".join(lines)


def _add_result(
    table: Table, findings: Findings, method: Method, where: Where, result: Result
) -> None:
    limit = findings.over_limit(where, method, result)
    ours = findings.over_ours(where, method, result)
    peak = findings.peak(where, method.name, result.contender, result.labels)
    table.add_row(
        describe(where),
        str(result.labels),
        result.contender,
        *([str(result.forwards)] if method.stream else []),
        *_times(result.cpu),
        _ratio(limit),
        _ratio(ours),
        _megabytes(peak),
        f"{result.wall.median * 1e3:.0f}" if result.wall.seconds else "-",
        _agreement(result),
        style="bold" if result.contender == method.ours[0].name else None,
    )


def _agreement(result: Result) -> str:
    if not result.cpu.seconds:
        return result.note
    if result.difference is None:
        return ""
    if result.difference <= EQUAL:
        return f"equal, {result.difference:.0e}"
    return f"[red]differ[/], {result.difference:.1g} of the peak {result.note}".strip()


def _times(times: Times) -> tuple[str, str]:
    if not times.seconds:
        return "-", "-"
    return f"{times.median * 1e3:.1f}", f"{times.best * 1e3:.1f}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _megabytes(peak: int | None) -> str:
    return "-" if peak is None else f"{peak / 1e6:.0f}"
