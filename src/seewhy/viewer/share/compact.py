"""Smaller copies of pictures, for files that are sent around."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

PHOTOGRAPH_PIXELS, PHOTOGRAPH_QUALITY = 224, 70
MAP_PIXELS, MAP_QUALITY = 112, 80
PERCENTILE = 99
SMALL_BYTES = 1000


def compact_photograph(content: bytes) -> bytes:
    """A photograph as WebP, at most 224 px."""
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail((PHOTOGRAPH_PIXELS, PHOTOGRAPH_PIXELS))
        return _webp(image, PHOTOGRAPH_QUALITY)


def compact_map(content: bytes, signed: bool) -> bytes | None:
    """A grey map of at most 112 px as WebP; None if it takes next to nothing as it is.

    Averaging dims the bright pixels that pages cut at: the 99th percentile (signed: of the
    distance from the middle) becomes what it was.
    """
    if len(content) < SMALL_BYTES:
        return None
    with Image.open(io.BytesIO(content)) as image:
        if image.mode != "L":
            return None
        scale = min(MAP_PIXELS / max(image.size), 1)
        width, height = (max(round(side * scale), 1) for side in image.size)
        small = image.resize((width, height), Image.Resampling.BOX)
        middle = 127.5 if signed else 0.0
        before, after = (np.asarray(each, float) - middle for each in (image, small))
    bright = np.percentile(np.abs(after), PERCENTILE)
    if bright > 0:
        after *= np.percentile(np.abs(before), PERCENTILE) / bright
    grey = np.clip(np.rint(after + middle), 0, 255).astype(np.uint8)
    return _webp(Image.fromarray(grey), MAP_QUALITY)


def _webp(image: Image.Image, quality: int) -> bytes:
    made = io.BytesIO()
    image.convert("RGB").save(made, "WEBP", quality=quality)
    return made.getvalue()
