"""Metrics beside their limit and beside Quantus and captum: `python -m benchmarks.metrics`.

The limit of a metric is the number of its distinct forwards, each at the best time known: the
fused graph, eight images at once. What explainers cost is not part of it, so the metrics that
explain anew (max-sensitivity) have the gradient's own time as theirs.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.machine import load, machine_line
from benchmarks.measure import Times, interleave, whole
from benchmarks.metric_cases import Bench, Case
from benchmarks.networks import NETWORKS, noise_images
from seewhy.network.torch.fused import fuse


def run(network: str, images: int, only: list[str], rounds: int) -> Iterator[dict[str, Any]]:
    """Measure all cases; yield a record for each contender."""
    bench = Bench(network, images)
    fused = fuse(bench.network, bench.x)
    eight = noise_images(8)
    forward = whole(lambda: fused(eight) if fused else bench.network(eight))
    forward(lambda: 0.0)
    backward = interleave({"": whole(lambda: bench.explainer(bench.x, bench.y))}, forward, 3)[""]
    for case in bench.cases():
        if only and not any(part.lower() in case.name.lower() for part in only):
            continue
        case.ours()  # builds the fused graph and learns the batch size
        contenders = {"seewhy": quietly(case.ours)}
        for name, call in case.peers:
            try:
                quietly(call)()
                contenders[name] = quietly(call)
            except Exception as error:  # of a peer: whatever it cannot do
                yield failure(case, name, error)
        times = interleave(
            {name: whole(call) for name, call in contenders.items()}, forward, rounds, 40.0
        )
        for name, taken in times.items():
            yield record(case, name, taken, times["seewhy"], backward, images)


def failure(case: Case, name: str, error: Exception) -> dict[str, Any]:
    """Say what a peer cannot do."""
    return {"case": case.name, "contender": name, "failed": f"{error}".splitlines()[0][:60]}


def record(
    case: Case, name: str, taken: Times, ours: Times, gradient: Times, images: int
) -> dict[str, Any]:
    """Put what was measured of a contender into units: forwards of one image are 1/8 of eight."""
    limit = case.forwards / 8
    if case.backwards:
        limit = case.backwards * gradient.relative / images
    return {
        "case": case.name,
        "contender": name,
        "forwards": case.forwards,
        "cpu ms": 1e3 * taken.median,
        "x limit": taken.relative / limit if limit else None,
        "x seewhy": taken.relative / ours.relative,
        "aim": case.faster,
    }


def quietly(call: Callable[[], Any]) -> Callable[[], Any]:
    """Keep what other libraries print and warn of to themselves."""

    def quiet() -> None:
        with warnings.catch_warnings(), _silent():
            warnings.simplefilter("ignore")
            call()

    return quiet


@contextmanager
def _silent() -> Iterator[None]:
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        yield


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--network", default="efficientnet_lite0", choices=sorted(NETWORKS))
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="parts of names")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(machine_line())
    made = list(run(arguments.network, arguments.images, arguments.only, arguments.repeats))
    table = Table(title=f"Metrics, {arguments.network}, {arguments.images} images", box=None)
    for column in ("metric", "contender", "forwards", "CPU ms", "x limit", "x seewhy"):
        table.add_column(column, justify="left" if column in ("metric", "contender") else "right")
    for row in made:
        if "failed" in row:
            table.add_row("", row["contender"], "", f"fails: {row['failed']}", "", "")
            continue
        ours = row["contender"] == "seewhy"
        limit = "" if row["x limit"] is None else f"{row['x limit']:.2f}"
        met = "" if ours or row["x seewhy"] >= row["aim"] * 0.95 else f"  (aim {row['aim']:g})"
        table.add_row(
            row["case"] if ours else "", row["contender"], str(row["forwards"]) if ours else "",
            f"{row['cpu ms']:.0f}", limit, "" if ours else f"{row['x seewhy']:.2f}{met}",
        )  # fmt: skip
    console.print(table)
    console.print(f"load at the end {load()}")
    if arguments.json:
        arguments.json.write_text(json.dumps(made, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
