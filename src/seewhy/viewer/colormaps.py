"""Colour maps as SVG filters: the browser colours the grey maps, and no map is stored twice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from seewhy.visual.colormaps import COOLWARM, VIRIDIS

POINTS = 33

# 33 points each, evenly spaced. Cividis: Nunez, Anderton and Renslow, 2018. Inferno: Smith and
# van der Walt, 2015. Both are CC0.
_CIVIDIS = (
    "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f7073"
    "7676767c7c788381798b8778928d789a9376a29975aaa073b3a670bbad6dc3b369ccba64d4c15fddc858e6d051"
    "efd748f8df3cfee838"
)
_INFERNO = (
    "0000040403120b0724150b37210c4a2f0a5b3d09654a0c6b56106e63156e70196e7d1e6d89226a962766a32c61"
    "af315bbb3654c63d4dd14545da4f3ce35932eb6529f1721ef67f14f98c0afb9b06fcaa0ffbba1ff9c932f5d949"
    "f2e865f3f586fcffa4"
)


class ColorMap(NamedTuple):
    """A colour map for CSS and SVG.

    Attributes
    ----------
    name : str
        Name in the URL.
    channels : tuple of 3 str
        `tableValues` of red, green and blue for `feComponentTransfer`.
    gradient : str
        CSS gradient from low to high, for the legend.
    """

    name: str
    channels: tuple[str, str, str]
    gradient: str


def _color_map(name: str, table: npt.NDArray[np.uint8]) -> ColorMap:
    at = np.linspace(0, len(table) - 1, POINTS)
    columns = [np.interp(at, np.arange(len(table)), table[:, c]) for c in range(3)]
    red, green, blue = (" ".join(f"{value / 255:.3f}" for value in column) for column in columns)
    stops = np.stack(columns, axis=1).round().astype(int)[::4]
    colors = ", ".join(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in stops.tolist())
    return ColorMap(name, (red, green, blue), f"linear-gradient(90deg, {colors})")


def _table(digits: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(digits), dtype=np.uint8).reshape(-1, 3)


SEQUENTIAL = (
    _color_map("viridis", VIRIDIS),
    _color_map("cividis", _table(_CIVIDIS)),
    _color_map("inferno", _table(_INFERNO)),
)
"""For maps that say how much; the first is the default."""

DIVERGING = _color_map("coolwarm", COOLWARM)
"""For signed maps: blue against, grey nothing, red for."""


def threshold_cells(percent: int, signed: bool) -> str:
    """`tableValues` that hide what is below a part of the colour scale, or of magnitudes.

    200 cells for alpha; the filter makes alpha of the grey, and lets it begin at one half, as
    colours of little alpha lose their precision.
    """
    levels = [abs(2 * cell - 99) if signed else cell for cell in range(100)]
    return " ".join(["0"] * 100 + ["1" if level >= percent else "0" for level in levels])
