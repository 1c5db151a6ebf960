"""Pictures of what an edited image shows: some boxes of it, or all but these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

BLUR = 25
"""The blur's radius is the short side of the image divided by this."""
BRIGHTNESS = 0.7


def edited_image(
    original: Image.Image,
    boxes: Sequence[Sequence[float]],
    size: tuple[int, int],
    reveal: bool = True,
    radius: float | None = None,
) -> Image.Image:
    """Show boxes of a picture on its blurred, grey and darkened version, or the other way round.

    Colours and brightness change only so that the covered part is seen as such: what the network
    was shown is the blur.

    Parameters
    ----------
    original
        The picture, any mode, any size.
    boxes
        x, y, width and height of each box, in pixels of the network's input.
    size
        Height and width of the network's input.
    reveal
        Whether the boxes show the original and the rest is covered. Otherwise the boxes are.
    radius
        Standard deviation of the blur, in pixels of the input; by default the short side of the
        input / 25, rounded.

    Returns
    -------
    PIL.Image.Image
        RGB, as large as the original.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If a box is not four numbers.
    """
    if not isinstance(original, Image.Image):
        raise TypeError(f"`original` must be a PIL image, got {type(original).__name__}")
    if not isinstance(reveal, bool):
        raise TypeError(f"`reveal` must be a bool, got {type(reveal).__name__}")
    picture = original.convert("RGB")
    across, down = picture.width / size[1], picture.height / size[0]
    wide = max(1, round(min(size) / BLUR)) if radius is None else radius
    blurred = picture.filter(ImageFilter.GaussianBlur((wide * across, wide * down)))
    grey = ImageEnhance.Brightness(ImageEnhance.Color(blurred).enhance(0)).enhance(BRIGHTNESS)
    inside = np.zeros((picture.height, picture.width), bool)
    for x, y, width, height in map(_four_numbers, boxes):
        rows = slice(round(y * down), round((y + height) * down))
        inside[rows, round(x * across) : round((x + width) * across)] = True
    return Image.composite(picture, grey, Image.fromarray(inside == reveal))


def _four_numbers(box: Any) -> tuple[float, float, float, float]:
    try:
        x, y, width, height = (float(value) for value in box)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"`boxes` must each be four numbers x, y, width, height, got {box!r}"
        ) from error
    return x, y, width, height
