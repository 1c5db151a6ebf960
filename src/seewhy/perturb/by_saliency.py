"""Hiding or showing pixels in the order of a saliency map."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor


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


def replaced(
    x: Tensor,
    reference: Tensor,
    ranked: Tensor,
    samples: npt.NDArray[np.int64],
    bands: npt.NDArray[np.int64],
    ops: Ops,
) -> Tensor:
    """Images (n, C, H, W) in which pixels of a band of ranks are replaced.

    The i-th is made of sample k = `samples[i]` of `x` (N, C, H, W): its pixels with
    low <= rank < high become those of `reference`, where (low, high) = `bands[i]`.

    Parameters
    ----------
    reference
        Broadcasts to the shape of `x`.
    ranked
        Floating tensor (N, 1, H, W) of ranks; see `ranks`.
    """
    index = ops.tensor(samples)
    limits = bands.reshape(-1, 2, 1, 1, 1).astype(np.float32)
    low, high = ops.tensor(limits[:, 0], like=ranked), ops.tensor(limits[:, 1], like=ranked)
    rank = ranked[index]
    each = reference.ndim == 4 and reference.shape[0] > 1
    return ops.where(
        (rank >= low) & (rank < high), reference[index] if each else reference, x[index]
    )
