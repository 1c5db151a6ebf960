"""Finding and checking the logits in what a network returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seewhy.network.protocol import Ops, OutputPicker, Tensor

NO_PATH = "`network` must compute its logits from the input or layer by differentiable steps"


class NotFiniteError(ValueError):
    """A network's or an activation's answer holds NaN or an infinity."""


def pick_logits(
    answer: Any,
    output: OutputPicker | None,
    ops: Ops,
    num_samples: int,
    source: str = "`network` must return",
) -> Tensor:
    """Logits (N, K) out of a network's answer; `source` begins the message of an error.

    Raises
    ------
    TypeError
        If the answer (or what `output` picked from it) is not one tensor.
    ValueError
        If it is not (N, K) with K >= 1.
    """
    logits = answer if output is None else output(answer)
    if not ops.is_tensor(logits):
        hint = f"; {_example(answer)}" if output is None else ""
        source = source if output is None else "`output` must pick"
        raise TypeError(f"{source} one {ops.tensor_type} of logits, got {_describe(logits)}{hint}")
    shape = tuple(logits.shape)
    if len(shape) != 2 or shape[1] == 0:
        raise ValueError(f"{source} a tensor of shape (N, K), got {shape}")
    if shape[0] != num_samples:
        raise ValueError(
            f"{source} one row for each sample, got {shape[0]} rows for {num_samples} samples"
        )
    return logits


def check_finite(logits: Tensor, ops: Ops, what: str = "`network` returned") -> None:
    """Raise NotFiniteError that names the first sample whose row holds NaN or an infinity."""
    if ops.all_finite(logits):
        return
    bad = next(i for i in range(logits.shape[0]) if not ops.all_finite(logits[i]))
    raise NotFiniteError(f"{what} NaN or infinite values for sample {bad} of the batch")


def check_spatial(result: Any, layer: str) -> None:
    """Raise ValueError unless a layer's output is a tensor (N, C, h, w)."""
    if getattr(result, "ndim", 0) != 4:
        shape = getattr(result, "shape", None)
        got = type(result).__name__ if shape is None else tuple(shape)
        raise ValueError(f"`layer` must have a spatial output (N, C, h, w), {layer!r} gave {got}")


def _describe(answer: Any) -> str:
    if isinstance(answer, Mapping):
        return f"{type(answer).__name__} with keys {', '.join(map(repr, answer))}"
    if isinstance(answer, (tuple, list)):
        return f"{type(answer).__name__} of {len(answer)}"
    return type(answer).__name__


def _example(answer: Any) -> str:
    if isinstance(answer, Mapping) and answer:
        key = "logits" if "logits" in answer else next(iter(answer))
        return f"pick them with `output=lambda answer: answer[{key!r}]`"
    if isinstance(answer, (tuple, list)):
        return "pick them with `output=lambda answer: answer[0]`"
    return "pick them with `output=lambda answer: ...`"
