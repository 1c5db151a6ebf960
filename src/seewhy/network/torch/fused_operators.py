"""The fused operators: convolution and linear layers that run oneDNN with post-operations.

The operators below are private to PyTorch (its compiler calls them); `seewhy.network.torch.fused`
tests them against the plain network before they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

# A larger matrix is used as it lies: a packed copy saves little there and costs memory.
PACKED_BYTES = 16 * 2**20

Packed: TypeAlias = tuple[Tensor, Tensor | None]


class Activation(NamedTuple):
    """An activation in oneDNN's terms: name, its numbers, variant."""

    name: str = "none"
    numbers: tuple[float, ...] = ()
    variant: str = ""


class Slot(NamedTuple):
    """Where a tensor of the user's network lives; read anew whenever weights are packed."""

    owner: nn.Module
    name: str

    def read(self) -> Tensor:
        tensor: Tensor = getattr(self.owner, self.name)
        return tensor.detach()


@dataclass(frozen=True)
class Convolution:
    """A convolution (N, C, H, W) -> (N, K, H', W') with the batch normalisation after it, folded.

    `padding` is (top, bottom, left, right); what oneDNN cannot pad, because the two sides differ,
    becomes rows or columns of zeros of the kernel, which give the same sums.
    """

    weight: Slot
    bias: Slot | None
    stride: tuple[int, int]
    padding: tuple[int, int, int, int]
    dilation: tuple[int, int]
    groups: int
    norm: nn.BatchNorm2d | None = None

    def with_norm(self, norm: nn.BatchNorm2d) -> Convolution:
        return replace(self, norm=norm)

    @property
    def even_padding(self) -> tuple[int, int]:
        top, bottom, left, right = self.padding
        return max(top, bottom), max(left, right)

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width with the rows and columns of zeros."""
        high, wide = self.weight.read().shape[2:]
        left, right, top, bottom = self._zeros()
        return high + top + bottom, wide + left + right

    @property
    def geometry(self) -> tuple[list[int], list[int], list[int], int]:
        return list(self.even_padding), list(self.stride), list(self.dilation), self.groups

    def packed(self, dtype: torch.dtype) -> Packed:
        """Fold, extend, round and reorder the weights."""
        weight = self.weight.read()
        bias = None if self.bias is None else self.bias.read()
        if self.norm is not None:
            weight, bias = _folded(weight, bias, self.norm)
        weight = functional.pad(weight, self._zeros())
        weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
        reorder = torch.ops.mkldnn._reorder_convolution_weight
        return reorder(weight, *self.geometry, None), _copied(bias, dtype)

    def _zeros(self) -> list[int]:
        """Return how many columns and rows to add: left, right, top, bottom."""
        (high, wide), (down, across) = self.even_padding, self.dilation
        top, bottom, left, right = self.padding
        return [
            (wide - left) // across, (wide - right) // across,
            (high - top) // down, (high - bottom) // down,
        ]  # fmt: skip


class FusedConvolution(nn.Module):
    """Run `convolution`, add a second tensor if there is one, then the activation.

    `overwrite` puts the sum into the second tensor, for when nobody reads that one again. `dtype`
    is that of the arithmetic and of the result.
    """

    def __init__(
        self, convolution: Convolution, activation: Activation, dtype: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.dtype = dtype
        self.convolution = convolution
        self.activation = activation
        self.overwrite = False
        self.geometry = convolution.geometry
        self.post = (activation.name, list(activation.numbers), activation.variant)
        only = None if activation.name == "none" else activation.name
        self.binary = ("add", 1.0, only, list(activation.numbers), activation.variant)
        self.pack()

    def pack(self) -> None:
        """Read the network's weights."""
        self.packed = self.convolution.packed(self.dtype)

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        return self._run(x, other, self.geometry, self.overwrite)

    def on_part(self, x: Tensor, other: Tensor | None = None, *, overwrite: bool) -> Tensor:
        """Run on a part of the input that brings its own surroundings: nothing is padded."""
        return self._run(x, other, ([0, 0], *self.geometry[1:]), overwrite)

    def _run(self, x: Tensor, other: Tensor | None, geometry: Any, overwrite: bool) -> Tensor:
        x = x.to(self.dtype).contiguous(memory_format=torch.channels_last)
        operators: Any = torch.ops.mkldnn
        made: Tensor
        if other is None:
            made = operators._convolution_pointwise(x, *self.packed, *geometry, *self.post)
            return made
        other = other.to(self.dtype)
        run: Callable[..., Tensor] = operators._convolution_pointwise.binary
        if overwrite:
            run, x, other = operators._convolution_pointwise_.binary, other, x
        return run(x, other, *self.packed, *geometry, *self.binary)


class FusedLinear(nn.Module):
    """Run a linear layer (N, C) -> (N, K) and the activation after it."""

    def __init__(
        self,
        weight: Slot,
        bias: Slot | None,
        activation: Activation,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.dtype = dtype
        self.weight = weight
        self.bias = bias
        self.post = (activation.name, list(activation.numbers), activation.variant)
        self.pack()

    def pack(self) -> None:
        """Read the network's weights."""
        weight = self.weight.read().to(self.dtype)
        if weight.nbytes <= PACKED_BYTES:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight, None)
        bias = None if self.bias is None else self.bias.read()
        self.packed: Packed = weight, _copied(bias, self.dtype)

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = torch.ops.mkldnn._linear_pointwise(
            x.to(self.dtype), *self.packed, *self.post
        )
        return made


Fused: TypeAlias = FusedConvolution | FusedLinear


def missing_operators() -> list[str]:
    """Return the names of the operators used here that this PyTorch lacks."""
    needed = {
        "_convolution_pointwise": "default binary",
        "_convolution_pointwise_": "binary",
        "_reorder_convolution_weight": "default",
        "_linear_pointwise": "default",
        "_reorder_linear_weight": "default",
    }
    return [
        f"mkldnn::{name}.{overload}"
        for name, overloads in needed.items()
        for overload in overloads.split()
        if not hasattr(getattr(torch.ops.mkldnn, name, None), overload)
    ]


def _folded(weight: Tensor, bias: Tensor | None, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    mean, variance = (_double(getattr(norm, name)) for name in ("running_mean", "running_var"))
    scale = (variance + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * _double(norm.weight)
    shift = ((0 if bias is None else bias.double()) - mean) * scale
    if norm.bias is not None:
        shift = shift + _double(norm.bias)
    return (weight.double() * scale.reshape(-1, 1, 1, 1)).float(), shift.float()


def _copied(bias: Tensor | None, dtype: torch.dtype) -> Tensor | None:
    return None if bias is None else bias.to(dtype, copy=True)


def _double(tensor: Tensor) -> Tensor:
    return tensor.detach().double()
