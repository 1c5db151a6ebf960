"""Boxes around objects, as the masks that localisation metrics need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def boxes_to_mask(boxes: Sequence[Any], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return masks of the pixels inside boxes.

    A pixel is inside if its centre is: pixel (row r, column c) belongs to the box x, y, w, h if
    x <= c + 0.5 < x + w and y <= r + 0.5 < y + h. So a box of whole numbers is columns x to
    x + w - 1 and rows y to y + h - 1. What lies outside the image is clipped.

    Parameters
    ----------
    boxes
        One entry for each of N samples: a box x, y, w, h in pixels, or several of them (B, 4),
        whose union is meant; B may differ. A box without an area is padding.
    size
        Height and width of the images.

    Returns
    -------
    Boolean array (N, 1, H, W). A sample without a pixel in a box has an empty mask.

    Raises
    ------
    TypeError
        If `boxes` is no sequence or holds anything but numbers.
    ValueError
        If an entry is not of 4 columns, a value is not finite, or `size` is not two positive ints.
    """
    height, width = _check_size(size)
    if not isinstance(boxes, (Sequence, np.ndarray)) or isinstance(boxes, str):
        raise TypeError(f"`boxes` must hold one entry for each sample, got {type(boxes).__name__}")
    mask = np.zeros((len(boxes), 1, height, width), bool)
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    for sample, entry in enumerate(boxes):
        for x, y, w, h in _rows(entry, sample):
            inside = (columns >= x) & (columns < x + w)
            mask[sample, 0] |= ((rows >= y) & (rows < y + h))[:, None] & inside
    return mask


def _rows(entry: Any, sample: int) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(entry, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`boxes` must hold numbers, got {entry!r:.80}") from error
    if array.size == 0:
        return np.empty((0, 4))
    if array.ndim not in (1, 2) or array.shape[-1] != 4:
        raise ValueError(
            f"`boxes` must hold (4,) or (B, 4) for each sample, got {array.shape} for sample "
            f"{sample}"
        )
    if not np.isfinite(array).all():
        raise ValueError(f"`boxes` must be finite, got NaN or infinity for sample {sample}")
    return array.reshape(-1, 4)


def _check_size(size: Any) -> tuple[int, int]:
    pair = tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(pair) != 2 or any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in pair):
        raise ValueError(f"`size` must be a pair of positive ints, got {size!r}")
    return pair
