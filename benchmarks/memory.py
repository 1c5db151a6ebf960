"""Peak memory of a call: how far the resident set of a fresh process grows (Linux)."""

from __future__ import annotations

import ctypes
import os
import traceback
from collections.abc import Callable
from pathlib import Path

_STATUS = Path("/proc/self/status")


def available() -> bool:
    """Whether this system tells the peak of the resident set and lets it be set back."""
    return _STATUS.exists() and os.access("/proc/self/clear_refs", os.W_OK)


def peak_growth(call: Callable[[], object]) -> int | None:
    """Run `call` in a fork of this process; return the growth in bytes, None if it failed.

    `ru_maxrss` would not do: a child starts with its parent's. The parent must not have run the
    like before, or the memory that it has at hand is not counted.
    """
    _give_back_free_memory()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _report(call, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return int(answer) if answer else None


def _report(call: Callable[[], object], writing: int) -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak is what is resident now
        start = _kilobytes("VmRSS")
        call()
        os.write(writing, str((_kilobytes("VmHWM") - start) * 1024).encode())
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)  # nothing of the parent's may run twice


def _kilobytes(name: str) -> int:
    line = next(row for row in _STATUS.read_text().splitlines() if row.startswith(f"{name}:"))
    return int(line.split()[1])


def _give_back_free_memory() -> None:
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return  # another libc: what is free counts as if it were used
