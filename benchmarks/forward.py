"""One forward, plain and fused: `python -m benchmarks.forward` (PyTorch, CPU).

CPU time of one thread, which other jobs of the machine move least; then wall time on two threads,
the way a stream of perturbed images runs.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.machine import machine_line
from benchmarks.networks import NETWORKS, noise_images
from seewhy.network.torch.fused import FusedGraph, best_batch, fuse_or_reason, run_stream

Call = Callable[[], object]
STREAM = 32  # images of the wall-time table

CPU_COLUMNS = (
    "batch", "plain", "fused", "plain / fused", "difference", "page faults an image",
    "looking for new weights",
)  # fmt: skip
WALL_COLUMNS = (
    "plain, 2 intra-op", "fused, 2 intra-op", "fused, 2 workers", "plain / workers",
)  # fmt: skip


def main() -> None:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    made.add_argument("--batches", nargs="+", type=int, default=[1, 8, 32])
    made.add_argument("--rounds", type=int, default=5)
    made.add_argument("--wall", action=argparse.BooleanOptionalAction, default=True)
    arguments = made.parse_args()
    console = Console(width=120)
    console.print(machine_line())
    for name in arguments.networks:
        network = NETWORKS[name]()
        fused, summary = fuse_or_reason(network, noise_images(1))
        console.print(f"\n{name}: {summary}")
        if fused is None:
            continue
        best = best_batch(fused, noise_images(1))
        batches = sorted({*arguments.batches, best})
        rows = [cpu_row(network, fused, batch, arguments.rounds) for batch in batches]
        title = f"CPU time of one thread, ms an image; best batch {best}"
        console.print(table(title, CPU_COLUMNS, rows))
        if arguments.wall:
            title = f"Wall time of {STREAM} images on two threads, ms an image; batch {best}"
            rows = [wall_row(network, fused, best, arguments.rounds)]
            console.print(table(title, WALL_COLUMNS, rows))


def table(title: str, columns: tuple[str, ...], rows: list[list[str]]) -> Table:
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, justify="right")
    for row in rows:
        made.add_row(*row)
    return made


def cpu_row(network: nn.Module, fused: FusedGraph, batch: int, rounds: int) -> list[str]:
    torch.set_num_threads(1)
    x = noise_images(batch, seed=1)
    plain, quick = without_autograd(network, x), without_autograd(fused, x)
    before, after = plain(), quick()
    apart = (before - after).abs().max() / before.abs().max()
    seconds = interleaved({"plain": plain, "fused": quick}, rounds, time.process_time)
    faults = [page_faults(call) / batch for call in (plain, quick)]
    looking = statistics.median(timed(fused.refresh, time.process_time) for _ in range(50))
    return [
        str(batch),
        f"{seconds['plain'] / batch * 1e3:.1f}",
        f"{seconds['fused'] / batch * 1e3:.1f}",
        f"{seconds['plain'] / seconds['fused']:.2f}",
        f"{apart:.1e}",
        f"{faults[0]:.0f} -> {faults[1]:.0f}",
        f"{looking / seconds['fused']:.2%}",
    ]


def wall_row(network: nn.Module, fused: FusedGraph, batch: int, rounds: int) -> list[str]:
    torch.set_num_threads(2)
    batches = noise_images(STREAM, seed=1).split(batch)

    def one_by_one(way: Callable[[Tensor], Tensor]) -> Call:
        return lambda: [without_autograd(way, x)() for x in batches]

    calls: dict[str, Call] = {
        "plain": one_by_one(network),
        "intra": one_by_one(fused),
        "workers": lambda: list(run_stream(fused, batches, 2)),
    }
    seconds = interleaved(calls, rounds, time.perf_counter)
    shown = [f"{value / STREAM * 1e3:.1f}" for value in seconds.values()]
    return [*shown, f"{seconds['plain'] / seconds['workers']:.2f}"]


def without_autograd(way: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], Tensor]:
    def run() -> Tensor:
        with torch.inference_mode():
            return way(x)

    return run


def interleaved(
    calls: dict[str, Call], rounds: int, clock: Callable[[], float]
) -> dict[str, float]:
    """Return the median seconds of each call, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            times[name].append(timed(call, clock))
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def timed(call: Call, clock: Callable[[], float]) -> float:
    start = clock()
    call()
    return clock() - start


def page_faults(call: Call) -> int:
    start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    call()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start


if __name__ == "__main__":
    main()
