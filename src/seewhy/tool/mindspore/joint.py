"""A network and an OoDNet as one cell, so that they share forwards and batches."""

from __future__ import annotations

from typing import Any

import mindspore
from mindspore import nn, ops

from seewhy.network.protocol import OutputPicker
from seewhy.tool.ood_head import cosines


class Joint(nn.Cell):  # type: ignore[misc]  # MindSpore ships no types
    """Cell (N, ...) -> (N, K + 1): logits of `network`, highest score of `ood_net`."""

    def __init__(self, ood_net: Any, network: nn.Cell, output: OutputPicker | None) -> None:
        # Prefixes would rename the parameters of the user's network.
        super().__init__(auto_prefix=False)
        self.ood_net = ood_net
        self.network = network
        self.output = output

    def construct(self, x: mindspore.Tensor) -> mindspore.Tensor:
        """Logits and the highest score, (N, K + 1)."""
        answer, features = self.ood_net._read(x)
        if answer is None or self.network is not self.ood_net.underlying:
            answer = self.network(x)
        logits = answer if self.output is None else self.output(answer)
        scores = cosines(features, self.ood_net.class_weights).max(1, keepdims=True)
        return ops.cat((logits, scores), 1)


class JointActivation(nn.Cell):  # type: ignore[misc]  # MindSpore ships no types
    """Leaves the last column as it is."""

    def __init__(self, activation_fn: Any) -> None:
        super().__init__(auto_prefix=False)
        self.activation_fn = activation_fn

    def construct(self, both: mindspore.Tensor) -> mindspore.Tensor:
        """Probabilities and the highest score, (N, K + 1)."""
        return ops.cat((self.activation_fn(both[:, :-1]), both[:, -1:]), 1)
