"""One writer a job: a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

# A viewer that asks `is_locked` holds the lock for microseconds; do not take that for a writer.
PATIENCE_SECONDS = 0.5


class JobLock:
    """Exclusive lock on a file beside the store; the file is removed on release.

    Raises
    ------
    RuntimeError
        If another live writer, of this process or another one, holds the job.
    OSError
        If the lock file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            descriptor = _try_lock(path)
            if descriptor is not None:
                self._descriptor: int | None = descriptor
                return
            if time.monotonic() > deadline:
                raise RuntimeError(
                    f"another process is writing this job (lock file {path}): wait for it to end, "
                    "or give this run another job name or summary_dir"
                )
            time.sleep(0.02)

    def release(self) -> None:
        """Give the job free; may be called twice."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            self._path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The file may have been removed by its last owner after we opened it.
        if os.stat(path).st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def is_locked(path: Path) -> bool | None:
    """Whether a live writer holds the lock; None if that cannot be known."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return False
