"""What covers the hidden part of an image."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Ops, Tensor
from seewhy.perturb.references import (
    BLUR,
    Reference,
    blurred,
    check_reference,
    make_reference,
)

Cover: TypeAlias = float | Sequence[float] | str | npt.NDArray[Any] | Tensor
ACCEPTED = (
    "'blur', 'gaussian:<radius>', a number, one number a channel, or an image as an array or tensor"
)
_GAUSSIAN = re.compile(r"gaussian:([1-9]\d*)")


def check_cover(mask: Any, ops: Ops) -> None:
    """Raise TypeError or ValueError unless `mask` is of an accepted form."""
    if isinstance(mask, str):
        if mask != "blur" and not _GAUSSIAN.fullmatch(mask):
            raise ValueError(f"`mask` must be {ACCEPTED}, got {mask!r}")
    elif _is_image(mask, ops):
        array = ops.numpy(mask) if ops.is_tensor(mask) else mask
        if array.ndim not in (3, 4) or not np.issubdtype(array.dtype, np.number):
            raise ValueError(
                f"`mask` must be an image (C, H, W) or images (N, C, H, W) of numbers, got "
                f"{array.dtype} of shape {tuple(array.shape)}"
            )
        if not np.isfinite(array).all():
            raise ValueError("`mask` must be finite, got NaN or infinity")
    elif callable(mask):
        raise TypeError(f"`mask` must be {ACCEPTED}, got {type(mask).__name__}")
    else:
        try:
            check_reference(mask)
        except (TypeError, ValueError) as error:
            raise type(error)(f"`mask` must be {ACCEPTED}, got {mask!r:.80}") from error


def plain_cover(mask: Cover, size: tuple[int, int], ops: Ops) -> str:
    """Name what covers images of `size` = (H, W): `"gaussian:<radius>"`, numbers, or `"image"`."""
    if isinstance(mask, str):
        return f"gaussian:{blur_radius(size)}" if mask == "blur" else mask
    if _is_image(mask, ops):
        return "image"
    return ",".join(f"{value:g}" for value in np.atleast_1d(np.asarray(mask, float)))


def make_cover(mask: Cover, x: Tensor, ops: Ops) -> Tensor:
    """Return the covered images: a tensor of the shape of `x` (N, C, H, W).

    Raises
    ------
    ValueError
        If the number of channels or the shape does not fit.
    """
    if isinstance(mask, str):
        radius = plain_cover(mask, (int(x.shape[2]), int(x.shape[3])), ops).partition(":")[2]
        return blurred(x, int(radius), ops)
    if _is_image(mask, ops):
        array = ops.numpy(mask) if ops.is_tensor(mask) else np.asarray(mask)
        if array.shape not in (tuple(x.shape[1:]), (1, *x.shape[1:]), tuple(x.shape)):
            raise ValueError(
                f"`mask` must have the shape of an image, {tuple(x.shape[1:])}, got "
                f"{tuple(array.shape)}"
            )
        made = ops.tensor(array.astype(np.float32), like=x)
        return x * 0 + made
    try:
        reference: Reference = mask  # type: ignore[assignment]  # numbers, as all else is done
        return x * 0 + make_reference(reference, x, ops)
    except ValueError as error:
        raise ValueError(str(error).replace("`reference`", "`mask`")) from error


def blur_radius(size: tuple[int, int]) -> int:
    """Radius of the blur that covers images of `size` = (H, W): its standard deviation in pixels.

    The short side / 25, rounded: whole pixels are what can be stored and drawn again. At least 1.
    """
    return max(1, round(min(size) / BLUR))


def _is_image(mask: Any, ops: Ops) -> bool:
    return (isinstance(mask, np.ndarray) and mask.ndim > 1) or ops.is_tensor(mask)
