"""Hierarchical occlusion, its forwards, and a plain search: `python -m benchmarks.counterfactual`.

CPU time of one thread; the regions that keep half the probability of the two likeliest classes of
photographs. The limit is a forward for each distinct edited image at the best time known for one
(an eighth of the fastest forward of 8). The plain search is the same algorithm as one would write
it down: a label of a sample after the other, all windows of a step as one batch of the plain
network. It is timed on the first label of some samples only; its time for the rest is counted by
the images. Batches of 8 would be quicker for it: the last line. One to two minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from benchmarks import memory
from benchmarks.forward import interleaved, without_autograd
from benchmarks.machine import machine_line
from seewhy.counterfactual import Counterfactual, HierarchicalOcclusion
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import photographs
from seewhy.demo.torch import activation_fn, network
from seewhy.network import adapt
from seewhy.network.protocol import Activation
from seewhy.network.torch.fused import fuse_or_reason
from seewhy.perturb.references import blurred

FASTER = 3.0
SHARE = 0.5
WINDOWS, STRIDES = (112, 56, 28), (22, 11, 5)
Box = tuple[int, int, int]


def main() -> int:
    made = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    made.add_argument("--samples", type=int, default=8)
    made.add_argument(
        "--plain", type=int, default=1, help="samples that the plain search is run on"
    )
    arguments = made.parse_args()
    torch.set_num_threads(1)
    console = Console(width=120)
    console.print(machine_line())
    net, softmax = network(), activation_fn()
    chosen = [from_display(photo.image) for photo in photographs()[: arguments.samples]]
    x = torch.from_numpy(np.stack(chosen))
    with torch.inference_mode():
        labels = net(x).topk(2).indices.tolist()
    growth = None
    if memory.available():
        growth = memory.peak_growth(lambda: search(net, softmax, x[:2], labels[:2]))
    counting = Counting()
    start = time.process_time()
    found = search(net, counting, x, labels)
    ours = time.process_time() - start
    plain_forward, best = forwards(net, x)
    limit = best * counting.images
    alone = sum(one.images for row in found for one in row)
    plain, apart = plain_time(net, softmax, x, labels, found, arguments.plain)
    table = Table(
        title=f"{len(x)} photographs, 2 labels each, EfficientNet-Lite0", title_justify="left"
    )
    for column in ("contender", "images", "CPU s", "x limit", "x seewhy"):
        table.add_column(column, justify="left" if column == "contender" else "right")
    table.add_row("limit", str(counting.images), f"{limit:.1f}", "1.00", f"{limit / ours:.2f}")
    table.add_row("seewhy", str(counting.images), f"{ours:.1f}", f"{ours / limit:.2f}", "1.00")
    eights = plain_forward * alone
    for name, seconds in (("plain search", plain), ("its images, plain, in eights", eights)):
        row = (f"{seconds:.1f}", f"{seconds / limit:.2f}", f"{seconds / ours:.2f}")
        table.add_row(name, f"{alone} or more", *row)
    console.print(table)
    console.print(
        f"the plain search finds {'the same regions' if not apart else f'others: {apart}'}"
    )
    if growth is not None:
        console.print(f"peak memory of 2 samples with 2 labels: {growth / 2**20:.0f} MB")
    if plain < FASTER * ours:
        console.print(f"missed: {FASTER} x faster than a plain search")
    return 0


class Counting:
    """A softmax that counts the images it is shown: each forward that a search makes."""

    def __init__(self) -> None:
        self.softmax, self.images = activation_fn(), 0

    def __call__(self, logits: Tensor) -> Tensor:
        self.images += len(logits)
        return self.softmax(logits)


def search(
    net: nn.Module, activation: Activation, x: Tensor, labels: list[list[int]]
) -> list[list[Counterfactual]]:
    hoc = HierarchicalOcclusion(net, activation, threshold=SHARE, relative=True, prune=False)
    return hoc(x, labels)


def forwards(net: nn.Module, x: Tensor) -> tuple[float, float]:
    """Return the CPU seconds of an image in a forward of 8: of the plain network, and the least."""
    eight = x[:1].repeat(8, 1, 1, 1)
    fused, _ = fuse_or_reason(net, eight[:1])
    calls = {"plain": without_autograd(net, eight)}
    if fused is not None:
        calls["fused"] = without_autograd(fused, eight)
    seconds = interleaved(calls, 5, time.process_time)
    return seconds["plain"] / 8, min(seconds.values()) / 8


def plain_time(
    net: nn.Module,
    softmax: nn.Module,
    x: Tensor,
    labels: list[list[int]],
    found: list[list[Counterfactual]],
    samples: int,
) -> tuple[float, list[int]]:
    """Return the seconds of a plain search for all labels, and the samples with other regions."""
    ops = adapt(net).ops
    seconds, images, apart = 0.0, 0, []
    for sample in range(min(samples, len(x))):
        one, label = x[sample : sample + 1], labels[sample][0]

        def answer(batch: Tensor, label: int = label) -> list[float]:
            with torch.inference_mode():
                return softmax(net(batch))[:, label].tolist()

        start = time.process_time()
        boxes = plain_search(answer, one, blurred(one, 9, ops), SHARE * answer(one)[0])
        seconds += time.process_time() - start
        images += found[sample][0].images
        deepest = found[sample][0].layers[-1] if found[sample][0].layers else None
        if deepest is not None and {box[:3] for box in deepest.boxes} not in boxes:
            apart.append(sample)
    every = sum(one.images for row in found for one in row)
    return seconds * every / images, apart


class Node:
    def __init__(self, layer: int, box: Box, change: float) -> None:
        self.layer, self.box, self.change = layer, box, change
        self.children: list[Node] = []

    def leaves(self) -> list[Node]:
        below = [leaf for child in self.children for leaf in child.leaves()]
        return below or [self]


def plain_search(
    answer: Callable[[Tensor], list[float]], x: Tensor, cover: Tensor, target: float
) -> list[set[Box]]:
    """Return the boxes of each layer, found one step after the other."""
    root = Node(-1, (0, 0, x.shape[3]), 0.0)
    queue: list[tuple[Node, list[Node]]] = [(root, [])]
    while queue:
        parent, before = queue.pop(0)
        layer, (left, top, side) = parent.layer + 1, parent.box
        window, stride = WINDOWS[layer], STRIDES[layer]
        places = [*range(0, side - window, stride), side - window]
        free = [(left + a, top + b, window) for a in places for b in places]
        work = cover.clone()
        for node in before:
            for leaf in node.leaves():
                reveal(work, x, leaf.box)
        first = last = answer(work)[0]
        chosen: list[Node] = []
        further = []
        while last < target and free:
            batch = work.repeat(len(free), 1, 1, 1)
            for image, box in zip(batch, free, strict=True):
                reveal(image[None], x, box)
            outputs = answer(batch)
            best = max(range(len(free)), key=outputs.__getitem__)
            node = Node(layer, free.pop(best), outputs[best] - last)
            if layer + 1 < len(WINDOWS) and node.change > 0:
                further.append((node, [*before, *chosen]))
            chosen.append(node)
            reveal(work, x, node.box)
            last = outputs[best]
            if layer > 0 and last - first >= parent.change:
                break
        else:
            if last < target:
                continue
        parent.children = chosen
        queue += further
    return [layer_boxes(root, layer) for layer in range(len(WINDOWS))]


def layer_boxes(node: Node, layer: int) -> set[Box]:
    if node.layer == layer or (node.layer >= 0 and not node.children):
        return {node.box}
    return {box for child in node.children for box in layer_boxes(child, layer)}


def reveal(image: Tensor, x: Tensor, box: Box) -> None:
    left, top, side = box
    image[..., top : top + side, left : left + side] = x[..., top : top + side, left : left + side]


if __name__ == "__main__":
    raise SystemExit(main())
