"""Hiding or showing pixels in the order of a saliency map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Network, Ops, Tensor
from seewhy.perturb.evaluate import chunk_sizes, evaluate


def ranks(saliency: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Rank of each pixel of the maps (N, H, W): 0 is the largest value; ties in row order."""
    flat = -saliency.reshape(len(saliency), -1)
    order = np.argsort(flat, axis=1, kind="stable")
    ranked = np.empty_like(order)
    np.put_along_axis(ranked, order, np.arange(flat.shape[1])[None], axis=1)
    return ranked.reshape(saliency.shape)


def default_steps(pixels: int) -> int:
    """Steps of a curve over an image of so many pixels: the whole part of the square root."""
    return int(np.sqrt(pixels))


def replaced_bands(
    network: Network,
    x: Tensor,
    reference: Tensor,
    ranked: npt.NDArray[np.int64],
    bands: Sequence[tuple[int, int]],
    at_once: int,
) -> Tensor:
    """Probabilities (N, bands, K) where the pixels of each band of ranks are replaced.

    In band (low, high) the pixels of `x` (N, C, H, W) with low <= rank < high become those of
    `reference`, which broadcasts to the shape of `x`. An empty band leaves `x` as it is.
    """
    rank = network.ops.tensor(ranked[:, None].astype(np.float32), like=x)
    answers = evaluate(network, _batches(network.ops, x, reference, rank, bands, at_once))
    rows = [answer.reshape(note, x.shape[0], -1) for note, answer in answers]
    return network.ops.concat(rows).swapaxes(0, 1)


def _batches(
    ops: Ops,
    x: Tensor,
    reference: Tensor,
    rank: Tensor,
    bands: Sequence[tuple[int, int]],
    at_once: int,
) -> Iterator[tuple[int, Tensor]]:
    limits = np.array(bands, np.float32).reshape(-1, 2, 1, 1, 1, 1)
    start = 0
    for number in chunk_sizes(len(bands), at_once):
        part = limits[start : start + number]
        low, high = ops.tensor(part[:, 0], like=x), ops.tensor(part[:, 1], like=x)
        replaced = ops.cast((rank[None] >= low) & (rank[None] < high), like=x)
        made = x[None] * (1 - replaced) + reference[None] * replaced
        yield number, made.reshape(-1, *x.shape[1:])
        start += number
