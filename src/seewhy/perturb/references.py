"""What stands in for a hidden pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from scipy.ndimage import gaussian_filter

from seewhy.network.protocol import Ops, Tensor

Reference: TypeAlias = float | Sequence[float] | str | Callable[[Tensor], Tensor]
ACCEPTED = "a number, one number a channel, 'blur', 'mean', or a callable"

BLUR = 25
"""The blur's radius is the short side of the image divided by this."""


def check_reference(reference: Any) -> None:
    """Raise TypeError or ValueError unless `reference` is of an accepted form."""
    if isinstance(reference, str):
        if reference not in ("blur", "mean"):
            raise ValueError(f"`reference` must be {ACCEPTED}, got {reference!r}")
    elif not callable(reference):
        several = isinstance(reference, (list, tuple)) or np.ndim(reference) == 1
        values = reference if several else [reference]
        for value in values:
            if isinstance(value, bool) or not isinstance(value, Real):
                raise TypeError(f"`reference` must be {ACCEPTED}, got {reference!r}")
        if not len(values) or not np.isfinite(values).all():
            raise ValueError(f"`reference` must be {ACCEPTED}, all finite, got {reference!r}")


def plain_reference(reference: Reference) -> str | float | list[float]:
    """Return the reference as a JSON value; of a callable only that it is one."""
    if callable(reference):
        return "callable"
    if isinstance(reference, str):
        return reference
    values = [float(value) for value in np.atleast_1d(np.asarray(reference))]
    return values[0] if np.ndim(reference) == 0 else values


def make_reference(reference: Reference, x: Tensor, ops: Ops) -> Tensor:
    """Return what stands in for the pixels of `x` (N, C, H, W); it broadcasts to that shape.

    A number is in the units of the network's input. `"blur"` is the image under a Gaussian blur
    with a standard deviation of the short side / 25 pixels, `"mean"` the mean of each channel of
    each image. A callable takes `x` and returns a tensor that broadcasts to its shape.

    Raises
    ------
    ValueError
        If the number of channels or the shape does not fit.
    """
    if callable(reference):
        # A copy, as the callable may work in place.
        made = reference(ops.concat([x]))
        if not ops.is_tensor(made) or not _broadcasts(tuple(made.shape), tuple(x.shape)):
            got = tuple(made.shape) if ops.is_tensor(made) else type(made).__name__
            raise ValueError(
                f"`reference` must return a {ops.tensor_type} that broadcasts to "
                f"{tuple(x.shape)}, got {got}"
            )
        if not ops.all_finite(made):
            raise ValueError("`reference` must return finite numbers, got NaN or infinity")
        return ops.cast(made, like=x)
    if isinstance(reference, str) and reference == "mean":
        return ops.mean(x, (2, 3))
    if isinstance(reference, str):
        return blurred(x, min(x.shape[2:]) / BLUR, ops)
    values = np.atleast_1d(np.asarray(reference, np.float32))
    if values.ndim != 1 or len(values) not in (1, x.shape[1]):
        raise ValueError(
            f"`reference` must be one number or one for each of the {x.shape[1]} channels, "
            f"got shape {values.shape}"
        )
    return ops.tensor(values.reshape(1, -1, 1, 1), like=x)


def blurred(x: Tensor, sigma: float, ops: Ops) -> Tensor:
    """Return `x` (N, C, H, W) under a Gaussian blur with this standard deviation in pixels."""
    array = ops.numpy(x).astype(np.float64)
    return ops.tensor(gaussian_filter(array, (0, 0, sigma, sigma), mode="nearest"), like=x)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, to) == to
    except ValueError:
        return False
