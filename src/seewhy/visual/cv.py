"""One saliency map -> one picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from seewhy.visual.arrays import Array, check_bool, to_map
from seewhy.visual.colormaps import ColorMap, colorize
from seewhy.visual.normalize import normalize_saliency
from seewhy.visual.resize import resize_bilinear

__all__ = ["normalize_saliency", "saliency_to_image", "saliency_to_rgba"]


def saliency_to_rgba(
    saliency: Array,
    cm: ColorMap | str | None = None,
    alpha_factor: float = 1.2,
    as_uint8: bool = True,
    normalize: bool = True,
    signed: bool = False,
) -> NDArray[Any]:
    """Colour a saliency map; the less salient a pixel, the more transparent.

    With s the (normalised) map, RGB = cm(s) and A = `alpha_factor` * s. If `signed`,
    RGB = cm((s + 1) / 2) and A = `alpha_factor` * |s|: zero is in the middle of the colour map and
    transparent.

    Parameters
    ----------
    saliency
        One map: (H, W), (1, H, W) or (1, 1, H, W), floating-point NumPy array or tensor of any
        framework. Every value must be finite.
    cm
        Colour map: a callable as in matplotlib or a name. None: viridis, or coolwarm (blue:
        negative, red: positive) if `signed`; these two need no matplotlib.
    alpha_factor
        Opacity per saliency, not negative.
    as_uint8
        Return bytes in 0..255 (rounded) instead of floats in 0..1.
    normalize
        Apply `normalize_saliency` first. Otherwise the values are clipped to 0..1, or -1..1 if
        `signed`; use it to colour several maps by one scale.
    signed
        Colour positive and negative values differently.

    Returns
    -------
    numpy.ndarray
        (H, W, 4), uint8, or the map's float type in 0..1.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If `saliency` is not one finite floating-point map, `cm` is no colour map, or
        `alpha_factor` is negative or not finite.
    ImportError
        If `cm` names a colour map of matplotlib, which is not installed.
    """
    values = _prepare(saliency, normalize, signed)
    check_bool("as_uint8", as_uint8)
    return _to_rgba(values, cm, _check_alpha(alpha_factor), as_uint8, signed)


def saliency_to_image(
    saliency: Array,
    original: Image.Image | None = None,
    cm: ColorMap | str | None = None,
    normalize: bool = True,
    with_alpha: bool = False,
    signed: bool = False,
) -> Image.Image:
    """Turn a saliency map into a picture, laid over the original if there is one.

    Without `original` the picture is as large as the map, ``picture.size == (W, H)`` for a map
    of shape (H, W). By default it is the plain heat map: the transparency is left out, not blended
    with a background, so every pixel has its pure colour. Ask for `with_alpha` to lay it over
    something yourself.

    With `original` the coloured map is blended over it by its transparency. The picture has the
    original's size and the map is enlarged to it; only where the map is the larger one in both
    directions, the original is enlarged to the map. Both must show the same part of the scene: crop
    the original as the network's input was cropped. A transparent original is laid on white unless
    `with_alpha`.

    Parameters
    ----------
    saliency, cm, normalize, signed
        As in `saliency_to_rgba`. A map is normalised before it is enlarged.
    original
        The picture that was explained, any 8-bit mode, any size.
    with_alpha
        Return RGBA instead of RGB.

    Returns
    -------
    PIL.Image.Image
        RGB, or RGBA if `with_alpha`.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If `saliency` is not one finite floating-point map, `cm` is no colour map, or `original`
        does not have 8 bits a channel.
    ImportError
        If `cm` names a colour map of matplotlib, which is not installed.
    """
    check_bool("with_alpha", with_alpha)
    base = None if original is None else _as_rgba(original)
    values = _prepare(saliency, normalize, signed)
    if base is not None:
        height, width = values.shape
        if height >= base.height and width >= base.width:
            base = base.resize((width, height), Image.Resampling.BILINEAR)
        else:
            values = resize_bilinear(values, (base.height, base.width))
    picture = Image.fromarray(_to_rgba(values, cm, 1.2, True, signed))
    if base is None:
        return picture if with_alpha else picture.convert("RGB")
    if not with_alpha:
        base = Image.alpha_composite(Image.new("RGBA", base.size, "white"), base)
    blended = Image.alpha_composite(base, picture)
    return blended if with_alpha else blended.convert("RGB")


def _prepare(saliency: Array, normalize: bool, signed: bool) -> NDArray[Any]:
    """Return the (H, W) map in 0..1, or -1..1 if signed."""
    check_bool("normalize", normalize)
    check_bool("signed", signed)
    if normalize:
        return normalize_saliency(saliency, signed)
    return np.clip(to_map("saliency", saliency), -1.0 if signed else 0.0, 1.0)


def _to_rgba(
    values: NDArray[Any],
    cm: ColorMap | str | None,
    alpha_factor: float,
    as_uint8: bool,
    signed: bool,
) -> NDArray[Any]:
    """Colour prepared values."""
    position = (values + 1) / 2 if signed else values
    rgb = colorize(position, cm, "coolwarm" if signed else "viridis")
    alpha = np.minimum(np.abs(values, dtype=np.float64) * alpha_factor, 1.0)
    rgba = np.concatenate([rgb, alpha[..., None]], axis=-1)
    if as_uint8:
        return np.asarray(np.rint(rgba * 255), dtype=np.uint8)
    return np.asarray(rgba, dtype=values.dtype)


def _as_rgba(original: Image.Image) -> Image.Image:
    """Check the original and convert it."""
    if not isinstance(original, Image.Image):
        raise TypeError(f"`original` must be a PIL image, got {type(original).__name__}")
    if original.mode.startswith(("I", "F")):
        raise ValueError(f"`original` must have 8 bits a channel, got mode {original.mode!r}")
    return original.convert("RGBA")


def _check_alpha(alpha_factor: float) -> float:
    """Return `alpha_factor` as a finite float that is not negative."""
    if isinstance(alpha_factor, bool) or not isinstance(alpha_factor, float | int | np.floating):
        raise TypeError(f"`alpha_factor` must be a float, got {type(alpha_factor).__name__}")
    factor = float(alpha_factor)
    if not math.isfinite(factor) or factor < 0:
        raise ValueError(f"`alpha_factor` must be finite and not negative, got {alpha_factor!r}")
    return factor
