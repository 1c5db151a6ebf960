"""Streams of replaced boxes: images and batches of boxes, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

import torch
from torch import Tensor

from seewhy.network.protocol import Ops
from seewhy.network.torch.fused_stream import stream_logits
from seewhy.network.torch.incremental_batches import Batch, batches
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.incremental_run import Kept, run
from seewhy.network.torch.incremental_sliding import Positions


def stream_boxes(
    plan: Plan,
    x: Tensor,
    other: Tensor,
    corners: Positions,
    limit: int | None,
    checked: Callable[[Tensor, int], Tensor],
    ops: Ops,
) -> Generator[tuple[int, Positions, Tensor], None, None]:
    """Yield sample, indices of boxes and their logits (b, K), by worker threads.

    Parameters
    ----------
    plan
        For the size of the images and of the boxes.
    x, other
        Images and what the boxes show, (N, C, H, W).
    corners
        (B, 2): first row and column of each box.
    limit
        Boxes that are computed together, at the most.
    checked
        Checks the logits of so many boxes and returns them.
    ops
        The framework's operations.
    """
    split = batches(plan, corners, plan.most_at_once(limit))

    def jobs() -> Iterator[tuple[Kept, Batch]]:
        for n in range(len(x)):
            kept = Kept(plan, x[n : n + 1], other[n : n + 1])
            for batch in split:
                yield kept, batch

    def logits_of(job: tuple[Kept, Batch]) -> Tensor:
        kept, batch = job
        made: Tensor = plan.memory.run(
            lambda part: checked(run(plan, kept, part), len(part)), batch, ops
        )
        return made

    notes = ((n, batch.indices) for n in range(len(x)) for batch in split)
    with closing(stream_logits(logits_of, jobs(), torch.get_num_threads())) as stream:
        for (n, indices), logits in zip(notes, stream, strict=True):
            yield n, indices, logits
