"""The check that everything which takes images makes before any work."""

from __future__ import annotations

from typing import Any

from seewhy.network.protocol import Ops


def check_inputs(inputs: Any, ops: Ops) -> None:
    """Raise TypeError or ValueError unless `inputs` is a finite floating tensor (N, C, H, W)."""
    if not ops.is_tensor(inputs):
        kind = f"{type(inputs).__module__}.{type(inputs).__qualname__}"
        raise TypeError(
            f"`inputs` must be a {ops.tensor_type}, as the network's framework is, got {kind}"
        )
    if not ops.is_floating(inputs):
        raise TypeError(f"`inputs` must be a floating-point tensor, got {inputs.dtype}")
    if inputs.ndim != 4:
        raise ValueError(f"`inputs` must have shape (N, C, H, W), got {tuple(inputs.shape)}")
    if 0 in inputs.shape:
        raise ValueError(f"`inputs` must hold at least one pixel, got {tuple(inputs.shape)}")
    if not ops.all_finite(inputs):
        bad = next(i for i in range(inputs.shape[0]) if not ops.all_finite(inputs[i]))
        raise ValueError(f"`inputs` must be finite, got NaN or infinity in sample {bad}")
