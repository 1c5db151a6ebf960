"""Command line: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.findings import Findings, describe, where_of
from benchmarks.machine import load, machine_line
from benchmarks.methods import methods
from benchmarks.plan import ORDER, chosen
from benchmarks.report import aims_table, limits_table, method_table, steadiness
from benchmarks.settings import Settings, for_mindspore, quick, with_tuned_allocator

MINUTES = 30
"""A run begins nothing new after so long."""


class WorkerError(RuntimeError):
    """A measuring process ended badly."""


def main() -> int:
    """Measure, print, and return an exit code."""
    arguments = parser().parse_args()
    if arguments.list:
        print("\n".join(method.name for method in methods()))
        return 0
    console = Console(width=None if sys.stdout.isatty() else 150)
    settings = settings_of(arguments)
    asked = chosen(settings)
    if not asked:
        names = ", ".join(method.name for method in methods())
        console.print(f"`--only` must name a part of one of {names}, got {settings.only}")
        return 2
    line, begun = machine_line(), time.perf_counter()
    console.print(
        f"{line}\nCPU ms: one thread, median of interleaved rounds. Wall ms: two threads."
    )
    records: list[dict[str, Any]] = []
    findings = Findings()
    try:
        with console.status("") as status:
            for record in measure(settings, arguments.framework):
                if record["kind"] == "begin":
                    words = f"{describe(where_of(record))}: {record['what']}"
                    elapsed = f"{time.perf_counter() - begun:4.0f} s"
                    status.update(f"{elapsed}  {words}")
                    if not console.is_terminal:
                        console.print(f"{elapsed}  {words}", markup=False)
                else:
                    records.append(record)
                    findings.add(record)
    except WorkerError as error:
        console.print(f"[red]{error}[/]", highlight=False)
        return 1
    console.print(limits_table(findings))
    for method in asked:
        console.print(method_table(findings, method))
    console.print(aims_table(findings, asked))
    console.print(steadiness(findings))
    if findings.left_out:
        console.print(f"[red]Left out, as time was up:[/] {'; '.join(findings.left_out)}")
    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    console.print(
        f"{time.perf_counter() - begun:.0f} s, with {taken.ru_utime + taken.ru_stime:.0f} s of "
        f"processor time; load at the end {load()}"
    )
    if arguments.json:
        run = {"machine": line, "settings": asdict(settings), "records": records}
        arguments.json.write_text(json.dumps(run, indent=1))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time and memory of every method, beside its limit and its peers.",
    )
    add = made.add_argument
    add("--only", nargs="+", default=[], metavar="NAME", help="parts of methods' names")
    add("--networks", nargs="+", metavar="NAME", choices=ORDER, help=f"out of {' '.join(ORDER)}")
    add("--batches", nargs="+", type=int, metavar="N", help="images a call (default: 1 8)")
    add("--labels", nargs="+", type=int, metavar="L", help="default: those of each method")
    add("--repeats", type=int, metavar="N", help="rounds, where time allows (default: 5)")
    add("--minutes", type=float, default=MINUTES, help="nothing new begins after so long")
    add("--framework", choices=("torch", "mindspore"), help="default: both")
    add("--json", type=Path, metavar="FILE", help="write all that was measured")
    add("--quick", action="store_true", help="one network, one image: two minutes")
    add("--list", action="store_true", help="name the methods and stop")
    return made


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Return the settings that the command line asks for."""
    until = time.time() + 60 * arguments.minutes
    settings = Settings(only=tuple(arguments.only), until=until)
    if arguments.quick:
        settings = quick(settings)
    given = {name: getattr(arguments, name) for name in ("networks", "batches", "labels")}
    changed: dict[str, Any] = {name: tuple(value) for name, value in given.items() if value}
    if arguments.repeats is not None:
        changed["repeats"] = max(1, arguments.repeats)
    return replace(settings, **changed)


def measure(settings: Settings, framework: str | None) -> Iterator[dict[str, Any]]:
    """Yield the records of all measuring processes, one process after another."""
    if framework != "mindspore":
        for part in ("time", "memory"):
            yield from run_worker(replace(settings, part=part))
        if settings.thorough:
            yield from run_worker(with_tuned_allocator(settings))
    if framework != "torch" and find_spec("mindspore") is not None:
        for part in ("time", "memory") if settings.thorough else ("time",):
            yield from run_worker(replace(for_mindspore(settings), part=part))


def run_worker(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the records of one measuring process."""
    command = [sys.executable, "-m", "benchmarks.worker", settings.to_json()]
    environment = dict(os.environ, GLOG_v="3")
    if settings.framework == "torch":
        # `make` sets it for MindSpore; PyTorch users have it not.
        environment.pop("ONEDNN_MAX_CPU_ISA", None)
    with tempfile.TemporaryFile("w+") as errors:
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment
        ) as process:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            yield from map(json.loads, process.stdout)
        if process.returncode:
            errors.seek(0)
            last = "".join(errors.readlines()[-15:])
            raise WorkerError(f"measuring on {settings.framework} failed:\n{last}")


if __name__ == "__main__":
    sys.exit(main())
