"""A grid of pictures as one picture, with Pillow alone."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from seewhy.visual.layout import COLUMNS, Cell, arrange

_GAP = 8
_FONT_SIZE = 14
_TITLE_HEIGHT = 20


def grid_image(
    images: Sequence[Sequence[Image.Image]],
    originals: Sequence[Image.Image] | None = None,
    titles: Sequence[Sequence[str]] | None = None,
    columns: int = COLUMNS,
    tile: int = 224,
) -> Image.Image:
    """Put pictures side by side on a white sheet; needs no matplotlib.

    Single maps without originals fill rows of `columns`. Otherwise each sample starts a new row,
    led by its original.

    Parameters
    ----------
    images
        One list of pictures a sample, as `images_from_maps` returns.
    originals
        One picture a sample.
    titles
        One text a picture, in the same nesting; ``"[i][j]"`` (sample, label) by default. A text
        wider than its tile is cut.
    columns
        Maps in a row, not counting the original.
    tile
        Longer side of every picture on the sheet, in pixels. Proportions are kept.

    Returns
    -------
    PIL.Image.Image
        RGB.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If there is no picture, the numbers of pictures, originals and titles differ, or a number
        is not positive.
    """
    if isinstance(tile, bool) or not isinstance(tile, int):
        raise TypeError(f"`tile` must be an int, got {type(tile).__name__}")
    if tile < 1:
        raise ValueError(f"`tile` must be positive, got {tile}")
    rows = arrange(images, originals, titles, columns)
    scaled = [[_scale(cell, tile) for cell in row] for row in rows]
    heights = [max(cell.image.height for cell in row if cell.image is not None) for row in scaled]
    width = _GAP + len(rows[0]) * (tile + _GAP)
    height = _GAP + sum(_TITLE_HEIGHT + h + _GAP for h in heights)
    sheet = Image.new("RGB", (width, height), "white")
    top = _GAP
    for row, row_height in zip(scaled, heights, strict=True):
        for column, cell in enumerate(row):
            _draw(sheet, cell, _GAP + column * (tile + _GAP), top, tile)
        top += _TITLE_HEIGHT + row_height + _GAP
    return sheet


def _scale(cell: Cell, tile: int) -> Cell:
    """Bring the longer side to `tile` pixels."""
    if cell.image is None:
        return cell
    image = cell.image.convert("RGBA")
    factor = tile / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    # Enlarged pixels stay visible as such; a smooth picture would promise detail that is not there.
    sampling = Image.Resampling.NEAREST if factor > 1 else Image.Resampling.LANCZOS
    return cell._replace(image=image.resize(size, sampling))


def _draw(sheet: Image.Image, cell: Cell, left: int, top: int, tile: int) -> None:
    """Draw the title and, below it, the picture, both centred."""
    if cell.image is None:
        return
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_SIZE)
    text = cell.title
    while text and draw.textlength(text, font) > tile:
        text = text.removesuffix("…")[:-1] + "…" if len(text) > 2 else ""
    draw.text((left + tile // 2, top), text, fill="black", font=font, anchor="ma")
    offset = left + (tile - cell.image.width) // 2
    sheet.paste(cell.image, (offset, top + _TITLE_HEIGHT), cell.image)
