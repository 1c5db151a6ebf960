"""Checking a dropout rate."""

from __future__ import annotations


def check_rate(rate: float | None) -> None:
    """Raise TypeError or ValueError unless `rate` is None or a number in [0, 1)."""
    if rate is None:
        return
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise TypeError(f"`rate` must be a number in [0, 1) or None, got {type(rate).__name__}")
    if not 0 <= rate < 1:
        raise ValueError(f"`rate` must be in [0, 1), got {rate}")
