"""What the writers of all kinds of jobs share: the lock, the buffer, the status."""

from __future__ import annotations

import contextlib
import errno
import json
import platform
import sqlite3
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
import PIL

from seewhy.store import resume
from seewhy.store.connect import (
    SUFFIX,
    finalise,
    lock_path,
    open_writable,
    translate_errors,
)
from seewhy.store.job_records import JSON, ExplainerInfo, MetricInfo, Status
from seewhy.store.lock import JobLock
from seewhy.store.rows import check_job_name, score_row
from seewhy.store.score_records import Score

BATCH_ROWS = 250
BATCH_SECONDS = 0.5

Writer = TypeVar("Writer", bound="StoreWriter")


class StoreWriter:
    """Writes one job into `<summary_dir>/<job>.seewhy.db`, or goes on where a run stopped.

    Rows are buffered and written in batches of about 250, or twice a second, each batch in one
    transaction: readers see whole batches, and a killed run loses at most the open one.

    `prepare` fills or compares what only some kinds of jobs have; see the writers for the other
    parameters.
    """

    statements: ClassVar[Mapping[str, str]]
    """What writes the rows of each table; later ones may refer to earlier ones."""
    orphan: ClassVar[str]
    """What is wrong when a row refers to nothing."""

    def __init__(
        self,
        summary_dir: str | Path,
        job: str,
        *,
        settings: Mapping[str, JSON],
        labels: Sequence[str],
        explainers: Sequence[ExplainerInfo],
        metrics: Sequence[MetricInfo],
        total: int | None,
        versions: Mapping[str, str] | None,
        prepare: Callable[[sqlite3.Connection], None],
    ) -> None:
        check_job_name(job)
        resume.check_arguments(labels, explainers)
        directory = Path(summary_dir)
        self.path = directory / f"{job}{SUFFIX}"
        self._labels = len(labels)
        self._done: int | None = None
        self._forwards: str | None = None
        self._pending: dict[str, list[tuple[Any, ...]]] = {table: [] for table in self.statements}
        self._deadline = float("inf")
        self._closed = False
        self._lock = _lock(directory, self.path)
        try:
            self._connection = open_writable(self.path)
            with self._transaction():
                resume.prepare(self._connection, self.path, settings, labels)
                resume.add_metrics(self._connection, self.path, metrics)
                prepare(self._connection)
                resume.add_explainers(self._connection, self.path, explainers)
                self._set_meta(
                    job=job,
                    status="running",
                    total=total,
                    versions={
                        "python": platform.python_version(),
                        "numpy": np.__version__,
                        "pillow": PIL.__version__,
                        "sqlite": sqlite3.sqlite_version,
                        **(versions or {}),
                    },
                )
                self._touch()
                self._set_meta(session={"began": time.time(), "done": self._stored()})
        except BaseException:
            if hasattr(self, "_connection"):
                # A refused run leaves the file as it found it: one ordinary file.
                with contextlib.suppress(sqlite3.OperationalError):
                    finalise(self._connection)
            self._lock.release()
            raise
        rows = self._connection.execute("SELECT name, id, signed FROM explainer")
        self._explainers = {name: (number, bool(signed)) for name, number, signed in rows}
        self._metrics = dict(self._connection.execute("SELECT name, id FROM metric").fetchall())

    def digests(self) -> list[tuple[int, str]]:
        """Id and digest of every stored sample, by id."""
        self.flush()
        with translate_errors(self.path):
            return self._connection.execute("SELECT id, digest FROM sample ORDER BY id").fetchall()

    def add_scores(self, scores: Iterable[Score]) -> None:
        """Add scores of explained labels; a no-op for those already stored.

        Raises
        ------
        ValueError
            If a score is not finite, or names an unknown label, explainer or metric.
        """
        self._check_open()
        for score in scores:
            table, row = score_row(score, self._labels, self._explainers, self._metrics)
            self._pending[table].append(row)
            self._flush_if_due()

    def progress(self, done: int) -> None:
        """Tell how many of `total` samples are dealt with; else it is the number stored."""
        self._done = done

    def forwards(self, words: str) -> None:
        """Tell in words what runs the network's forwards; written with the next batch."""
        self._forwards = words

    def flush(self) -> None:
        """Write everything that is buffered, in one transaction.

        Raises
        ------
        OSError
            If the disk is full. What earlier batches wrote is safe; this one stays buffered.
        ValueError
            If something belongs to a sample or label that was never added; the batch is dropped.
        """
        self._check_open()
        if not any(self._pending.values()):
            self._deadline = float("inf")
            return
        try:
            with self._transaction():
                for table, statement in self.statements.items():
                    self._connection.executemany(statement, self._pending[table])
                self._touch()
        except OSError as error:
            raise self._disk_error(error) from error
        except sqlite3.IntegrityError as error:
            self._drop()
            raise ValueError(f"{self.orphan} ({error})") from error
        self._drop()

    def close(self, status: Literal["finished", "interrupted", "failed"] = "finished") -> None:
        """Write what is left, set the status, and leave one ordinary file. May be called twice.

        Raises
        ------
        OSError
            If the disk is full.
        """
        if self._closed:
            return
        try:
            try:
                self.flush()
                self._set_status(status)
            except (OSError, ValueError):
                self._drop()
                with contextlib.suppress(OSError, ValueError):
                    self._set_status("failed")
                raise
        finally:
            self._closed = True
            try:
                # What a full disk refuses here is done by the next process that opens the store.
                with contextlib.suppress(sqlite3.OperationalError):
                    finalise(self._connection)
            finally:
                self._lock.release()

    def __enter__(self: Writer) -> Writer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close("finished")
            return
        # The error in flight says more than a second one from closing.
        with contextlib.suppress(OSError, ValueError):
            self.close("interrupted" if isinstance(error, KeyboardInterrupt) else "failed")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with translate_errors(self.path, writing=True):
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def _flush_if_due(self) -> None:
        now = time.monotonic()
        self._deadline = min(self._deadline, now + BATCH_SECONDS)
        if now >= self._deadline or sum(map(len, self._pending.values())) >= BATCH_ROWS:
            self.flush()

    def _drop(self) -> None:
        for rows in self._pending.values():
            rows.clear()
        self._deadline = float("inf")

    def _touch(self) -> None:
        """Note the time, the progress and that something changed."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
        self._set_meta(
            updated=time.time(),
            done=self._stored() if self._done is None else self._done,
            revision=1 + (int(row[0]) if row else 0),
        )
        if self._forwards is not None:
            self._set_meta(forwards=self._forwards)

    def _stored(self) -> int:
        row = self._connection.execute("SELECT coalesce(sum(n), 0) FROM sample_count").fetchone()
        return int(row[0])

    def _set_status(self, status: Status) -> None:
        with self._transaction():
            self._set_meta(status=status)
            self._touch()

    def _set_meta(self, **values: JSON) -> None:
        self._connection.executemany(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [(key, json.dumps(value)) for key, value in values.items()],
        )

    @abstractmethod
    def _holdings(self) -> str:
        """What is safe in the store, in words."""

    def _disk_error(self, error: OSError) -> OSError:
        if error.errno not in (errno.ENOSPC, errno.EIO):
            return error
        return OSError(
            error.errno,
            f"{error.strerror}; {self._holdings()} are safe in the store: "
            "make room and run again to go on",
            str(self.path),
        )

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError(f"the writer of {self.path} is closed")


def _lock(directory: Path, path: Path) -> JobLock:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        return JobLock(lock_path(path))
    except OSError as error:
        raise OSError(
            error.errno, f"`summary_dir` is not writable ({error.strerror})", str(directory)
        ) from error
