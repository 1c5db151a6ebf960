"""Pictures and maps as the bytes that a store keeps."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

IMAGE_SIZE = 512
THUMBNAIL_SIZE = 320


def encode_image(image: Image.Image) -> tuple[bytes, bytes | None]:
    """JPEG of at most 512 px, and one of at most 320 px unless the first is no larger."""
    if image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    thumbnail = None
    if max(image.size) > THUMBNAIL_SIZE:
        thumbnail = _jpeg(image, THUMBNAIL_SIZE, quality=80)
    return _jpeg(image, IMAGE_SIZE, quality=88), thumbnail


def _jpeg(image: Image.Image, size: int, quality: int) -> bytes:
    if max(image.size) > size:
        image = image.copy()
        image.thumbnail((size, size), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, optimize=True)
    return stream.getvalue()


def encode_map(
    values: npt.NDArray[np.floating[Any]], signed: bool, bits: int
) -> tuple[bytes, float, float]:
    """Quantise a map to a grey PNG.

    Parameters
    ----------
    values : numpy.ndarray of shape (h, w)
        Finite floats.
    signed : bool
        Take the range symmetric about zero, so that zero is the middle grey.
    bits : {8, 16}
        Depth; the error is at most half of range / (2**bits - 1).

    Returns
    -------
    png, vmin, vmax
        The values of black and of white. A constant unsigned map is black with vmin = vmax.
    """
    exact = np.asarray(values, dtype=np.float64)
    vmin, vmax = float(exact.min()), float(exact.max())
    if signed:
        vmax = max(abs(vmin), abs(vmax))
        vmin = -vmax
    levels = 2**bits - 1
    scaled = (exact - vmin) / (vmax - vmin) if vmax > vmin else np.zeros_like(exact)
    grey = np.rint(scaled * levels).astype(np.uint8 if bits == 8 else np.uint16)
    stream = io.BytesIO()
    # Noisy maps barely compress: level 1 is a few times faster than 6 and 2 % larger.
    Image.fromarray(grey).save(stream, "PNG", compress_level=1)
    return stream.getvalue(), vmin, vmax


def decode_map(png: bytes, vmin: float, vmax: float) -> npt.NDArray[np.float32]:
    """Undo `encode_map` up to quantisation; shape (h, w)."""
    with Image.open(io.BytesIO(png)) as image:
        levels = 255 if image.mode == "L" else 65535
        grey = np.asarray(image, dtype=np.float64)
    return (vmin + (vmax - vmin) * grey / levels).astype(np.float32)
