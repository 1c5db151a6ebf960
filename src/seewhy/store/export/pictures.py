"""Saliency maps as the grey pictures that MindInsight colours."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def grey_picture(png: bytes, size: tuple[int, int], signed: bool, constant: bool) -> bytes:
    """Turn a stored map into a picture as large as the original.

    Grey 0 is the lowest value of the map and 255 the highest, resized bilinearly in floating
    point. Of a signed map only what speaks for the label is left: grey 0 is no influence or one
    against the label, 255 the largest magnitude of the map. A constant map is black.

    Parameters
    ----------
    png
        As stored: grey, 8 or 16 bit, from the lowest value to the highest; signed maps have zero
        in the middle.
    size
        (width, height) of the original.
    signed
        Whether zero means no influence.
    constant
        Whether all values are equal.

    Returns
    -------
    bytes
        PNG of mode L.
    """
    with Image.open(io.BytesIO(png)) as image:
        levels = 255 if image.mode == "L" else 65535
        values = np.asarray(image, np.float32) / levels
    if constant:
        values = np.zeros_like(values)
    elif signed:
        values = 2 * values - 1
    resized = Image.fromarray(values).resize(size, Image.Resampling.BILINEAR)
    grey = np.rint(np.clip(np.asarray(resized), 0, 1) * 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "PNG", compress_level=3)
    return stream.getvalue()
