"""50 passes with dropout beside one forward: `python -m benchmarks.uncertainty`.

EfficientNet-Lite0, whose only dropout is before its last layer. CPU time of one thread in one
process, all contenders in turn. The peer is what people write: the dropout layers in training mode
and a loop of forwards. Under a minute.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

# Read by oneDNN's first convolution; only MindSpore is better off with it.
os.environ.pop("ONEDNN_MAX_CPU_ISA", None)

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks.machine import machine_line
from seewhy import EpistemicUncertainty, adapt
from seewhy.demo.torch import network as efficientnet
from seewhy.network.torch.fused import fuse

PASSES = 50
MOST = 1.15
"""Of the time of one forward."""
LABEL = 281


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--rounds", type=int, default=15, help="the loop of the peer takes a fifth")
    rounds = made.parse_args().rounds
    torch.set_num_threads(1)
    console = Console(width=120)
    console.print(machine_line())
    network, softmax = efficientnet(), nn.Softmax(dim=-1)
    missed = []
    for number in (1, 8):
        x = torch.randn(number, 3, 224, 224, generator=torch.Generator().manual_seed(0))
        seconds = interleaved(contenders(network, softmax, x), rounds if number == 1 else 4)
        console.print(table(number, seconds))
        if number == 1:
            passes = peer(network, softmax, x, max(1, rounds // 5))
            ours = seconds["seewhy"]
            console.print(
                f"loop of {PASSES}: {passes * 1e3:.0f} ms, {passes / ours:.0f} x seewhy\n"
            )
        for name in ("forward, PyTorch", "forward, seewhy"):
            ratio = seconds["seewhy"] / seconds[name]
            if ratio > MOST:
                missed.append(f"{number} at once: at most {MOST} of {name}, got {ratio:.2f}")
    for line in missed:
        console.print(f"missed: {line}")
    return 0


def contenders(
    network: nn.Module, softmax: nn.Module, x: Tensor
) -> dict[str, Callable[[], object]]:
    graph = fuse(network, x)
    if graph is None:
        raise RuntimeError("the network could not be fused")
    uncertainty = EpistemicUncertainty(network, softmax, PASSES)
    adapted = adapt(network, softmax)

    def forward() -> Tensor:
        with torch.inference_mode():
            made: Tensor = softmax(network(x))
            return made

    return {
        "forward, PyTorch": forward,
        "forward, seewhy": lambda: next(iter(adapted.stream([x]))),
        "forward, fused graph alone": lambda: graph(x),
        "seewhy": lambda: uncertainty(x, LABEL),
    }


def peer(network: nn.Module, softmax: nn.Module, x: Tensor, rounds: int) -> float:
    """Return the median CPU seconds of the loop."""
    dropouts = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    times = []
    try:
        for module in dropouts:
            module.train()
        for _ in range(rounds):
            start = time.process_time()
            with torch.inference_mode():
                torch.stack([softmax(network(x)) for _ in range(PASSES)]).std(0)
            times.append(time.process_time() - start)
    finally:
        for module in dropouts:
            module.eval()
    return statistics.median(times)


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median CPU seconds of each call, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            start = time.process_time()
            call()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def table(number: int, seconds: dict[str, float]) -> Table:
    made = Table(title=f"{number} at once, {PASSES} passes", title_justify="left")
    for column in ("what", "ms", "seewhy over it"):
        made.add_column(column, justify="left" if column == "what" else "right")
    for name, value in seconds.items():
        made.add_row(name, f"{value * 1e3:.1f}", f"{seconds['seewhy'] / value:.2f}")
    return made


if __name__ == "__main__":
    raise SystemExit(main())
