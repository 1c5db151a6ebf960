"""Gradient (Simonyan, Vedaldi and Zisserman, 2014): how strongly each pixel moves the output."""

from __future__ import annotations

from seewhy.explainer.base import Explainer
from seewhy.network.protocol import Tensor


class Gradient(Explainer):
    """Absolute input gradient, the largest over the channels.

    attribution[n, l, i, j] = max over c of | d logit[n, targets[n, l]] / d x[n, c, i, j] |, which
    is 0 or more.

    Cost: one forward and one backward for each label (PyTorch).

    References
    ----------
    Simonyan, Vedaldi, Zisserman: Deep Inside Convolutional Networks. ICLR Workshop 2014,
    arXiv:1312.6034.
    """

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        return largest_over_channels(self._network.gradient(x, targets))


def largest_over_channels(gradient: Tensor) -> Tensor:
    """Reduce (N, L, C, H, W) to (N, L, H, W) by the largest absolute value over the channels."""
    return gradient.abs().amax(2)
