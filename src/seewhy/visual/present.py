"""Bringing a matplotlib figure to the person at the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING

from seewhy.visual.notebook import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure() -> Figure:
    """Return an empty figure that pyplot does not know; ImportError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("a figure needs matplotlib: pip install seewhy[plot]") from error
    return Figure(layout="constrained")


def present(draw: Callable[[Figure], None]) -> None:
    """Show what `draw` puts into an empty figure: below the cell of a notebook, or in a window.

    In a script the window blocks until it is closed.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    if in_notebook():
        figure, png = new_figure(), BytesIO()
        draw(figure)
        figure.savefig(png, format="png", dpi=100)
        display = import_module("IPython.display")
        display.display(display.Image(data=png.getvalue(), format="png"))
        return
    new_figure()  # says what to install
    pyplot = import_module("matplotlib.pyplot")
    figure = pyplot.figure(layout="constrained")
    try:
        draw(figure)
        pyplot.show()
    finally:
        pyplot.close(figure)
