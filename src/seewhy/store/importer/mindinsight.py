"""Explain summaries of MindSpore's runners, or of our own exports, as stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from seewhy.store.export.names import folder_names
from seewhy.store.export.report import in_sentences
from seewhy.store.importer.mindinsight_job import JobImport
from seewhy.store.importer.names import Names, collect_names
from seewhy.store.importer.report import ImportedJob, ImportReport
from seewhy.store.importer.summaries import Summary, find_summaries, read_events
from seewhy.store.writer import JobWriter

SOURCE = "explain summary of MindInsight"


def import_mindinsight(
    directory: str | Path,
    out: str | Path | None = None,
    *,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> ImportReport:
    """Read explain summaries into stores, one `.seewhy.db` file each.

    What is damaged is passed over and said; of a file that is cut off the complete part is read.
    Pictures are read from within the folder of a summary only. Importing again adds what is new.

    Parameters
    ----------
    directory
        Folder of a summary, or a folder with such folders in it.
    out
        Folder for the stores; None: `directory`.
    tell
        Takes how many events of a summary are read, of how many.

    Raises
    ------
    ValueError
        If there is no summary, or none that can be read; if a store of that name is there that is
        no import of the same summary.
    OSError
        If a folder cannot be read, or a store not be written.
    """
    directory = Path(directory)
    if not directory.is_dir():
        what = "is not a folder" if directory.exists() else "does not exist"
        raise ValueError(f"{directory} {what}")
    summaries = find_summaries(directory)
    if not summaries:
        raise ValueError(
            f"{directory} holds no explain summary (a file named *summary.<seconds>*_explain), "
            "nor do folders in it"
        )
    target = directory if out is None else Path(out)
    names = folder_names(summary.folder.resolve().name for summary in summaries)
    jobs, unreadable = [], {}
    for summary, name in zip(summaries, names, strict=True):
        try:
            jobs.append(_import(summary, target, name, tell))
        except Unreadable as error:
            unreadable[str(summary.folder)] = f"{summary.events} cannot be read: {error}"
    if not jobs:
        raise ValueError("\n".join(unreadable.values()))
    return ImportReport(tuple(jobs), unreadable)


class Unreadable(Exception):
    """A summary that nothing can be made of."""


def _import(
    summary: Summary, target: Path, name: str, tell: Callable[[int, int], None]
) -> ImportedJob:
    size = summary.events.stat().st_size
    tally: Counter[str] = Counter()
    try:
        names = collect_names(read_events(summary.events, size, tally))
    except ValueError as error:
        raise Unreadable(str(error)) from error
    complete = not tally and summary.has_manifest
    if not summary.has_manifest:
        tally["manifests missing, as while a summary is being written"] += 1
    if names.renamed:
        tally["labels with a blank name or that of another one, renamed"] += names.renamed
    try:
        writer = _writer(summary, target, name, names)
    except ValueError as error:
        raise ValueError(
            f"a store {name!r} is in {target}, and is no import of {summary.events}, or one of "
            "another state of it: import to another folder (--out)"
        ) from error
    with writer:
        reading = JobImport(summary, names, writer, tally)
        reading.read(read_events(summary.events, size, Counter()), tell)
        writer.close("finished" if complete else "interrupted")
    return ImportedJob(
        path=writer.path,
        source=summary.folder,
        samples=reading.written["samples"],
        maps=reading.written["maps"],
        scores=reading.written["scores"],
        counterfactuals=reading.written["counterfactuals"],
        complete=complete,
        notes=in_sentences(tally),
    )


def _writer(summary: Summary, target: Path, name: str, names: Names) -> JobWriter:
    told = {"source": SOURCE}
    return JobWriter(
        target,
        name,
        settings={
            "kind": "image classification",
            **told,
            "event file": summary.events.name,
            "written": _when(summary.stamp),
            "threshold": 0.5,
        },
        labels=names.labels,
        explainers=names.explainers,
        metrics=list(names.metrics.values()),
        total=None,
        uncertainty=told if names.uncertain else None,
        hierarchical_occlusion=told if names.searched else None,
    )


def _when(stamp: int) -> str:
    try:
        return datetime.fromtimestamp(stamp, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OSError, OverflowError, ValueError):
        return str(stamp)
