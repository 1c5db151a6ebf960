"""Where each picture of a grid goes: shared by matplotlib figures and contact sheets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

COLUMNS = 4
"""Maps in a row, unless told otherwise."""


class Cell(NamedTuple):
    """One place of the grid."""

    image: Image.Image | None = None
    title: str = ""


def arrange(
    images: Sequence[Sequence[Image.Image]],
    originals: Sequence[Image.Image] | None = None,
    titles: Sequence[Sequence[str]] | None = None,
    columns: int = COLUMNS,
) -> list[list[Cell]]:
    """Arrange pictures in rows of equal length, empty places included.

    Single maps without originals fill the rows one after the other. Otherwise each sample starts a
    new row, led by its original; what does not fit goes on below, the original's column left empty.

    Parameters
    ----------
    images
        One sequence of pictures a sample.
    originals
        One picture a sample.
    titles
        One text a picture, in the same nesting; ``"[i][j]"`` (sample, label) by default.
    columns
        Maps in a row, not counting the original.

    Raises
    ------
    TypeError
        If something that should be a picture or a sequence of pictures is not, or `columns` is no
        int.
    ValueError
        If there is no picture, the numbers of pictures, originals and titles differ, or `columns`
        is not positive.
    """
    if isinstance(columns, bool) or not isinstance(columns, int):
        raise TypeError(f"`columns` must be an int, got {type(columns).__name__}")
    if columns < 1:
        raise ValueError(f"`columns` must be positive, got {columns}")
    blocks = _cells(images, titles)
    if originals is None:
        if all(len(block) == 1 for block in blocks):
            blocks = [[cell for block in blocks for cell in block]]
        rows = [row for block in blocks for row in _wrap(block, columns)]
    else:
        _check_pictures("originals", originals)
        _check_count("originals", len(originals), len(blocks))
        rows = []
        for i, (original, block) in enumerate(zip(originals, blocks, strict=True)):
            lead = [Cell(original, f"[{i}]" if titles is None else "original")]
            for row in _wrap(block, columns) or [[]]:
                rows.append([*lead, *row])
                lead = [Cell()]
    width = max(len(row) for row in rows)
    return [row + [Cell()] * (width - len(row)) for row in rows]


def _cells(
    images: Sequence[Sequence[Image.Image]], titles: Sequence[Sequence[str]] | None
) -> list[list[Cell]]:
    """Check pictures and titles and join them."""
    if not isinstance(images, list | tuple):
        raise TypeError(f"`images` must be a list of lists, got {type(images).__name__}")
    for sample in images:
        _check_pictures("images", sample)
    if not any(images):
        raise ValueError("`images` must hold a picture, got none")
    if titles is None:
        titles = [[f"[{i}][{j}]" for j in range(len(sample))] for i, sample in enumerate(images)]
    _check_count("titles", len(titles), len(images))
    for texts, sample in zip(titles, images, strict=True):
        _check_count("titles", len(texts), len(sample))
    return [
        [Cell(image, str(text)) for image, text in zip(sample, texts, strict=True)]
        for sample, texts in zip(images, titles, strict=True)
    ]


def _wrap(cells: list[Cell], columns: int) -> list[list[Cell]]:
    """Cut a sequence into rows."""
    return [cells[start : start + columns] for start in range(0, len(cells), columns)]


def _check_pictures(name: str, pictures: object) -> None:
    """Raise TypeError unless `pictures` is a list or tuple of PIL images."""
    if not isinstance(pictures, list | tuple):
        raise TypeError(f"`{name}` must hold lists of PIL images, got {type(pictures).__name__}")
    for picture in pictures:
        if not isinstance(picture, Image.Image):
            raise TypeError(f"`{name}` must hold PIL images, got {type(picture).__name__}")


def _check_count(name: str, got: int, wanted: int) -> None:
    """Raise ValueError unless the counts are equal."""
    if got != wanted:
        raise ValueError(f"`{name}` must hold {wanted} entries like `images`, got {got}")
