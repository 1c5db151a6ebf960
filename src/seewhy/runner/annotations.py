"""Labels and boxes of a data item, in every accepted form."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Box(NamedTuple):
    """A box in input pixels; `label` is None where no label stands beside it."""

    label: int | None
    x: float
    y: float
    w: float
    h: float


def label_ids(labels: npt.NDArray[Any], num_labels: int, where: str) -> tuple[int, ...]:
    """Class ids of one sample, in the order given; -1 pads are left out.

    Accepts one id, ids (with -1 as padding), or a multi-hot vector: as wide as there are labels,
    and boolean, floating, or integer with nothing but 0 and 1. Integers 0 and 1 that could be
    either are taken for a multi-hot vector; with one label only, for an id.

    Raises
    ------
    TypeError
        If the labels are not numbers.
    ValueError
        If an id is out of range or a multi-hot vector holds anything but 0 and 1.
    """
    row = labels.reshape(-1)
    if row.size == 0:
        return ()
    if not (np.issubdtype(row.dtype, np.number) or row.dtype == bool):
        raise TypeError(f"labels must be integers, got {row.dtype} in {where}")
    if _is_multi_hot(row, num_labels):
        return tuple(int(k) for k in np.flatnonzero(row))
    if not np.issubdtype(row.dtype, np.integer):
        raise ValueError(
            f"labels must be integer ids or a multi-hot vector of 0 and 1 for the {num_labels} "
            f"labels, got {row.dtype} of width {len(row)} in {where}"
        )
    bad = row[(row < -1) | (row >= num_labels)]
    if bad.size:
        raise ValueError(
            f"labels must be in 0..{num_labels - 1} (-1 pads), got {bad[0]} in {where}"
        )
    return tuple(int(k) for k in row if k >= 0)


def _is_multi_hot(row: npt.NDArray[Any], num_labels: int) -> bool:
    if len(row) != num_labels or (num_labels == 1 and np.issubdtype(row.dtype, np.integer)):
        return False
    return bool(np.isin(row, (0, 1)).all())


def label_boxes(
    boxes: npt.NDArray[Any], labels: npt.NDArray[Any], ids: tuple[int, ...], where: str
) -> tuple[Box, ...]:
    """Boxes (n, 4) as x, y, w, h of one sample, each with the label that stands beside it.

    Boxes without an area are padding. With ids, box i belongs to id i; with a multi-hot vector,
    to its i-th label; where there is one label only, all boxes are its.

    Raises
    ------
    ValueError
        If the last axis is not 4, or a value is not finite.
    """
    if boxes.size == 0:
        return ()
    if (
        boxes.shape[-1:] != (4,)
        or np.iscomplexobj(boxes)
        or not np.issubdtype(boxes.dtype, np.number)
    ):
        raise ValueError(
            "boxes must be numbers x, y, w, h on the last axis (and masks as large as the image), "
            f"got {boxes.dtype} of shape {boxes.shape} in {where}"
        )
    rows = boxes.reshape(-1, 4).astype(float)
    if not np.isfinite(rows).all():
        raise ValueError(f"boxes must be finite, got NaN or infinity in {where}")
    beside = ids_with_pads(labels, ids)
    made = []
    for i, (x, y, w, h) in enumerate(rows.tolist()):
        if w > 0 and h > 0:
            label = ids[0] if len(set(ids)) == 1 else beside[i] if i < len(beside) else -1
            made.append(Box(label if label >= 0 else None, x, y, w, h))
    return tuple(made)


def ids_with_pads(labels: npt.NDArray[Any], ids: tuple[int, ...]) -> list[int]:
    """Ids as they stand in the column, -1 included, so that boxes and masks can stand beside."""
    if np.issubdtype(labels.dtype, np.integer):
        given: list[int] = labels.reshape(-1).tolist()
        if tuple(k for k in given if k >= 0) == ids:
            return given
    return list(ids)
