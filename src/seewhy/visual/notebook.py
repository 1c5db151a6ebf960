"""Showing pictures to the person at the keyboard: in a notebook, or in a window."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from io import BytesIO

from PIL import Image

from seewhy.visual.contact_sheet import grid_image
from seewhy.visual.figure import draw_rows, figure_grid
from seewhy.visual.layout import COLUMNS, arrange


def in_notebook() -> bool:
    """Tell whether this runs in a Jupyter kernel (JupyterLab, Notebook, VS Code, Colab).

    IPython in a terminal is no notebook. Looks only at modules that are loaded already.
    """
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython is not None else None
    # By name and over the base classes: hosts such as Colab derive their own shell.
    return any(base.__name__ == "ZMQInteractiveShell" for base in type(shell).__mro__)


def show(
    images: Sequence[Sequence[Image.Image]],
    show: bool | None = None,
    originals: Sequence[Image.Image] | None = None,
    titles: Sequence[Sequence[str]] | None = None,
    columns: int = COLUMNS,
) -> None:
    """Show pictures: a grid below the cell of a notebook, or a window.

    In a notebook the grid is a matplotlib figure. In a script a single picture opens in the
    system's picture viewer, several open in a matplotlib window (which blocks until it is closed).
    Without matplotlib a contact sheet takes the figure's place.

    Parameters
    ----------
    images
        One list of pictures a sample, as `images_from_maps` returns.
    show
        True: show. False: do nothing. None: show only in a notebook.
    originals, titles, columns
        As in `figure_grid`.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If there is no picture, the numbers of pictures, originals and titles differ, or `columns`
        is not positive.

    Warns
    -----
    RuntimeWarning
        If there is no viewer to open a picture with.
    """
    if show is not None and not isinstance(show, bool):
        raise TypeError(f"`show` must be a bool or None, got {type(show).__name__}")
    rows = arrange(images, originals, titles, columns)
    notebook = in_notebook()
    if show is False or (show is None and not notebook):
        return
    pictures = [cell.image for row in rows for cell in row if cell.image is not None]
    if notebook:
        _show_in_notebook(images, originals, titles, columns)
    elif len(pictures) == 1:
        _show_in_viewer(pictures[0])
    else:
        try:
            pyplot = import_module("matplotlib.pyplot")
        except ImportError:
            _show_in_viewer(grid_image(images, originals, titles, columns))
            return
        figure = pyplot.figure(layout="constrained")
        try:
            draw_rows(figure, rows)
            pyplot.show()
        finally:
            pyplot.close(figure)


def _show_in_notebook(
    images: Sequence[Sequence[Image.Image]],
    originals: Sequence[Image.Image] | None,
    titles: Sequence[Sequence[str]] | None,
    columns: int,
) -> None:
    """Send one PNG to the notebook; works whether or not its matplotlib mode is switched on."""
    png = BytesIO()
    try:
        figure_grid(images, originals, titles, columns).savefig(png, format="png", dpi=100)
    except ImportError:
        grid_image(images, originals, titles, columns).save(png, format="png")
    display = import_module("IPython.display")
    display.display(display.Image(data=png.getvalue(), format="png"))


def _show_in_viewer(picture: Image.Image) -> None:
    """Open one picture with the system's viewer."""
    from PIL import ImageShow  # not at the top: it imports IPython where that is installed

    if not ImageShow.show(picture):
        warnings.warn(
            "no picture viewer was found; save the pictures with `.save(path)` instead",
            RuntimeWarning,
            stacklevel=3,
        )
