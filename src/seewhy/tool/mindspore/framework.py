"""MindSpore behind `seewhy.tool.ood_framework.Framework`."""

# The protocol documents the methods, once.

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import mindspore
from mindspore import nn, ops
from mindspore.train import Callback

from seewhy.network.mindspore.ops import MindSporeOps
from seewhy.network.mindspore.state import check_hooks_work, evaluating
from seewhy.network.protocol import Ops, OutputPicker
from seewhy.tool.mindspore.callbacks import watcher_of
from seewhy.tool.mindspore.joint import Joint, JointActivation
from seewhy.tool.mindspore.learning import Learner, StepSchedule
from seewhy.tool.ood_framework import Linear
from seewhy.tool.ood_training import Watcher


class MindSporeFramework:
    """See `seewhy.tool.ood_framework.Framework`."""

    ops: Ops = MindSporeOps()

    def linear_layers(self, underlying: nn.Cell) -> list[Linear]:
        return [
            Linear(name, cell.in_channels, cell.out_channels)
            if isinstance(cell, nn.Dense)
            else Linear(name, cell.in_features, cell.out_features)
            for name, cell in underlying.cells_and_names()
            if isinstance(cell, (nn.Dense, mindspore.mint.nn.Linear))
        ]

    def capture(
        self, underlying: nn.Cell, layer: str, at_input: bool, x: mindspore.Tensor
    ) -> tuple[Any, Any]:
        check_hooks_work("An OoDNet")
        seen: list[Any] = [None]

        def before(cell: nn.Cell, args: Any) -> None:
            seen[0] = args[0]

        def after(cell: nn.Cell, args: Any, result: Any) -> None:
            seen[0] = result

        tapped = dict(underlying.cells_and_names())[layer]
        handle = (
            tapped.register_forward_pre_hook(before)
            if at_input
            else tapped.register_forward_hook(after)
        )
        try:
            # A network may change its input in place; the user's must not change.
            return underlying(x.copy()), seen[0]
        finally:
            handle.remove()

    def evaluating(self, underlying: nn.Cell, x: mindspore.Tensor) -> AbstractContextManager[None]:
        return evaluating([underlying])

    @contextmanager
    def learning(self, underlying: nn.Cell) -> Iterator[None]:
        resting = [cell for _, cell in underlying.cells_and_names() if not cell.training]
        phases = [cell.phase for cell in resting]
        try:
            for cell in resting:
                cell.add_flags(training=True)
                cell.phase = "train"
            yield
        finally:
            for cell, phase in zip(resting, phases, strict=True):
                cell.add_flags(training=False)
                cell.phase = phase

    def no_graph(self) -> AbstractContextManager[Any]:
        # MindSpore records only inside of `value_and_grad`.
        return nullcontext()

    def detach(self, x: mindspore.Tensor) -> mindspore.Tensor:
        return ops.stop_gradient(x)

    @contextmanager
    def randomness(self, seed: int | None) -> Iterator[None]:
        if seed is None:
            yield
            return
        before = mindspore.get_rng_state()
        try:
            mindspore.manual_seed(seed)
            yield
        finally:
            mindspore.set_rng_state(before)

    def parameters(self, underlying: nn.Cell) -> list[mindspore.Parameter]:
        return list(underlying.trainable_params())

    def sgd(
        self, parameters: list[mindspore.Parameter], rate: float, momentum: float, decay: float
    ) -> nn.Optimizer:
        return nn.SGD(parameters, float(rate), momentum=float(momentum), weight_decay=float(decay))

    def scheduler(self, optimizer: nn.Optimizer, factor: float, epochs: int) -> StepSchedule:
        return StepSchedule(optimizer, factor, epochs)

    def learner(
        self,
        logits: Callable[[Any], mindspore.Tensor],
        loss_fn: Callable[[Any, Any], Any],
        optimizer: nn.Optimizer,
        compiles: bool,
    ) -> Callable[[Any, Any], float]:
        return Learner(logits, loss_fn, optimizer, compiles)

    def watcher(self, callback: Any) -> Watcher | None:
        return watcher_of(callback) if isinstance(callback, Callback) else None

    def place(self, value: Any, like: mindspore.Tensor) -> Any:
        # MindSpore moves tensors to the device of an operation by itself.
        return value

    def joint(
        self, ood_net: Any, network: nn.Cell, output: OutputPicker | None, x: mindspore.Tensor
    ) -> nn.Cell:
        return Joint(ood_net, network, output)

    def joint_activation(self, activation_fn: Any) -> nn.Cell:
        return JointActivation(activation_fn)
