"""Telling a mistake in the user's own code from one in ours."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


class UserCodeError(RuntimeError):
    """An error out of the user's own code; the message ends with its place there."""


@contextmanager
def blamed_on(folder: Path) -> Iterator[None]:
    """Turn errors that come out of Python files below `folder` into `UserCodeError`."""
    try:
        yield
    except Exception as error:
        place = _place(error, folder.resolve())
        if place is None:
            raise
        raise UserCodeError(f"{_message(error)}\n  at {place}") from error


def _place(error: BaseException, folder: Path) -> str | None:
    """Where in the files below `folder` the error, or what caused it, came from."""
    if isinstance(error, SyntaxError) and _is_own(error.filename, folder):
        return f"{error.filename}:{error.lineno}: {(error.text or '').strip()}"
    cause = error.__cause__
    place = _place(cause, folder) if cause is not None else None
    if place is not None:
        return place
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if _is_own(frame.filename, folder):
            return f"{frame.filename}:{frame.lineno}: {frame.line}"
    return None


def _is_own(filename: str | None, folder: Path) -> bool:
    if filename is None:
        return False
    file = Path(filename).resolve()
    installed = {"site-packages", "dist-packages"} & set(file.parts)
    return file.is_relative_to(folder) and not installed and not file.is_relative_to(PACKAGE)


def _message(error: BaseException) -> str:
    """The message; other people's errors also need their type to be understood."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = bool(frames) and Path(frames[-1].filename).resolve().is_relative_to(PACKAGE)
    return str(error) if ours else f"{type(error).__name__}: {error}"
