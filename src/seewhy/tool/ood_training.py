"""Training the head of an OoDNet, in either framework: epochs, callbacks, progress."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from seewhy.network.protocol import Tensor
from seewhy.tool.checks import check_callable, check_count, check_seed

if TYPE_CHECKING:
    from seewhy.tool.ood_framework import Framework
    from seewhy.tool.ood_net import OoDNet

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""Takes the logits (n, K) and the labels as the data set gives them; returns a scalar."""

Event: TypeAlias = Literal["begin", "epoch_begin", "step_begin", "step_end", "epoch_end", "end"]


@dataclass
class TrainingState:
    """How far a training is.

    Attributes
    ----------
    network
        The OoDNet.
    optimizer
        The framework's optimizer.
    epochs
        Epochs planned.
    steps
        Batches an epoch, if the data set tells.
    epoch
        The present epoch, from 1.
    step
        Batches done in all epochs.
    loss
        Loss of the last batch.
    losses
        Mean loss of each epoch done.
    stop
        A callback sets it to end the training after this epoch.
    """

    network: OoDNet
    optimizer: Any
    epochs: int
    steps: int | None
    epoch: int = 0
    step: int = 0
    loss: float = math.nan
    losses: list[float] = field(default_factory=list)
    stop: bool = False


Learn: TypeAlias = Callable[[Tensor, Tensor], float]

Watcher: TypeAlias = Callable[[Event, TrainingState], None]


@dataclass(frozen=True)
class Session:
    """One call of `OoDNet.train`."""

    ood_net: OoDNet
    framework: Framework
    loss_fn: Any
    optimizer: Any
    scheduler: Any
    trains_underlying: bool

    def run(
        self,
        dataset: Any,
        epochs: int,
        callbacks: Any,
        seed: int | None,
        show_progress: bool | None,
    ) -> list[float]:
        """Return the mean loss of each epoch."""
        check_callable("loss_fn", self.loss_fn)
        check_count("epoch", epochs)
        check_seed(seed)
        watchers = self._watchers(callbacks)
        if isinstance(dataset, (str, bytes)) or not hasattr(dataset, "__iter__"):
            raise TypeError(f"`dataset` must be iterable, got {type(dataset).__name__}")
        state = TrainingState(self.ood_net, self.optimizer, epochs, _number_of_batches(dataset))
        with ExitStack() as stack:
            stack.enter_context(self.framework.randomness(seed))
            # At the end, also after an error or Ctrl+C, the head answers with scores.
            stack.callback(self.ood_net.set_train, False)
            self.ood_net.set_train(True, self.trains_underlying)
            watchers.append(stack.enter_context(progress(show_progress)))
            once = isinstance(dataset, (list, tuple)) and not self.trains_underlying
            if once:
                dataset = [(self._features(x), y) for x, y in map(_pair, dataset)]
            self._loop(state, dataset, self._learner(once), watchers)
        return state.losses

    def _loop(
        self, state: TrainingState, dataset: Iterable[Any], learn: Learn, watch: list[Watcher]
    ) -> None:
        def tell(event: Event) -> None:
            for watcher in watch:
                watcher(event, state)

        tell("begin")
        for epoch in range(1, state.epochs + 1):
            state.epoch = epoch
            tell("epoch_begin")
            total, samples = 0.0, 0
            for inputs, labels in map(_pair, dataset):
                tell("step_begin")
                state.loss = learn(inputs, labels)
                if not math.isfinite(state.loss):
                    raise ValueError(
                        f"`loss_fn` must stay finite, got {state.loss} in epoch {epoch}, batch "
                        f"{state.step + 1} of the training (try a smaller `learning_rate`)"
                    )
                state.step += 1
                total, samples = total + state.loss * len(inputs), samples + len(inputs)
                tell("step_end")
            if not samples:
                raise ValueError(
                    "`dataset` must give batches anew in each epoch (a generator does not), got "
                    f"none in epoch {epoch}"
                )
            state.losses.append(total / samples)
            tell("epoch_end")
            if state.stop:
                break
        tell("end")

    def _learner(self, are_features: bool) -> Learn:
        net, place = self.ood_net, self.framework.place
        logits = net._answer if self.trains_underlying else net._logits
        step = self.framework.learner(
            logits, self.loss_fn, self.optimizer, compiles=not self.trains_underlying
        )

        def learn(inputs: Tensor, labels: Tensor) -> float:
            inputs = place(inputs, net.class_weights)
            if not are_features and not self.trains_underlying:
                inputs = self._features(inputs)
            return step(inputs, place(labels, net.class_weights))

        return learn

    def _features(self, inputs: Tensor) -> Tensor:
        return self.ood_net._frozen_features(
            self.framework.place(inputs, self.ood_net.class_weights)
        )

    def _watchers(self, callbacks: Any) -> list[Watcher]:
        given = [] if callbacks is None else callbacks
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        watchers = [self._watcher(callback) for callback in given]
        return watchers if self.scheduler is None else [self._schedule(), *watchers]

    def _watcher(self, callback: Any) -> Watcher:
        native = self.framework.watcher(callback)
        if native is not None:
            return native
        if not callable(callback):
            raise ValueError(
                f"`callbacks` must be None, callables or a list, got {type(callback).__name__}"
            )
        return lambda event, state: callback(state) if event == "epoch_end" else None

    def _schedule(self) -> Watcher:
        native = self.framework.watcher(self.scheduler)
        if native is not None:
            return native
        step = getattr(self.scheduler, "step", None)
        if not callable(step):
            raise TypeError(
                f"`scheduler` must have a method `step`, got {type(self.scheduler).__name__}"
            )
        return lambda event, state: step() if event == "epoch_end" else None


@contextmanager
def progress(wanted: bool | None) -> Iterator[Watcher]:
    """Yield a watcher that draws a bar; `None` draws it in a terminal and in a notebook."""
    console = Console(stderr=True)
    shown = (console.is_terminal or console.is_jupyter) if wanted is None else wanted
    columns = (
        TextColumn("Training OoDNet"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("epochs, loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not shown) as bar:
        task = bar.add_task("", total=None, loss="")

        def watch(event: Event, state: TrainingState) -> None:
            if event == "step_end":
                # The mean of an epoch is steadier than the loss of a batch.
                loss = state.losses[-1] if state.losses else state.loss
                done = state.step / state.steps if state.steps else state.epoch - 1
                bar.update(task, total=state.epochs, completed=done, loss=f"{loss:.4f}")
            elif event == "epoch_end":
                bar.update(task, completed=state.epoch, loss=f"{state.losses[-1]:.4f}")

        yield watch


def _pair(batch: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        got = f"{type(batch).__name__}"
        got += f" of {len(batch)}" if isinstance(batch, (tuple, list)) else ""
        raise TypeError(f"`dataset` must give pairs of inputs and labels, got a {got}")
    return batch[0], batch[1]


def _number_of_batches(dataset: Any) -> int | None:
    if hasattr(dataset, "get_dataset_size"):
        return int(dataset.get_dataset_size())
    try:
        return len(dataset)
    except TypeError:
        return None
