"""Samples out of the items of a user's data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.runner.annotations import Box, ids_with_pads, label_boxes, label_ids
from seewhy.runner.dataset import items
from seewhy.runner.label_masks import Mask, are_masks, label_masks

CHANNELS = (1, 3, 4)
FORMS = "[image], [image, label], [image, label, bbox or mask] or [image, label, bbox, mask]"


@dataclass(frozen=True)
class LabelledImage:
    """One sample: image (C, H, W) float32, class ids or None if unknown, boxes in pixels, masks.

    A label with a mask and no box has the box around the mask.
    """

    image: npt.NDArray[np.float32]
    labels: tuple[int, ...] | None
    boxes: tuple[Box, ...]
    item: int = 0
    """Index of the item of the data that holds it."""
    masks: tuple[Mask, ...] = ()

    def digest(self) -> str:
        """Hexadecimal digest of the image and what is known of it."""
        made = hashlib.blake2b(np.ascontiguousarray(self.image).tobytes(), digest_size=16)
        made.update(repr((self.image.shape, self.labels, self.boxes)).encode())
        for label, pixels in self.masks:
            made.update(str(label).encode() + np.packbits(pixels).tobytes())
        return made.hexdigest()


def read_samples(dataset: Any, num_labels: int) -> Iterator[LabelledImage]:
    """Yield all samples: an item holds one as (C, H, W), N as (N, C, H, W).

    Raises
    ------
    TypeError, ValueError
        If an item is not of the accepted form; the message says which item. All samples before
        it have been yielded.
    """
    for index, item in enumerate(items(dataset)):
        yield from unpack(item, index, num_labels)


def unpack(item: Any, index: int, num_labels: int) -> Iterator[LabelledImage]:
    """Yield the samples of one item; errors as in `read_samples`."""
    where = f"item {index} of `data`"
    given = list(item) if isinstance(item, (tuple, list)) else [item]
    if not 1 <= len(given) <= 4:
        raise ValueError(f"{where} must have the columns {FORMS}, got {len(given)}")
    columns = _batched([_to_numpy(column, where) for column in given], where)
    for i in range(len(columns[0])):
        place = where if len(columns[0]) == 1 else f"sample {i} of {where}"
        yield _sample([column[i] for column in columns], num_labels, index, place)


def _to_numpy(column: Any, where: str) -> npt.NDArray[Any]:
    if hasattr(column, "asnumpy"):
        return np.asarray(column.asnumpy())
    if hasattr(column, "detach"):
        column = column.detach().cpu()
        # NumPy has no bfloat16.
        column = column.float() if column.is_floating_point() else column
    try:
        made = np.asarray(column)
    except ValueError as error:
        raise ValueError(
            f"{where} must hold arrays or tensors, got a {type(column).__name__} of uneven parts"
        ) from error
    if made.dtype == object or not (
        np.issubdtype(made.dtype, np.number) or np.issubdtype(made.dtype, np.bool_)
    ):
        raise TypeError(f"{where} must hold arrays or tensors, got {type(column).__name__}")
    return made


def _batched(columns: list[npt.NDArray[Any]], where: str) -> list[npt.NDArray[Any]]:
    """Columns with a first axis of samples."""
    images = columns[0]
    if images.ndim not in (3, 4):
        raise ValueError(f"images must be CHW or NCHW, got shape {images.shape} in {where}")
    if images.ndim == 3:
        columns = [column[None] for column in columns]
    elif len(images) == 1:
        columns = [column if column.ndim else column[None] for column in columns]
    _check_image_shape(columns[0].shape, where)
    names = ("labels", "boxes or masks" if len(columns) == 3 else "boxes", "masks")
    for name, column in zip(names, columns[1:], strict=False):
        if column.shape[:1] != columns[0].shape[:1]:
            raise ValueError(
                f"{name} must hold one row for each of the {len(columns[0])} images, "
                f"got shape {column.shape} in {where}"
            )
    if len(columns) > 1 and sum(size > 1 for size in columns[1].shape[1:]) > 1:
        raise ValueError(f"labels must have at most two axes, got {columns[1].shape} in {where}")
    return columns


def _check_image_shape(shape: tuple[int, ...], where: str) -> None:
    if shape[1] not in CHANNELS:
        hint = "; these look like HWC, transpose them" if shape[3] in CHANNELS else ""
        raise ValueError(
            f"images must have 1, 3 or 4 channels, got {shape[1:]} (C, H, W) in {where}{hint}"
        )
    if 0 in shape[2:]:
        raise ValueError(f"images must hold at least one pixel, got {shape[1:]} in {where}")


def _sample(
    columns: list[npt.NDArray[Any]], num_labels: int, index: int, where: str
) -> LabelledImage:
    if np.iscomplexobj(columns[0]):
        raise TypeError(f"images must be real numbers, got {columns[0].dtype} in {where}")
    image = np.ascontiguousarray(columns[0], dtype=np.float32)
    if not np.isfinite(image).all():
        raise ValueError(f"images must be finite, got NaN or infinity in {where}")
    if len(columns) == 1:
        return LabelledImage(image, None, (), index)
    ids = label_ids(columns[1], num_labels, where)
    boxes, masks = _places(columns, ids, where)
    return LabelledImage(image, tuple(dict.fromkeys(ids)), boxes, index, masks)


def _places(
    columns: list[npt.NDArray[Any]], ids: tuple[int, ...], where: str
) -> tuple[tuple[Box, ...], tuple[Mask, ...]]:
    """Boxes and masks of a sample, from its columns after the labels."""
    given, size = columns[2:], columns[0].shape[1:]
    boxes: tuple[Box, ...] = ()
    masks: tuple[Mask, ...] = ()
    if len(given) == 2 or (given and are_masks(given[0].shape, size)):
        masks = label_masks(given.pop(), ids_with_pads(columns[1], ids), size, where)
    if given:
        boxes = label_boxes(given[0], columns[1], ids, where)
    height, width = size
    boxed = {
        box.label
        for box in boxes
        if -box.w < box.x < width and -box.h < box.y < height  # else none of it is to be seen
    }
    return (*boxes, *(mask.box() for mask in masks if mask.label not in boxed)), masks
