"""`OoDNet` as a `mindspore.nn.Cell`."""

from __future__ import annotations

import mindspore
from mindspore import nn

from seewhy.tool.mindspore.framework import MindSporeFramework
from seewhy.tool.ood_framework import Framework
from seewhy.tool.ood_net import OoDNet


class MindSporeOoDNet(OoDNet, nn.Cell):  # type: ignore[misc]  # MindSpore ships no types
    """See `OoDNet`."""

    _framework: Framework = MindSporeFramework()

    def construct(self, inputs: mindspore.Tensor) -> mindspore.Tensor:
        """Scores (N, K) of `inputs` (N, ...), or logits in training mode."""
        return self._answer(inputs)

    def _begin(self) -> None:
        # Prefixes would rename the parameters of the user's network.
        nn.Cell.__init__(self, auto_prefix=False)

    def _put(self, name: str, value: mindspore.Tensor) -> None:
        held = self._params.get(name)
        if held is None:
            setattr(self, name, mindspore.Parameter(value, name=f"ood_net.{name}"))
        else:
            mindspore.ops.assign(held, value)
