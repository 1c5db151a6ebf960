"""The checks of what a hierarchical search is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise TypeError or ValueError unless `value` is one of the words."""
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be a string, got {type(value).__name__}")
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(choices)}, got {value!r}")


def check_share(name: str, value: Any) -> float:
    """Return a number between 0 and 1 as a float; TypeError or ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"`{name}` must be a number, got {type(value).__name__}")
    if not 0 < value < 1:
        raise ValueError(f"`{name}` must be between 0 and 1, got {value}")
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """Raise TypeError unless `value` is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be a bool, got {type(value).__name__}")
    return value


def check_positive_int(name: str, value: Any, also: str = "") -> None:
    """Raise TypeError or ValueError unless `value` is a positive int."""
    accepted = f"`{name}` must be a positive int {also}".rstrip()
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{accepted}, got {type(value).__name__} {value!r}")
    if value < 1:
        raise ValueError(f"{accepted}, got {value}")
