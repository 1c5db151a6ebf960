"""`seewhy export`: what others can open. One command a format."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="Write what other programs open.")


@app.callback()
def options() -> None:
    """Stand before the format."""
