"""Jobs of images as the explain summaries that MindInsight 2.3.1 opens."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from seewhy.store.connect import SUFFIX
from seewhy.store.export.folder import whole_folder
from seewhy.store.export.mindinsight_job import JobExport
from seewhy.store.export.names import folder_names
from seewhy.store.export.report import ExportReport
from seewhy.store.jobs import find_jobs, job_id
from seewhy.store.reader import JobReader

REPORT = "seewhy-export.json"
"""File beside the jobs that says what was carried, changed and left out."""


def export_mindinsight(
    source: str | Path,
    out: str | Path,
    *,
    force: bool = False,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> ExportReport:
    """Write jobs of images as a folder that MindInsight 2.3.1 opens with `--summary-base-dir`.

    A job that is still running is written as it is now. The folder appears when it is complete;
    a failure or Ctrl-C leaves nothing behind. Memory does not grow with the number of samples.

    Parameters
    ----------
    source
        A store, or a folder with stores in it or below it.
    out
        Folder to make: one folder in it for each job, and `seewhy-export.json`, which is the
        report.
    force
        Whether to replace an earlier export.
    tell
        Takes how many samples are done, of how many.

    Raises
    ------
    ValueError
        If `source` does not exist or holds no job of images with a sample, or a store turns out to
        be damaged.
    OSError
        If `out` cannot be written, is there already and no earlier export, or is one and `force`
        is not set.
    RuntimeError
        If a job is being written on a network file system.
    """
    source, out = Path(source), Path(out)
    chosen, left_out, unreadable = _choose(_stores(source))
    with whole_folder(out, REPORT, force, list(chosen)) as folder:
        names = folder_names(
            path.name.removesuffix(SUFFIX) if source.is_file() else job_id(path, source)
            for path in chosen
        )
        total = sum(chosen.values())
        done = count(1)
        jobs = []
        for path, name in zip(chosen, names, strict=True):
            with JobReader(path) as reader, reader.snapshot():
                export = JobExport(reader, reader.info(), folder / name)
                jobs.append(export.write(lambda: tell(next(done), total)))
        report = ExportReport(out, tuple(jobs), left_out, unreadable)
        report.save(folder / REPORT)
    return report


def _stores(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.exists():
        raise ValueError(f"{source} does not exist")
    jobs = find_jobs(source)
    if not jobs:
        raise ValueError(f"{source} holds no explanations (*{SUFFIX}), nor do folders in it")
    return list(jobs.values())


def _choose(paths: list[Path]) -> tuple[dict[Path, int], dict[str, str], dict[str, str]]:
    """Stores that can be exported with their number of samples; why others cannot."""
    chosen: dict[Path, int] = {}
    left_out: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for path in paths:
        try:
            with JobReader(path) as reader:
                info = reader.info()
        except (OSError, ValueError) as error:
            unreadable[str(path)] = str(error)
            continue
        if info.is_tabular:
            left_out[str(path)] = f"{path} explains a table, MindInsight shows only images"
        elif not info.samples:
            left_out[str(path)] = f"{path} holds no samples (yet)"
        else:
            chosen[path] = info.samples
    if not chosen:
        raise ValueError("\n".join([*left_out.values(), *unreadable.values()]))
    return chosen, left_out, unreadable
