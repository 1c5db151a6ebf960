"""Reading a job, also while it is being written."""

from __future__ import annotations

from pathlib import Path

from seewhy.store.counterfactual_reader import CounterfactualPage, CounterfactualReader
from seewhy.store.sample_reader import SamplePage, SampleReader
from seewhy.store.score_reader import ScoreReader

__all__ = ["CounterfactualPage", "JobReader", "SamplePage", "read_job"]


class JobReader(SampleReader, ScoreReader, CounterfactualReader):
    """Read-only view of a store; use it as a context manager or call `close`.

    Parameters
    ----------
    path : str or Path
        A `.seewhy.db` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is corrupt, not a store, or newer than this SeeWhy; methods raise it too when
        the file is damaged while it is open.
    """

    def __enter__(self) -> JobReader:
        return self


def read_job(path: str | Path) -> JobReader:
    """Open a job for reading: ``with read_job("runs/cats.seewhy.db") as job: ...``."""
    return JobReader(path)
