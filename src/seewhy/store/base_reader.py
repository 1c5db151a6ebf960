"""What the readers of all subjects share: the connection, the transaction, the job itself."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType

from seewhy.store.connect import lock_path, open_readable, translate_errors
from seewhy.store.job_info import read_info
from seewhy.store.job_records import ExplainerInfo, JobInfo
from seewhy.store.lock import is_locked


class StoreReader:
    """Holds a store open; the readers of single subjects derive from it."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection = open_readable(self.path)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Class names by class index."""
        with self._query() as connection:
            rows = connection.execute("SELECT name FROM label ORDER BY id").fetchall()
        return tuple(name for (name,) in rows)

    @property
    def explainers(self) -> tuple[ExplainerInfo, ...]:
        """Explainers in the order in which they were registered; a running job may get more."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name, signed, params FROM explainer WHERE NOT baseline ORDER BY id"
            ).fetchall()
        return tuple(
            ExplainerInfo(name, bool(signed), json.loads(params)) for name, signed, params in rows
        )

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of what is only scored, for the scores of the explainers to be compared with."""
        with self._query() as connection:
            rows = connection.execute("SELECT name FROM explainer WHERE baseline ORDER BY id")
            return tuple(name for (name,) in rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def info(self) -> JobInfo:
        """Summary of the job."""
        with self._query() as connection:
            return read_info(connection, self.path, self.explainers, len(self.labels))

    def revision(self) -> int:
        """Return a number that grows with every batch written.

        Unlike `PRAGMA data_version` it means the same on every connection.
        """
        with self._query() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
        return int(row[0])

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it, all that is read is of one moment, however long it takes.

        Raises
        ------
        RuntimeError
            If that would stop a run: on network file systems a writer waits for readers.
        """
        with self._query() as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal" and is_locked(lock_path(self.path)):
                raise RuntimeError(
                    f"{self.path} is being written on a network file system, and its run would "
                    "wait: try again when the run has ended"
                )
            yield

    @contextlib.contextmanager
    def _query(self) -> Iterator[sqlite3.Connection]:
        """One transaction, so that all statements see the same state of a growing store."""
        within = self._connection.in_transaction
        with translate_errors(self.path):
            if within:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _label(self, label: str | int) -> int:
        if isinstance(label, str):
            if label not in self.labels:
                raise ValueError(f"`label` must be one of the job's labels, got {label!r}")
            return self.labels.index(label)
        if not 0 <= label < len(self.labels):
            raise ValueError(f"`label` must be in 0..{len(self.labels) - 1}, got {label}")
        return label
