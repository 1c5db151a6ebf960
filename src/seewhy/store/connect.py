"""Opening a store: for one writer, for any number of readers, on local and network disks."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from seewhy.store.lock import JobLock
from seewhy.store.schema import VERSION, migrate, stored_version

SUFFIX = ".seewhy.db"
LOCK_SUFFIX = ".seewhy.lock"
READ_PATIENCE_SECONDS = 5
WRITE_PATIENCE_SECONDS = 30

# SQLite's write-ahead log needs memory shared between all users of a file: one host only.
NETWORK_FILE_SYSTEMS = {
    "9p", "afs", "beegfs", "ceph", "cifs", "fuse.ceph", "fuse.glusterfs", "fuse.s3fs",
    "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "orangefs", "smb3",
    "smbfs", "virtiofs",
}  # fmt: skip


def lock_path(path: Path) -> Path:
    """Lock file of a store."""
    return path.with_name(path.name.removesuffix(SUFFIX) + LOCK_SUFFIX)


def file_system(directory: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> str:
    """Type of the file system that holds `directory`; '' where that cannot be read."""
    try:
        lines = mountinfo.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    resolved = directory.resolve()
    best = (-1, "")
    for line in lines:
        before, _, after = line.partition(" - ")
        # Blanks in mount points are written as octal escapes.
        mount = Path(before.split()[4].replace("\\040", " ").replace("\\011", "\t"))
        if resolved.is_relative_to(mount) and len(mount.parts) >= best[0]:
            best = (len(mount.parts), after.split()[0])
    return best[1]


def open_writable(path: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> sqlite3.Connection:
    """Open a store for its one writer; make or migrate it.

    Raises
    ------
    ValueError
        If the file is corrupt, not a store, or newer than this SeeWhy. It is left untouched.
    OSError
        If it cannot be written.
    """
    if path.exists() and path.stat().st_size:
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "the store is not writable", str(path))
        with (
            contextlib.closing(_connect(path, "ro", READ_PATIENCE_SECONDS)) as connection,
            translate_errors(path),
        ):
            stored_version(connection, path)
    with translate_errors(path, writing=True):
        connection = _connect(path, "rwc", WRITE_PATIENCE_SECONDS)
        try:
            network = file_system(path.parent, mountinfo) in NETWORK_FILE_SYSTEMS
            connection.execute(f"PRAGMA journal_mode = {'TRUNCATE' if network else 'WAL'}")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection, stored_version(connection, path))
            _forget_statistics(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _forget_statistics(connection: sqlite3.Connection) -> None:
    """Forget how small the tables were when a run last stopped: it is about to fill them.

    SQLite would go on to scan a table of few rows, however many there are by then.
    """
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'").fetchone():
        connection.execute("DELETE FROM sqlite_stat1")


def open_readable(path: Path) -> sqlite3.Connection:
    """Read-only connection; an older store is migrated first.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is corrupt, not a store, newer than this SeeWhy, or older and not writable.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no store", str(path))
    with translate_errors(path):
        connection = _connect_read_only(path)
        try:
            version = stored_version(connection, path)
        except BaseException:
            connection.close()
            raise
        if version == VERSION:
            return connection
        connection.close()
        if version == 0:
            raise ValueError(f"{path} is empty: its run has not written anything yet")
        _upgrade(path, version)
        return _connect_read_only(path)


def _upgrade(path: Path, version: int) -> None:
    """Migrate a store of an older version in place."""
    try:
        lock = JobLock(lock_path(path))
        try:
            finalise(open_writable(path))
        finally:
            lock.release()
    except (OSError, RuntimeError) as error:
        raise ValueError(
            f"{path} has the older schema version {version} and could not be migrated to "
            f"{VERSION}: {error}"
        ) from error


def finalise(connection: sqlite3.Connection) -> None:
    """Make the store one ordinary file, and close it."""
    try:
        connection.execute("PRAGMA optimize")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # A reader that is just looking makes this fail. A store left in WAL mode with an empty
        # log is readable all the same, so there is no point in insisting.
        connection.execute("PRAGMA busy_timeout = 2000")
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = DELETE")
    finally:
        connection.close()


def _connect_read_only(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "ro", READ_PATIENCE_SECONDS)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        # In a read-only folder a store in WAL mode cannot get its shared memory. Without a log
        # the file itself is complete. "immutable" ignores locks: only for this one case.
        log = path.with_name(path.name + "-wal")
        if _is_locked(error) or log.exists() or not path.is_file():
            raise
        connection = _connect(path, "ro", READ_PATIENCE_SECONDS, immutable=True)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect(path: Path, mode: str, timeout: float, immutable: bool = False) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if immutable else ''}"
    return sqlite3.connect(
        uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False
    )


@contextlib.contextmanager
def translate_errors(path: Path, writing: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into ones that name the file and say what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = str(error)
        if writing and "full" in message:
            raise OSError(errno.ENOSPC, "no space left on the disk", str(path)) from error
        if writing and "disk I/O" in message:
            raise OSError(errno.EIO, "the disk refuses to be written", str(path)) from error
        if _is_locked(error):
            raise ValueError(f"{path} is locked by another process: try again") from error
        if "readonly" in message or "unable to open" in message:
            raise _unopenable(path, error) from error
        raise ValueError(f"{path} cannot be read as a SeeWhy store: {error}") from error
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is corrupt or not a SeeWhy store: {error}") from error


def _is_locked(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _unopenable(path: Path, error: Exception) -> Exception:
    if not path.exists():
        return FileNotFoundError(errno.ENOENT, "there is no store", str(path))
    if path.with_name(path.name + "-wal").exists():
        return ValueError(
            f"{path} was left by a killed run in a folder that is not writable: "
            "copy it, with its -wal file, to a writable folder to read it"
        )
    return PermissionError(errno.EACCES, f"the store cannot be opened ({error})", str(path))
