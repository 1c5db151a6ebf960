"""What must hold before a network is fused."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from seewhy.network.torch.fused_operators import missing_operators
from seewhy.network.torch.fused_trace import NotFusableError


def check_environment() -> None:
    """Raise NotFusableError if this PyTorch lacks oneDNN or an operator, or has it turned off."""
    if not torch._C._has_mkldnn or not torch._C._get_mkldnn_enabled():
        raise NotFusableError("oneDNN is not available or turned off")
    missing = missing_operators()
    if missing:
        raise NotFusableError(f"this PyTorch lacks {', '.join(missing)}")


def check_input(example: Tensor) -> None:
    """Raise NotFusableError if inputs are not float32 on the CPU."""
    if not is_plain(example) or example.dtype != torch.float32 or example.numel() == 0:
        raise NotFusableError(f"inputs are {example.dtype} on {example.device}, not float32 on cpu")


def check_module(module: nn.Module) -> None:
    """Raise NotFusableError for modules that a trace would misread, or weights not float32."""
    for name, part in module.named_modules():
        name = name or "the network"
        if isinstance(part, torch.jit.ScriptModule):
            raise NotFusableError(f"{name} is a torch.jit module")
        if "forward" in part.__dict__:
            raise NotFusableError(f"the forward of {name} was replaced")
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        fits = tensor.dtype == torch.float32 or not tensor.is_floating_point()
        if not fits or not is_plain(tensor) or tensor.is_complex():
            raise NotFusableError(
                f"{name} is {tensor.dtype} on {tensor.device}, not float32 on cpu"
            )


def is_plain(tensor: Tensor) -> bool:
    """Whether `tensor` is an ordinary one in the memory of the CPU."""
    return tensor.device.type == "cpu" and tensor.layout == torch.strided
