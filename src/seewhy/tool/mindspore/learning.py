"""Steps down the gradient, and the learning rate of each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import mindspore
from mindspore import nn, ops

from seewhy.network.mindspore.ops import MindSporeOps
from seewhy.tool.checks import check_loss

_log = logging.getLogger("seewhy")


class Learner:
    """Takes inputs and labels, goes one step down the gradient, and gives the loss before it.

    The head alone with a cell as its loss is compiled: that is hundreds of times faster than
    MindSpore's recording, step by step. What cannot be compiled is recorded.
    """

    def __init__(
        self,
        logits: Callable[[Any], mindspore.Tensor],
        loss_fn: Callable[[Any, Any], Any],
        optimizer: nn.Optimizer,
        compiles: bool,
    ) -> None:
        self._logits = logits
        self._loss_fn = loss_fn
        self._optimizer = optimizer
        self._raised: list[BaseException] = []
        self._recorded = mindspore.value_and_grad(self._guarded, None, optimizer.parameters)
        self._compiled = None
        if compiles and isinstance(loss_fn, nn.Cell):
            plain = mindspore.value_and_grad(self._plain, None, optimizer.parameters)
            self._compiled = mindspore.jit(plain)

    def __call__(self, inputs: Any, labels: Any) -> float:
        """Take one step."""
        loss, gradients = self._loss_and_gradients(inputs, labels)
        check_loss(loss, MindSporeOps())
        self._optimizer(gradients)
        return float(loss.asnumpy().item())

    def _loss_and_gradients(self, inputs: Any, labels: Any) -> tuple[Any, Any]:
        if self._compiled is not None:
            try:
                return self._compiled(inputs, labels)  # type: ignore[no-any-return]
            except Exception as error:  # a user's loss may use anything that does not compile
                _log.debug("the loss of an OoDNet is recorded, not compiled: %r", error)
                self._compiled = None
        made = self._recorded(inputs, labels)
        if self._raised:
            raise self._raised.pop()
        return made  # type: ignore[no-any-return]

    def _plain(self, inputs: Any, labels: Any) -> Any:
        return self._loss_fn(self._logits(inputs), labels)

    def _guarded(self, inputs: Any, labels: Any) -> Any:
        # An error that leaves the recorded function would leave MindSpore recording for good.
        try:
            loss = self._plain(inputs, labels)
            check_loss(loss, MindSporeOps())
            return loss
        except BaseException as error:
            self._raised.append(error)
            return self._optimizer.parameters[0].sum()


class StepSchedule:
    """Multiplies the learning rate of an optimizer by `factor` each `epochs` steps.

    Parameters
    ----------
    optimizer
        A `mindspore.nn.Optimizer` with a fixed learning rate.
    factor
        What the rate is multiplied by.
    epochs
        After how many calls of `step`.
    """

    def __init__(self, optimizer: nn.Optimizer, factor: float, epochs: int) -> None:
        self.optimizer = optimizer
        self.factor = factor
        self.epochs = epochs
        self.first = float(optimizer.learning_rate.asnumpy())
        self.done = 0

    def step(self) -> None:
        """Tell that an epoch has ended."""
        self.done += 1
        rate = self.first * self.factor ** (self.done // self.epochs)
        # `set_data` would not reach the compiled update.
        ops.assign(self.optimizer.learning_rate, mindspore.Tensor(rate, mindspore.float32))
