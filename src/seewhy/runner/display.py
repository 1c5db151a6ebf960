"""The picture of a sample that people see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

CHANNELS = (1, 3, 4)

Display: TypeAlias = Callable[[npt.NDArray[np.float32]], Any]
"""Turns an input (C, H, W) back into a picture: see `to_picture`."""


def to_picture(image: npt.NDArray[np.float32], display: Display | None = None) -> Image.Image:
    """RGB picture of an input (C, H, W), C in {1, 3, 4}.

    `display` undoes what was done to the photograph: it takes the array and returns a PIL image
    or an array, (H, W), (H, W, C) or (C, H, W), of uint8 in 0..255 or of floats in 0..1. Without
    it, floats in 0..1 and in 0..255 are taken as they are and anything else is stretched to its
    own range.

    Raises
    ------
    TypeError, ValueError
        If `display` returns anything else.
    """
    if display is None:
        return Image.fromarray(_stretched(image.transpose(1, 2, 0)))
    made = display(image.copy())
    if isinstance(made, Image.Image):
        return made.convert("RGB")
    return Image.fromarray(_rgb(_as_bytes(_channels_last(np.asarray(made), image.shape))))


def _channels_last(array: npt.NDArray[Any], input_shape: tuple[int, ...]) -> npt.NDArray[Any]:
    if array.ndim not in (2, 3) or not np.issubdtype(array.dtype, np.number):
        raise TypeError(
            "`display` must return a PIL image or a numeric array (H, W), (H, W, C) or (C, H, W), "
            f"got {array.dtype} of shape {array.shape}"
        )
    if array.ndim == 2:
        array = array[..., None]
    elif array.shape == input_shape or array.shape[-1] not in CHANNELS:
        array = array.transpose(1, 2, 0)
    if array.shape[-1] not in CHANNELS:
        raise ValueError(f"`display` must return 1, 3 or 4 channels, got shape {array.shape}")
    return array


def _as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    low, high = array.min(), array.max()
    # Undoing a normalisation overshoots a little; more than that is another scale.
    if not (-1 <= low and high <= 2):
        raise ValueError(
            "`display` must return uint8 in 0..255 or floats in 0..1, got "
            f"{array.dtype} in {low:.4g}..{high:.4g}"
        )
    return _bytes(array, 0.0, 1.0)


def _stretched(array: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    low, high = float(array.min()), float(array.max())
    if low >= 0 and high <= 255:
        low, high = 0.0, 1.0 if high <= 1 else 255.0
    return _rgb(_bytes(array, low, high))


def _bytes(array: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    unit = (array.astype(np.float64) - low) / max(high - low, 1e-10)
    made: npt.NDArray[np.uint8] = np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)
    return made


def _rgb(array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    rgb = np.repeat(array, 3, axis=-1) if array.shape[-1] == 1 else array[..., :3]
    return np.ascontiguousarray(rgb)
