"""MindSpore's spelling of the operations that the two tensor dialects do not share.

Built on `mindspore.ops` and tensor methods: many calls of `mindspore.mint` have no CPU kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore
import numpy as np
import numpy.typing as npt
from mindspore import ops

_FLOATING = (mindspore.float16, mindspore.bfloat16, mindspore.float32, mindspore.float64)


class MindSporeOps:
    """See `seewhy.network.protocol.Ops`."""

    tensor_type = "mindspore.Tensor"

    def is_tensor(self, value: object) -> bool:
        return isinstance(value, mindspore.Tensor)

    def is_floating(self, x: mindspore.Tensor) -> bool:
        return x.dtype in _FLOATING

    def tensor(
        self, array: npt.ArrayLike, like: mindspore.Tensor | None = None
    ) -> mindspore.Tensor:
        made = mindspore.Tensor(np.array(array))
        if like is not None and self.is_floating(made):
            return made.astype(like.dtype)
        return made

    def numpy(self, x: mindspore.Tensor) -> npt.NDArray[Any]:
        if x.dtype == mindspore.bfloat16:
            x = x.astype(mindspore.float32)
        return np.array(x.asnumpy())

    def cast(self, x: mindspore.Tensor, like: mindspore.Tensor) -> mindspore.Tensor:
        return x.astype(like.dtype)

    def concat(self, xs: Sequence[mindspore.Tensor], axis: int = 0) -> mindspore.Tensor:
        return ops.cat(tuple(xs), axis)

    def stack(self, xs: Sequence[mindspore.Tensor], axis: int = 0) -> mindspore.Tensor:
        return ops.stack(tuple(xs), axis)

    def gather(self, x: mindspore.Tensor, index: mindspore.Tensor) -> mindspore.Tensor:
        return ops.gather_elements(x, 1, index)

    def where(
        self, condition: mindspore.Tensor, x: mindspore.Tensor, y: mindspore.Tensor
    ) -> mindspore.Tensor:
        return ops.where(condition, x, y)

    def mean(self, x: mindspore.Tensor, axis: tuple[int, ...]) -> mindspore.Tensor:
        return x.mean(axis, True)

    def resize(self, x: mindspore.Tensor, size: tuple[int, int]) -> mindspore.Tensor:
        return ops.interpolate(x, size=size, mode="bilinear", align_corners=False)

    def all_finite(self, x: mindspore.Tensor) -> bool:
        return bool(np.isfinite(x.sum().asnumpy())) or bool(ops.isfinite(x).all())
