"""Deconvolution and guided backpropagation: gradients with another rule at each ReLU."""

from __future__ import annotations

from typing import ClassVar

from seewhy.explainer.base import Explainer
from seewhy.explainer.gradient import largest_over_channels
from seewhy.network.protocol import ReLURule, Tensor


class _ModifiedReLUExplainer(Explainer):
    _rule: ClassVar[ReLURule]

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        return largest_over_channels(self._network.gradient(x, targets, relu=self._rule))


class Deconvolution(_ModifiedReLUExplainer):
    """`Gradient` where each ReLU hands down the positive part of what arrives from above.

    With R the gradient that arrives at a ReLU, it hands down max(R, 0), whatever it let pass in
    the forward. ReLU and ReLU6 follow the rule: in PyTorch as a module, a function or a method,
    in place or reused; in MindSpore as a cell. The values are 0 or more.

    Cost: one forward and one backward for each label (PyTorch).

    Raises
    ------
    ValueError
        On a call, if the network runs no ReLU.
    RuntimeError
        On a call, in MindSpore's graph mode.

    References
    ----------
    Zeiler, Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014,
    arXiv:1311.2901.
    """

    _rule = "deconvolution"


class GuidedBackprop(_ModifiedReLUExplainer):
    """`Gradient` where each ReLU also stops the negative part of what arrives from above.

    With R the gradient that arrives at a ReLU and z its input, it hands down max(R, 0) where
    z > 0 and nothing elsewhere. ReLU and ReLU6 (which lets 0 < z < 6 pass) follow the rule: in
    PyTorch as a module, a function or a method, in place or reused; in MindSpore as a cell. The
    values are 0 or more.

    Cost: one forward and one backward for each label (PyTorch).

    Raises
    ------
    ValueError
        On a call, if the network runs no ReLU.
    RuntimeError
        On a call, in MindSpore's graph mode.

    References
    ----------
    Springenberg, Dosovitskiy, Brox, Riedmiller: Striving for Simplicity: The All Convolutional
    Net. ICLR Workshop 2015, arXiv:1412.6806.
    """

    _rule = "guided"
