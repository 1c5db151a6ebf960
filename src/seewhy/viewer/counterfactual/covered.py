"""The picture of what covers an image: grey and darker than the image, as nothing real is."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from seewhy.viewer.counterfactual.words import BLUR, is_blur
from seewhy.visual.edits import edited_image

GREY = 90
HATCH = 120
HATCH_STEP = 12


def covered_jpeg(original: Image.Image, mask: str, size: tuple[int, int]) -> bytes:
    """Draw an image that is covered altogether.

    Parameters
    ----------
    original
        The picture.
    mask
        What covers, as the store names it. A blur is drawn; of colours only the network knows
        what they look like, and other images are not kept: these two are plain and hatched grey.
    size
        (H, W) of the network's input.
    """
    if is_blur(mask):
        radius = min(float(mask.removeprefix(BLUR)), max(size))
        picture = edited_image(original, (), size, radius=radius).convert("L")
    else:
        picture = Image.new("L", original.size, GREY)
        if mask == "image":
            _hatch(picture)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85, optimize=True)
    return stream.getvalue()


def _hatch(picture: Image.Image) -> None:
    draw = ImageDraw.Draw(picture)
    width, height = picture.size
    for start in range(-height, width, HATCH_STEP):
        draw.line((start, height, start + height, 0), HATCH, 2)
