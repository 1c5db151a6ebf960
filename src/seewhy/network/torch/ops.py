"""PyTorch's spelling of the operations that the two tensor dialects do not share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seewhy.network.bilinear import interpolation


class TorchOps:
    """See `seewhy.network.protocol.Ops`."""

    tensor_type = "torch.Tensor"

    def is_tensor(self, value: object) -> bool:
        return isinstance(value, torch.Tensor)

    def is_floating(self, x: torch.Tensor) -> bool:
        return x.is_floating_point()

    def tensor(self, array: npt.ArrayLike, like: torch.Tensor | None = None) -> torch.Tensor:
        made = torch.as_tensor(np.array(array))
        if like is None:
            return made
        return made.to(like.device, like.dtype if made.is_floating_point() else made.dtype)

    def numpy(self, x: torch.Tensor) -> npt.NDArray[Any]:
        x = x.detach().cpu()
        return np.array((x.float() if x.dtype == torch.bfloat16 else x).numpy())

    def cast(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        return x.to(like.dtype)

    def concat(self, xs: Sequence[torch.Tensor], axis: int = 0) -> torch.Tensor:
        return torch.cat(list(xs), axis)

    def stack(self, xs: Sequence[torch.Tensor], axis: int = 0) -> torch.Tensor:
        return torch.stack(list(xs), axis)

    def gather(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return x.gather(1, index)

    def where(self, condition: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.where(condition, x, y)

    def mean(self, x: torch.Tensor, axis: tuple[int, ...]) -> torch.Tensor:
        return x.mean(axis, keepdim=True)

    def resize(self, x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        down, across = (
            self.tensor(interpolation(old, new), like=x)
            for old, new in zip(x.shape[2:], size, strict=True)
        )
        return down @ x @ across.T

    def all_finite(self, x: torch.Tensor) -> bool:
        # A sum of finite numbers is nearly always finite: one pass, no temporary of x's size.
        return bool(x.sum().isfinite()) or bool(x.isfinite().all())
