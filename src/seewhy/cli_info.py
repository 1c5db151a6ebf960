"""What `seewhy info` prints."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seewhy.store import JobInfo, JobReader, read_tabular
from seewhy.version import __version__


def report(paths: Sequence[Path], out: Console) -> None:
    """Print what the jobs hold.

    Raises
    ------
    ValueError
        At the end, if some of them cannot be read.
    """
    unreadable = []
    for path in paths:
        try:
            with JobReader(path) as reader:
                metrics = [metric.name for metric in reader.metrics()]
                rows = _rows(path, reader.info(), metrics)
        except (OSError, ValueError) as error:
            unreadable.append(str(error))
            continue
        out.print(str(path), markup=False, style="bold")
        _print_table(rows, out)
    if unreadable:
        raise ValueError("\n".join(unreadable))


def installed(out: Console) -> None:
    """Print the versions of what is installed here."""
    rows = [("seewhy", __version__), ("python", sys.version.split()[0])]
    for name in ("torch", "mindspore", "numpy", "pillow", "starlette", "matplotlib"):
        try:
            rows.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            rows.append((name, "not installed"))
    _print_table(rows, out)


def _rows(path: Path, job: JobInfo, metrics: Sequence[str]) -> list[tuple[str, str]]:
    total = "" if job.total is None else f" of {job.total}"
    counted = "rows" if job.is_tabular else "samples"
    rows = [("state", job.state), (counted, f"{job.done}{total}"), ("labels", str(job.labels))]
    if job.is_tabular:
        rows += _tabular_rows(path)
    for explainer in job.explainers:
        settings = ", ".join(f"{k}={v!r}" for k, v in explainer.params.items())
        rows.append(("explainer", f"{explainer.name}({settings})"))
    if metrics:
        rows.append(("metrics", ", ".join(metrics)))
    if job.uncertainty is not None:
        rows.append(("uncertainty", _made_by("EpistemicUncertainty", job.uncertainty)))
    if job.hierarchical_occlusion is not None:
        found, searched = job.counterfactuals
        made_by = _made_by("HierarchicalOcclusion", job.hierarchical_occlusion)
        rows.append(("counterfactuals", f"{found} of {searched} labels; {made_by}"))
    rows += [(key, str(value)) for key, value in job.settings.items()]
    if job.forwards:
        rows.append(("forwards", job.forwards))
    rows += [("written by", ", ".join(f"{k} {v}" for k, v in job.versions.items()))]
    return [*rows, ("size", f"{job.size / 1e6:.1f} MB")]


def _made_by(method: str, settings: Mapping[str, object]) -> str:
    """Name a method with its settings, or where its results were imported from."""
    if "source" in settings:
        return str(settings["source"])
    return f"{method}({', '.join(f'{key}={value!r}' for key, value in settings.items())})"


def _tabular_rows(path: Path) -> list[tuple[str, str]]:
    """What only a tabular job holds."""
    with read_tabular(path) as reader:
        names, counts = reader.feature_names, reader.attribution_counts()
    more = f", and {len(names) - 12} more" if len(names) > 12 else ""
    return [
        ("features", f"{len(names)}: {', '.join(names[:12])}{more}"),
        *(("explained", f"{count} outputs by {name}") for name, count in counts.items()),
    ]


def _print_table(rows: Sequence[tuple[str, str]], out: Console) -> None:
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 2))
    for key, value in rows:
        table.add_row(key, Text(value, overflow="fold"))
    out.print(table, soft_wrap=False)
