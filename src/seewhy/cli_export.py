"""`seewhy export`: what others can open. One command a format."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from seewhy.cli_bar import bar

if TYPE_CHECKING:
    from seewhy.store.export import ExportReport, JobReport

app = typer.Typer(no_args_is_help=True, help="Write explanations as what other programs open.")
out = Console(highlight=False, soft_wrap=True)
FEW = 5


@app.callback()
def options() -> None:
    """Stand before the format."""


@app.command()
def mindinsight(
    directory: Annotated[Path, typer.Argument(help="A store, or a folder with stores.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Write all jobs of images below DIRECTORY as what MindInsight 2.3.1 opens.

    A running job is written as it is now. OUT appears when it is complete; nothing is left behind
    by a failure or Ctrl-C. What had to be renamed or left out is said, and in
    OUT/seewhy-export.json.
    """
    from seewhy.store.export import export_mindinsight

    try:
        with bar("Exporting", quiet) as tell:
            report = export_mindinsight(directory, target, force=force, tell=tell)
    except KeyboardInterrupt:
        out.print("Stopped; nothing was written.", markup=False)
        raise typer.Exit(130) from None
    _print(report)
    if report.unreadable:
        raise ValueError("\n".join(report.unreadable.values()))


def _print(report: ExportReport) -> None:
    for job in report.jobs:
        out.print(f"{report.out / job.folder}", markup=False, style="bold")
        out.print(f"  {_contents(job)}", markup=False)
        for note in job.notes:
            out.print(f"  {note}", markup=False)
        for kind, names in job.renamed.items():
            changed = [f"{old!r} is now {new!r}" for old, new in names.items()]
            more = [f"and {len(changed) - FEW} more"] if len(changed) > FEW else []
            if changed:
                out.print(f"  {kind} {', '.join(changed[:FEW] + more)}", markup=False)
    for reason in report.left_out.values():
        out.print(f"Left out: {reason}", markup=False)
    place = shlex.quote(str(report.out))
    out.print(f"Open it with: mindinsight start --summary-base-dir {place}", markup=False)
    out.print("then http://127.0.0.1:8080/#/explain in a browser", markup=False)


def _contents(job: JobReport) -> str:
    uncertain = ", uncertainties" if job.uncertainty else ""
    return (
        f"{job.samples} samples, {job.maps} maps, {job.scores} scores, "
        f"{job.counterfactuals} counterfactuals{uncertain}"
    )


@app.command()
def html(
    job: Annotated[Path, typer.Argument(help="A job (*.seewhy.db), or a folder with one job.")],
    file: Annotated[Path, typer.Argument(help="HTML file to write.")],
    page: Annotated[
        str, typer.Option(help="saliency, assessment, counterfactual, rows or importance.")
    ] = "",
    query: Annotated[
        str, typer.Option(help='What follows the "?" in the browser: filters, order, looks.')
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Keep all pixels of the pictures.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False,
) -> None:
    """Write a page as one file that opens anywhere: by mail, from disk, without SeeWhy.

    The page in the browser offers the same under [bold]one HTML file[/bold].
    """
    from seewhy.viewer import export_html

    export_html(_one_job(job), file, page, query.removeprefix("?"), full=full, overwrite=force)
    out.print(f"{file} shows it ({file.stat().st_size / 1e6:.1f} MB)", markup=False)


def _one_job(place: Path) -> Path:
    """The job that a file or a folder stands for."""
    from seewhy.store import find_jobs

    if not place.is_dir():
        return place
    jobs = list(find_jobs(place).values())
    if len(jobs) == 1:
        return jobs[0]
    if not jobs:
        raise ValueError(f"{place} holds no explanations (*.seewhy.db), nor do folders in it")
    names = "".join(f"\n  {path}" for path in jobs[:20])
    raise ValueError(f"{place} holds {len(jobs)} jobs: name one of them{names}")
