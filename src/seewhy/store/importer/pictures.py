"""Pictures of a summary: never from outside its folder, never of absurd size."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

FORMATS = ("JPEG", "PNG", "GIF", "BMP")
"""Those that MindInsight's pages show."""
MOST_BYTES = 100_000_000
MOST_PIXELS = 50_000_000
MAP_SIZE = 512


def open_picture(folder: Path, relative: str, tally: Counter[str]) -> Image.Image | None:
    """Open and decode a picture; `tally` takes why that could not be.

    Parameters
    ----------
    folder
        Of the summary.
    relative
        Path as the summary gives it: anybody may have written it.
    tally
        Takes the reason.
    """
    try:
        path = os.path.realpath(os.path.join(folder, relative))
        root = os.path.realpath(folder)
        if path != root and not path.startswith(os.path.join(root, "")):
            tally["pictures outside the job's folder, not read"] += 1
            return None
        if not os.path.isfile(path):
            tally["pictures that are missing"] += 1
            return None
        if os.path.getsize(path) > MOST_BYTES:
            tally["pictures that are too large, not read"] += 1
            return None
        return _decode(path, tally)
    except (OSError, SyntaxError, ValueError):
        tally["pictures that cannot be read"] += 1
        return None


def _decode(path: str, tally: Counter[str]) -> Image.Image | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=FORMATS) as image:
                if image.width * image.height <= MOST_PIXELS:
                    image.load()
                    return image.copy()
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            pass
    tally["pictures that are too large, not read"] += 1
    return None


def map_values(picture: Image.Image) -> npt.NDArray[np.float32] | None:
    """Read a saliency map as MindInsight does: grey, the red channel, or how opaque it is.

    Values are in [0, 1], at most 512 along each side. None if the mode is another one.
    """
    if picture.mode not in ("L", "RGB", "RGBA"):
        return None
    grey = picture.getchannel({"L": 0, "RGB": 0, "RGBA": 3}[picture.mode])
    grey.thumbnail((MAP_SIZE, MAP_SIZE), Image.Resampling.BOX)
    return np.asarray(grey, np.float32) / 255
