"""Speed on request: settings of the whole process, which nothing chooses unasked."""

from __future__ import annotations

import ctypes
import sys

# Numbers of <malloc.h>.
TRIM_THRESHOLD, TOP_PAD, MMAP_MAX = -1, -2, -4

AHEAD = 64 * 2**20
"""Bytes that are asked of the kernel beyond what is needed, so that it is asked less often."""


def tune_allocator() -> None:
    """Have the process keep the memory it frees, which makes forwards of large batches faster.

    The C library gives blocks above 32 MiB back to the kernel as soon as they are free; a network
    whose activations are larger takes them anew, page by page, after each layer, up to four times
    slower. SeeWhy's own streams keep below that size and gain little; this is for the rest:
    gradients of many samples, forwards of your own, other libraries.

    It is for the whole process and for good: memory once taken stays taken until the process
    ends. Call it before the first large forward. Results do not change.

    Raises
    ------
    RuntimeError
        If this is not Linux with glibc, or glibc refuses.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is None or not hasattr(library, "gnu_get_libc_version"):
        raise RuntimeError(
            "`tune_allocator` works on Linux with glibc only, this is another system"
        )
    settings = ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, AHEAD))
    if not all([library.mallopt(name, value) for name, value in settings]):
        raise RuntimeError("`tune_allocator` failed: glibc refused one of the settings")
