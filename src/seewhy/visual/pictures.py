"""Many saliency maps -> pictures, one list a sample."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from seewhy.visual.arrays import Array, to_numpy
from seewhy.visual.colormaps import ColorMap
from seewhy.visual.cv import saliency_to_image


def images_from_maps(
    maps: Array,
    originals: Sequence[Image.Image] | None = None,
    cm: ColorMap | str | None = None,
    normalize: bool = True,
    signed: bool = False,
) -> list[list[Image.Image]]:
    """Turn the maps of several samples and labels into pictures.

    Parameters
    ----------
    maps
        (N, L, H, W) floating-point array or tensor of any framework: N samples, L labels.
    originals
        N pictures to lay the maps over.
    cm, normalize, signed
        As in `seewhy.visual.cv.saliency_to_image`. Every map is normalised by itself.

    Returns
    -------
    list of list of PIL.Image.Image
        N lists of L RGB pictures.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If `maps` does not have four axes, is empty or not finite, or there are not N originals.
    """
    array = to_numpy("maps", maps)
    if array.ndim != 4:
        raise ValueError(f"`maps` must have shape (N, L, H, W), got {array.shape}")
    nothing: list[Image.Image | None] = [None] * len(array)
    backgrounds = nothing if originals is None else _as_list(originals)
    if len(backgrounds) != len(array):
        raise ValueError(f"`originals` must hold {len(array)} pictures, got {len(backgrounds)}")
    return [
        [
            saliency_to_image(saliency, original, cm, normalize=normalize, signed=signed)
            for saliency in sample
        ]
        for sample, original in zip(array, backgrounds, strict=True)
    ]


def _as_list(originals: Sequence[Image.Image]) -> list[Image.Image | None]:
    """Raise TypeError unless `originals` is a list or tuple; its pictures are checked in use."""
    if not isinstance(originals, list | tuple):
        raise TypeError(f"`originals` must be a list of PIL images, got {type(originals).__name__}")
    return list(originals)
