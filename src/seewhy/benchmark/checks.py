"""The checks of arguments that several metrics share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def check_activation_fn(activation_fn: Any) -> None:
    """Raise TypeError unless `activation_fn` is callable."""
    if not callable(activation_fn):
        raise TypeError(f"`activation_fn` must be callable, got {type(activation_fn).__name__}")


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raise TypeError or ValueError unless `value` is one of the words."""
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be a string, got {type(value).__name__}")
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(choices)}, got {value!r}")


def check_share(name: str, value: Any) -> float:
    """Return a number in (0, 1] as a float; TypeError or ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{name}` must be a number in (0, 1], got {type(value).__name__}")
    if not 0 < value <= 1:
        raise ValueError(f"`{name}` must be in (0, 1], got {value}")
    return float(value)


def check_not_negative(name: str, value: Any) -> float:
    """Return a finite number of 0 or more as a float; TypeError or ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{name}` must be a number of 0 or more, got {type(value).__name__}")
    if not 0 <= value < float("inf"):
        raise ValueError(f"`{name}` must be a number of 0 or more, got {value}")
    return float(value)
