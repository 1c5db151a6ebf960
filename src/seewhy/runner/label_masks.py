"""Masks of a data item: the pixels of the object of each label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.runner.annotations import Box


class Mask(NamedTuple):
    """The pixels (H, W) of the object of a label."""

    label: int
    pixels: npt.NDArray[np.bool_]

    def box(self) -> Box:
        """Return the box around it."""
        rows, columns = (np.flatnonzero(self.pixels.any(axis)) for axis in (1, 0))
        x, y = float(columns[0]), float(rows[0])
        return Box(self.label, x, y, float(columns[-1]) + 1 - x, float(rows[-1]) + 1 - y)


def are_masks(shape: tuple[int, ...], size: tuple[int, ...]) -> bool:
    """Whether a column of this shape for one sample holds masks of (H, W), and not boxes.

    Two axes that end with 4 are boxes (n, 4), also beside an image of width 4.
    """
    return shape[-2:] == size and (len(shape) == 3 or (len(shape) == 2 and shape[-1] != 4))


def label_masks(
    masks: npt.NDArray[Any], beside: Sequence[int], size: tuple[int, ...], where: str
) -> tuple[Mask, ...]:
    """Masks (L, H, W) or (H, W) of one sample, one for each label that has one.

    Mask i belongs to label i of `beside`, in which -1 pads; where there is one label only, all are
    its. Masks of one label are united. A mask of nothing but -1 says that there is none.

    Raises
    ------
    ValueError
        If the masks are of another size or number, hold anything but 0 and 1, are empty, or mark
        pixels beside no label.
    """
    if masks.shape[-2:] != size or masks.ndim not in (2, 3):
        raise ValueError(
            f"masks must be as large as the image, {size} or (labels, {size[0]}, {size[1]}), "
            f"got shape {masks.shape} in {where}"
        )
    masks = masks.reshape(-1, *size)
    labels = sorted({label for label in beside if label >= 0})
    if len(labels) == 1:
        beside = labels * len(masks)
    if len(masks) < len(beside):
        raise ValueError(
            f"masks must be one for each of the {len(beside)} labels, got {len(masks)} in {where}"
        )
    beside = [*beside, *[-1] * (len(masks) - len(beside))]
    found: dict[int, npt.NDArray[np.bool_]] = {}
    for label, mask in zip(beside, masks, strict=True):
        if masks.dtype != bool and (mask == -1).all():
            continue
        _check_values(mask, where)
        if label >= 0:
            found[label] = mask.astype(bool) | found.get(label, False)
        elif mask.any():
            raise ValueError(f"masks must stand beside a label, one has none in {where}")
    for label, mask in found.items():
        if not mask.any():
            raise ValueError(
                f"masks must mark at least one pixel (all -1 says that there is none), "
                f"got an empty one of label {label} in {where}"
            )
    return tuple(Mask(label, mask) for label, mask in found.items())


def _check_values(mask: npt.NDArray[Any], where: str) -> None:
    other = mask[~np.isin(mask, (0, 1))]
    if other.size:
        raise ValueError(
            f"masks must hold nothing but 0 and 1, or booleans, got {other[0]} in {where}"
        )
