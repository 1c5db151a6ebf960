"""PyTorch behind `seewhy.tool.ood_framework.Framework`."""

# The protocol documents the methods, once.

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch
from torch import nn

from seewhy.network.protocol import Ops, OutputPicker
from seewhy.network.torch.ops import TorchOps
from seewhy.network.torch.state import evaluating
from seewhy.tool.checks import check_loss
from seewhy.tool.ood_framework import Linear
from seewhy.tool.ood_training import Watcher
from seewhy.tool.torch.joint import JointActivation, joint


class TorchFramework:
    """See `seewhy.tool.ood_framework.Framework`."""

    ops: Ops = TorchOps()

    def linear_layers(self, underlying: nn.Module) -> list[Linear]:
        return [
            Linear(name, module.in_features, module.out_features)
            for name, module in underlying.named_modules()
            if isinstance(module, nn.Linear)
        ]

    def capture(
        self, underlying: nn.Module, layer: str, at_input: bool, x: torch.Tensor
    ) -> tuple[Any, Any]:
        seen: list[Any] = [None]

        def before(module: nn.Module, args: Any) -> None:
            seen[0] = args[0]

        def after(module: nn.Module, args: Any, result: Any) -> None:
            seen[0] = result

        tapped = underlying.get_submodule(layer)
        handle = (
            tapped.register_forward_pre_hook(before)
            if at_input
            else tapped.register_forward_hook(after)
        )
        try:
            # A network may change its input in place; the user's must not change.
            return underlying(x.clone()), seen[0]
        finally:
            handle.remove()

    def evaluating(self, underlying: nn.Module, x: torch.Tensor) -> AbstractContextManager[None]:
        return evaluating([underlying], x)

    @contextmanager
    def learning(self, underlying: nn.Module) -> Iterator[None]:
        resting = [module for module in underlying.modules() if not module.training]
        try:
            for module in resting:
                module.training = True
            yield
        finally:
            for module in resting:
                module.training = False

    def no_graph(self) -> AbstractContextManager[Any]:
        return torch.no_grad()

    def detach(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach()

    @contextmanager
    def randomness(self, seed: int | None) -> Iterator[None]:
        if seed is None:
            yield
            return
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(seed)
            yield

    def parameters(self, underlying: nn.Module) -> list[nn.Parameter]:
        return [parameter for parameter in underlying.parameters() if parameter.requires_grad]

    def sgd(
        self, parameters: list[nn.Parameter], rate: float, momentum: float, decay: float
    ) -> torch.optim.SGD:
        return torch.optim.SGD(parameters, rate, momentum, weight_decay=decay)

    def scheduler(
        self, optimizer: torch.optim.Optimizer, factor: float, epochs: int
    ) -> torch.optim.lr_scheduler.StepLR:
        return torch.optim.lr_scheduler.StepLR(optimizer, epochs, factor)

    def learner(
        self,
        logits: Callable[[Any], torch.Tensor],
        loss_fn: Callable[[Any, Any], Any],
        optimizer: torch.optim.Optimizer,
        compiles: bool,
    ) -> Callable[[Any, Any], float]:
        def learn(inputs: Any, labels: Any) -> float:
            with torch.enable_grad():
                loss = loss_fn(logits(inputs), labels)
                check_loss(loss, self.ops)
                optimizer.zero_grad()
                loss.backward()
            optimizer.step()
            return float(loss.detach())

        return learn

    def watcher(self, callback: Any) -> Watcher | None:
        return None

    def place(self, value: Any, like: torch.Tensor) -> Any:
        return value.to(like.device) if isinstance(value, torch.Tensor) else value

    def joint(
        self, ood_net: Any, network: nn.Module, output: OutputPicker | None, x: torch.Tensor
    ) -> nn.Module:
        return joint(ood_net, network, output, x)

    def joint_activation(self, activation_fn: Any) -> nn.Module:
        return JointActivation(activation_fn)
