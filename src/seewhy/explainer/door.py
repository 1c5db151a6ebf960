"""The checks that every explainer makes before any work."""

from __future__ import annotations

from typing import Any

from seewhy.network.inputs import check_inputs

__all__ = ["check_inputs", "check_ret", "check_show"]


def check_ret(ret: Any) -> None:
    """Raise TypeError or ValueError unless `ret` is one of the two accepted words."""
    if not isinstance(ret, str):
        raise TypeError(f"`ret` must be 'tensor' or 'image', got {type(ret).__name__}")
    if ret not in ("tensor", "image"):
        raise ValueError(f"`ret` must be 'tensor' or 'image', got {ret!r}")


def check_show(show: Any) -> None:
    """Raise TypeError unless `show` is a bool or None."""
    if show is not None and not isinstance(show, bool):
        raise TypeError(f"`show` must be a bool or None, got {type(show).__name__}")
