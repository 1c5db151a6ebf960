"""`seewhy import`: what others wrote. One command a format."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from seewhy.cli_bar import bar

app = typer.Typer(no_args_is_help=True, help="Read explanations that other programs wrote.")
out = Console(highlight=False, soft_wrap=True)


@app.callback()
def options() -> None:
    """Stand before the format."""


@app.command()
def mindinsight(
    directory: Annotated[
        Path, typer.Argument(help="Folder of a summary, or one with such folders in it.")
    ],
    target: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the stores.", show_default="DIRECTORY"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Read explain summaries, as MindInsight opens them, into stores for [bold]seewhy view[/bold].

    Summaries are those of MindSpore's ImageClassificationRunner and of
    [bold]seewhy export mindinsight[/bold]. What is damaged is passed over and said. Pictures are
    read from within the folder of a summary only. Importing again adds what is new.
    """
    from seewhy.store.importer import import_mindinsight

    try:
        with bar("Importing", quiet) as tell:
            report = import_mindinsight(directory, target, tell=tell)
    except KeyboardInterrupt:
        out.print("Stopped; import again to go on.", markup=False)
        raise typer.Exit(130) from None
    for job in report.jobs:
        out.print(f"Explanations are in {job.path}", markup=False)
        out.print(
            f"  {job.samples} samples, {job.maps} maps, {job.scores} scores, "
            f"{job.counterfactuals} counterfactuals",
            markup=False,
        )
        for note in job.notes:
            out.print(f"  {note}", markup=False)
    place = shlex.quote(str(report.jobs[0].path.parent))
    out.print(f"Look at them with: seewhy view {place}", markup=False)
    if report.unreadable:
        raise ValueError("\n".join(report.unreadable.values()))
