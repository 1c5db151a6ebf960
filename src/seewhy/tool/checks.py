"""Checks of the arguments of tools."""

from __future__ import annotations

from typing import Any

from seewhy.network.protocol import Ops


def check_count(name: str, value: Any) -> None:
    """Raise TypeError or ValueError unless `value` is a positive int."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"`{name}` must be a positive int, got {type(value).__name__} {value!r}")
    if value < 1:
        raise ValueError(f"`{name}` must be a positive int, got {value}")


def check_number(name: str, value: Any, *, positive: bool = False) -> None:
    """Raise TypeError or ValueError unless `value` is a number of 0 or more, or above 0."""
    accepted = f"`{name}` must be a number {'above 0' if positive else 'of 0 or more'}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{accepted}, got {type(value).__name__}")
    if not 0 <= value < float("inf") or (positive and value == 0):
        raise ValueError(f"{accepted}, got {value}")


def check_flag(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be a bool, got {type(value).__name__}")


def check_callable(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is callable."""
    if not callable(value):
        raise TypeError(f"`{name}` must be callable, got {type(value).__name__}")


def check_seed(seed: Any) -> None:
    """Raise TypeError or ValueError unless `seed` is None or an int of 0 or more."""
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"`seed` must be an int of 0 or more or None, got {type(seed).__name__}")
    if seed < 0:
        raise ValueError(f"`seed` must be an int of 0 or more or None, got {seed}")


def check_inputs(inputs: Any, ops: Ops) -> None:
    """Raise TypeError or ValueError unless `inputs` is a finite floating tensor of samples."""
    if not ops.is_tensor(inputs):
        raise TypeError(f"`inputs` must be a {ops.tensor_type}, got {type(inputs).__name__}")
    if not ops.is_floating(inputs):
        raise TypeError(f"`inputs` must hold floating-point numbers, got {inputs.dtype}")
    if inputs.ndim < 2 or inputs.shape[0] == 0:
        raise ValueError(
            f"`inputs` must hold one sample or more, (N, ...), got shape {tuple(inputs.shape)}"
        )
    if not ops.all_finite(inputs):
        raise ValueError("`inputs` must be finite, got NaN or infinite values")


def check_loss(loss: Any, ops: Ops) -> None:
    """Raise TypeError or ValueError unless `loss` is a tensor of one number."""
    if not ops.is_tensor(loss):
        raise TypeError(f"`loss_fn` must return a {ops.tensor_type}, got {type(loss).__name__}")
    if loss.ndim and set(loss.shape) != {1}:
        raise ValueError(f"`loss_fn` must return one number, got shape {tuple(loss.shape)}")
