"""What an OoDNet needs of a framework beyond `seewhy.network.protocol`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from seewhy.network.protocol import Ops, OutputPicker, Tensor
from seewhy.tool.ood_training import Watcher


class Linear(NamedTuple):
    """A linear layer of a network."""

    name: str
    inputs: int
    outputs: int


class Framework(Protocol):
    """PyTorch or MindSpore; `underlying` is a network of it."""

    ops: Ops

    def linear_layers(self, underlying: Any) -> list[Linear]:
        """Return the linear layers in the order of definition."""

    def capture(
        self, underlying: Any, layer: str, at_input: bool, x: Tensor
    ) -> tuple[Any, Tensor | None]:
        """Run the network on `x`; return its answer, and what the layer took or gave.

        The layer's last call counts; `None` stands for none. No mode is changed.
        """

    def evaluating(self, underlying: Any, x: Tensor) -> AbstractContextManager[None]:
        """Put the network in evaluation mode while the context is open."""

    def learning(self, underlying: Any) -> AbstractContextManager[None]:
        """Put the network in training mode while the context is open."""

    def no_graph(self) -> AbstractContextManager[Any]:
        """Record nothing for a backward while the context is open."""

    def detach(self, x: Tensor) -> Tensor:
        """Cut `x` off from what made it."""

    def randomness(self, seed: int | None) -> AbstractContextManager[None]:
        """Seed the global random state, and put it back at the end; nothing if None."""

    def parameters(self, underlying: Any) -> list[Any]:
        """Return the parameters that require gradients."""

    def sgd(self, parameters: list[Any], rate: float, momentum: float, decay: float) -> Any:
        """Make an optimizer: v = momentum v + (g + decay w), w = w - rate v."""

    def scheduler(self, optimizer: Any, factor: float, epochs: int) -> Any:
        """Make a scheduler whose `step()` multiplies the rate by `factor` each `epochs` calls."""

    def learner(
        self,
        logits: Callable[[Tensor], Tensor],
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        optimizer: Any,
        compiles: bool,
    ) -> Callable[[Tensor, Tensor], float]:
        """Make what takes inputs and labels, goes one step down the gradient, and gives the loss.

        The loss is that before the step. `compiles` tells that `logits` runs no code of the user.
        """

    def watcher(self, callback: Any) -> Watcher | None:
        """Wrap a callback object of the framework; `None` if it is none."""

    def place(self, value: Any, like: Tensor) -> Any:
        """Put a tensor on the device of `like`; anything else is returned as it is."""

    def joint(self, ood_net: Any, network: Any, output: OutputPicker | None, x: Tensor) -> Any:
        """Make a network (N, ...) -> (N, K + 1): logits of `network`, highest score of `ood_net`.

        Where `network` is the underlying one, a single forward serves both. `x` is an input to
        try it on.
        """

    def joint_activation(self, activation_fn: Any) -> Any:
        """Make an activation of all columns but the last, which stays as it is."""
