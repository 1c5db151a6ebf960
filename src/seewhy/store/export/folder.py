"""A folder that is there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def whole_folder(
    out: Path, marker: str, force: bool = False, sources: Sequence[Path] = ()
) -> Iterator[Path]:
    """Yield an empty folder beside `out` that takes its name when all went well.

    Parameters
    ----------
    out
        The folder to make; an empty one is taken as it is.
    marker
        File by which a folder is known that was made in this way; only such a one is replaced.
    force
        Whether to replace.
    sources
        Files that must not be within what is replaced.

    Raises
    ------
    FileExistsError, NotADirectoryError
        If `out` is there already and may not be replaced.
    OSError
        If it cannot be written. Nothing is left behind then.
    """
    target = Path(os.path.realpath(out))
    _check_target(target, out, marker, force, sources)
    partial = _beside(target, "partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        _put(partial, target)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if isinstance(error, OSError):
            raise _explained(error, out) from error
        raise


def _check_target(
    target: Path, out: Path, marker: str, force: bool, sources: Sequence[Path]
) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "`out` is there, and is not a folder", str(out))
    if not any(target.iterdir()):
        return
    if any(Path(os.path.realpath(source)).is_relative_to(target) for source in sources):
        raise FileExistsError(errno.EEXIST, "`out` holds what is to be exported", str(out))
    if not (target / marker).is_file():
        raise FileExistsError(
            errno.EEXIST, f"`out` is there, and no export (there is no {marker} in it)", str(out)
        )
    if not force:
        raise FileExistsError(
            errno.EEXIST, "`out` is there; replace it with force (--force)", str(out)
        )


def _beside(target: Path, word: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{word}")


def _put(partial: Path, target: Path) -> None:
    """Rename, and remove what was there before."""
    if not target.exists():
        partial.rename(target)
        return
    before = _beside(target, "old")
    target.rename(before)
    try:
        partial.rename(target)
    except BaseException:
        before.rename(target)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _explained(error: OSError, out: Path) -> OSError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OSError(error.errno, "no space left on the disk; nothing was written", str(out))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
        return OSError(error.errno, f"`out` cannot be written ({error.strerror})", str(out))
    return error
