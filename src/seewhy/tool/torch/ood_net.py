"""`OoDNet` as a `torch.nn.Module`."""

from __future__ import annotations

import torch
from torch import nn

from seewhy.tool.ood_framework import Framework
from seewhy.tool.ood_net import OoDNet
from seewhy.tool.torch.framework import TorchFramework


class TorchOoDNet(OoDNet, nn.Module):
    """See `OoDNet`, whose `train` also is `torch.nn.Module.train`."""

    _framework: Framework = TorchFramework()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Scores (N, K) of `inputs` (N, ...), or logits in training mode."""
        made: torch.Tensor = self._answer(inputs)
        return made

    def _begin(self) -> None:
        nn.Module.__init__(self)

    def _put(self, name: str, value: torch.Tensor) -> None:
        held = self._parameters.get(name)
        if held is None:
            self.register_parameter(name, nn.Parameter(value))
        else:
            with torch.no_grad():
                held.copy_(value)
