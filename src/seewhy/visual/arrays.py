"""What the picture functions accept: arrays and tensors of any framework, checked at the door."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any
"""A NumPy array, or a tensor with ``asnumpy()`` (MindSpore) or ``detach()`` (PyTorch)."""


def check_bool(name: str, value: object) -> None:
    """Raise TypeError unless `value` is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be a bool, got {type(value).__name__}")


def to_numpy(name: str, value: Array) -> NDArray[Any]:
    """Return `value` as a finite float32 or float64 array.

    Half precision (float16, bfloat16) becomes float32.

    Raises
    ------
    TypeError
        If `value` is neither an array nor a tensor.
    ValueError
        If it does not hold floating-point numbers, is empty, or holds NaN or infinity.
    """
    array = _on_host(name, value)
    if not np.issubdtype(array.dtype, np.floating):
        raise ValueError(f"`{name}` must hold floating-point numbers, got {array.dtype}")
    if array.size == 0:
        raise ValueError(f"`{name}` must not be empty, got shape {array.shape}")
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        raise ValueError(f"`{name}` must be finite, got {bad} NaN or infinite of {array.size}")
    return array.astype(np.float64 if array.dtype.itemsize >= 8 else np.float32, copy=False)


def to_map(name: str, value: Array) -> NDArray[Any]:
    """Return `value` as one finite (H, W) map; axes of length 1 around it are dropped.

    Raises
    ------
    TypeError
        If `value` is neither an array nor a tensor.
    ValueError
        As `to_numpy`, or if it is not one map.
    """
    array = to_numpy(name, value)
    shape = array.shape
    # Not np.squeeze: a map that is one pixel high or wide is still a map.
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != 2:
        raise ValueError(
            f"`{name}` must be one map of shape (H, W), (1, H, W) or (1, 1, H, W), got {shape}"
        )
    return array


def _on_host(name: str, value: Array) -> NDArray[Any]:
    """Copy a tensor to NumPy by the methods it has; no framework is imported."""
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    is_mindspore, is_torch = hasattr(value, "asnumpy"), hasattr(value, "detach")
    if not (is_mindspore or is_torch):
        raise TypeError(f"`{name}` must be a NumPy array or a tensor, got {type(value).__name__}")
    if "bfloat16" in str(value.dtype).lower():
        value = value.float()  # NumPy has no bfloat16
    return np.asarray(value.asnumpy() if is_mindspore else value.detach().cpu().numpy())
