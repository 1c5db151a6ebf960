"""What must hold for the faster streams that a user may ask for."""

from __future__ import annotations

import platform

import torch
from torch import nn

INSTRUCTIONS = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
"""Names in `torch.cpu` of what makes bfloat16 fast on processors of the x86 family."""


def check_bfloat16(module: nn.Module) -> None:
    """Raise RuntimeError or ValueError where forwards in bfloat16 cannot be, or would be slow."""
    for name, tensor in module.named_parameters():
        if tensor.is_floating_point() and (tensor.dtype, tensor.device.type) != (
            torch.float32,
            "cpu",
        ):
            raise ValueError(
                "`network` must hold float32 parameters on the CPU for streams in bfloat16, got "
                f"{tensor.dtype} on {tensor.device} ({name})"
            )
    onednn = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    if onednn is None or not torch._C._has_mkldnn or not onednn():
        raise RuntimeError(
            "streams in bfloat16 need a processor and an oneDNN with bfloat16 (a limit such as "
            "ONEDNN_MAX_CPU_ISA=AVX2 turns it off), this has none"
        )
    others = platform.machine() not in ("x86_64", "AMD64")
    if not others and not any(getattr(torch.cpu, name, bool)() for name in INSTRUCTIONS):
        raise RuntimeError(
            "streams in bfloat16 need a processor with instructions for it (AVX-512 BF16 or AMX), "
            "this has none and would be slower than in float32"
        )


def check_compiles(module: nn.Module) -> None:
    """Raise RuntimeError where `torch.compile` does not work, by compiling one small function."""
    like = next(module.parameters(), torch.empty(0))
    try:
        torch.compile(_small)(torch.ones(4, device=like.device))
    except Exception as error:
        words = next(iter(str(error).strip().splitlines()), repr(error))
        raise RuntimeError(
            "compiled streams need `torch.compile`, which needs a C++ compiler (g++ or clang) at "
            f"run time on the CPU; here it failed: {words[:300]}"
        ) from error


def _small(x: torch.Tensor) -> torch.Tensor:
    return x * 2 + 1
