"""The one loop of perturbed forwards, shared by explainers, metrics and counterfactuals."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from typing import Any

from seewhy.network.protocol import Network, Tensor


def masked(x: Tensor, masks: Tensor, reference: Tensor | None = None) -> Tensor:
    """Put each of the masks (b, H, W) on each of the images (N, C, H, W): (b * N, C, H, W).

    A pixel stays where the mask is 1 and becomes the reference (0 without one) where it is 0.
    """
    keep = masks[:, None, None]
    made = x[None] * keep
    if reference is not None:
        made = made + reference[None] * (1 - keep)
    return made.reshape(-1, *x.shape[1:])


def evaluate(
    network: Network, batches: Iterator[tuple[Any, Tensor]]
) -> Generator[tuple[Any, Tensor], None, None]:
    """Yield each note with the probabilities (n, K) of the batch (n, C, H, W) beside it.

    Only a few batches exist at a time, however many there are. Close the generator if it may be
    left early, also by an error: the network is in evaluation mode for as long as it is open.
    """
    notes: deque[Any] = deque()

    def images() -> Iterator[Tensor]:
        for note, batch in batches:
            notes.append(note)
            yield batch

    stream = network.stream(images())
    try:
        for probabilities in stream:
            yield notes.popleft(), probabilities
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def chunk_sizes(total: int, chunk: int) -> Iterator[int]:
    """Split `total` into chunks of `chunk`, the last one smaller."""
    for start in range(0, total, chunk):
        yield min(chunk, total - start)
