"""A progress bar that tells samples per second and the time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from seewhy.visual import in_notebook

Tell: TypeAlias = Callable[[int, int], None]
"""Takes how much of the total is done, and how many samples this run has explained."""


@contextmanager
def progress_bar(
    title: str, total: int | None, wanted: bool | None, unit: str = "samples"
) -> Iterator[Tell]:
    """Yield a function to tell how far the run is.

    `wanted=None` shows the bar in a terminal and in a notebook; `unit` is what is counted.
    """
    shown = (sys.stderr.isatty() or in_notebook()) if wanted is None else wanted
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task(title, total=total, pace="")
        start, skipped = time.monotonic(), 0

        def tell(done: int, explained: int) -> None:
            nonlocal start, skipped
            if not explained:
                # What an earlier run did says nothing about the pace of this one.
                start, skipped = time.monotonic(), done
            elapsed = time.monotonic() - start
            left = None if total is None else total - done
            pace = _pace(elapsed, explained, done - skipped, left, unit)
            bar.update(task, completed=done, pace=pace)

        yield tell


def _pace(elapsed: float, explained: int, done: int, left: int | None, unit: str) -> str:
    if not explained or elapsed <= 0:
        return ""
    rate = f"{explained / elapsed:.1f} {unit}/s"
    if left is None or done <= 0:
        return rate
    return f"{rate}, {timedelta(seconds=round(elapsed / done * max(left, 0)))} left"
