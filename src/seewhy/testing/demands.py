"""What the checks are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network.protocol import Tensor


def check_samples(x: Tensor) -> None:
    """Raise ValueError unless x is a batch of two or more."""
    if len(x.shape) != 4 or x.shape[0] < 2:
        raise ValueError(f"`x` must hold two or more samples (N, C, H, W), got {tuple(x.shape)}")


def singles(x: Tensor) -> list[Tensor]:
    """Split a batch into batches of one."""
    return [x[n : n + 1] for n in range(x.shape[0])]


def demand(condition: bool, message: str) -> None:
    """Raise AssertionError unless the condition holds."""
    if not condition:
        raise AssertionError(message)


def same(made: npt.NDArray[Any], other: npt.NDArray[Any], what: str, rtol: float) -> None:
    """Raise AssertionError unless two arrays are equal to `rtol` of the largest number."""
    demand(
        made.shape == other.shape, f"{what}: shapes must be equal, got {made.shape}, {other.shape}"
    )
    apart = float(np.abs(made.astype(np.float64) - other).max(initial=0))
    allowed = rtol * float(np.abs(other).max(initial=0))
    demand(apart <= allowed, f"{what}: must be equal to {allowed:.1e}, got {apart:.1e} apart")


def refuses(error: type[Exception], call: Callable[[], Any], what: str) -> None:
    """Raise AssertionError unless the call raises `error`."""
    try:
        call()
    except error:
        return
    except Exception as other:
        raise AssertionError(f"{what}: must be a {error.__name__}, got {other!r}") from other
    raise AssertionError(f"{what}: must be a {error.__name__}, got none")
