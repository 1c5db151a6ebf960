"""The photographs as the columns that the runner takes: image, label, bounding boxes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.demo.photographs import Photograph


class Columns(NamedTuple):
    """Photographs as arrays: images (N, 3, 224, 224), labels (N, L), boxes (N, L, 4)."""

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int32]
    boxes: npt.NDArray[np.float32]


def columns(photographs: Sequence[Photograph]) -> Columns:
    """Stack photographs, their labels and their boxes.

    Every box stands beside its label, so a label is repeated for each of its boxes. Rows are
    padded to the longest: labels with -1, boxes with zeros.

    Parameters
    ----------
    photographs : sequence of Photograph
        At least one.

    Returns
    -------
    Columns
        images float32 in -1..1, labels int32, boxes float32 (x, y, width, height in pixels).
    """
    longest = max(1, *(len(photograph.boxes) for photograph in photographs))
    labels = np.full((len(photographs), longest), -1, dtype=np.int32)
    boxes = np.zeros((len(photographs), longest, 4), dtype=np.float32)
    for row, photograph in enumerate(photographs):
        if photograph.label is not None:
            labels[row, : max(1, len(photograph.boxes))] = photograph.label
        boxes[row, : len(photograph.boxes)] = photograph.boxes
    images = np.stack([from_display(photograph.image) for photograph in photographs])
    return Columns(images, labels, boxes)


def from_display(image: Image.Image) -> npt.NDArray[np.float32]:
    """Turn a picture into the network's input.

    Parameters
    ----------
    image : PIL.Image.Image
        Any mode; read as RGB.

    Returns
    -------
    ndarray
        float32 (3, H, W) in -1..1, which is how EfficientNet-Lite was trained.
    """
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32).transpose(2, 0, 1)
    return np.ascontiguousarray(pixels / np.float32(127.5) - np.float32(1))


def to_display(array: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Turn a network's input back into a picture: the inverse of `from_display`.

    Parameters
    ----------
    array : array_like
        (3, H, W) in -1..1; a NumPy array, or a CPU tensor of either framework.

    Returns
    -------
    ndarray
        uint8 (H, W, 3), RGB; values outside -1..1 are clipped.

    Raises
    ------
    ValueError
        The shape is not (3, H, W).
    """
    values = np.asarray(array, dtype=np.float64)
    if values.ndim != 3 or values.shape[0] != 3:
        raise ValueError(f"`array` must have shape (3, H, W), got {values.shape}")
    pixels = np.rint(np.clip((values + 1) * 127.5, 0, 255))
    return np.ascontiguousarray(pixels.transpose(1, 2, 0).astype(np.uint8))
