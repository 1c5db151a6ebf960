"""A grid of pictures as a matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

from seewhy.visual.arrays import Array
from seewhy.visual.colormaps import ColorMap
from seewhy.visual.layout import COLUMNS, Cell, arrange
from seewhy.visual.pictures import images_from_maps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES = 2.6


def figure_grid(
    images: Sequence[Sequence[Image.Image]],
    originals: Sequence[Image.Image] | None = None,
    titles: Sequence[Sequence[str]] | None = None,
    columns: int = COLUMNS,
) -> Figure:
    """Draw pictures side by side in a matplotlib figure, without axes.

    Single maps without originals fill rows of `columns`. Otherwise each sample starts a new row,
    led by its original. The figure is not registered with pyplot: nothing has to be closed, and
    ``figure.savefig(path)`` works anywhere.

    Parameters
    ----------
    images
        One list of pictures a sample, as `images_from_maps` returns.
    originals
        One picture a sample.
    titles
        One text a picture, in the same nesting; ``"[i][j]"`` (sample, label) by default.
    columns
        Maps in a row, not counting the original.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If there is no picture, the numbers of pictures, originals and titles differ, or `columns`
        is not positive.
    ImportError
        If matplotlib is not installed.
    """
    rows = arrange(images, originals, titles, columns)
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "a figure needs matplotlib: pip install seewhy[plot] "
            "(`seewhy.visual.grid_image` does without)"
        ) from error
    figure = Figure(layout="constrained")
    draw_rows(figure, rows)
    return figure


def saliency_grid(
    maps: Array,
    originals: Sequence[Image.Image] | None = None,
    titles: Sequence[Sequence[str]] | None = None,
    columns: int = COLUMNS,
    cm: ColorMap | str | None = None,
    signed: bool = False,
) -> Figure:
    """Draw the maps of several samples and labels, laid over the originals if there are any.

    Parameters
    ----------
    maps
        (N, L, H, W) floating-point array or tensor of any framework: N samples, L labels.
    originals
        N pictures; each leads the row of its sample and lies below its maps.
    titles, columns
        As in `figure_grid`.
    cm, signed
        As in `seewhy.visual.cv.saliency_to_image`.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If `maps` does not have four axes, is empty or not finite, or the numbers of maps,
        originals and titles differ.
    ImportError
        If matplotlib is not installed.
    """
    images = images_from_maps(maps, originals, cm, signed=signed)
    return figure_grid(images, originals, titles, columns)


def draw_rows(figure: Figure, rows: list[list[Cell]]) -> None:
    """Draw arranged pictures into an empty figure and size it to them."""
    images = [cell.image for row in rows for cell in row if cell.image is not None]
    aspect = max(image.height / image.width for image in images)
    figure.set_size_inches(_INCHES * len(rows[0]), (_INCHES * min(aspect, 2) + 0.3) * len(rows))
    grid = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    for row, places in zip(rows, grid, strict=True):
        for cell, axes in zip(row, places, strict=True):
            axes.set_axis_off()
            if cell.image is not None:
                axes.imshow(cell.image.convert("RGBA"))
                # A `$` in a class name is no mathematics.
                axes.set_title(cell.title, fontsize="small", parse_math=False)
