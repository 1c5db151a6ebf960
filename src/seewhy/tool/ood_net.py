"""OoDNet: how familiar an input is to a network (Qiu et al., 2021)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from seewhy.network import Network, adapt
from seewhy.network.memory import MemoryLimit
from seewhy.network.protocol import Activation, OutputPicker, Tensor
from seewhy.tool.checks import check_count, check_flag, check_inputs, check_number, check_seed
from seewhy.tool.ood_features import find_source
from seewhy.tool.ood_file import read_head, write_head
from seewhy.tool.ood_framework import Framework
from seewhy.tool.ood_head import NAMES, cosines, initial_head, temperature
from seewhy.tool.ood_training import Loss, Session

Self = TypeVar("Self", bound="OoDNet")


class OoDNet:
    """Scores how much an input resembles what a network was trained on.

    On the features f(x) of a trained network sits a small head of K class vectors h_k:

        score_k(x) = cos(f(x), h_k)        (each norm increased by 1e-4)

    and max_k score_k(x) is high for inputs like the training data. The head is trained as a
    classifier with the logits score_k(x) / t(x), where the temperature t(x) = sigmoid(batch
    normalisation of a dense layer of f(x)), at least 0.01, takes up the confidence that has
    nothing to do with the class; it is dropped after the training.

    `OoDNet(...)` gives a `torch.nn.Module` for a module and a `mindspore.nn.Cell` for a cell. In
    evaluation mode, in which it starts, calling it gives the scores (N, K); in training mode
    (`set_train`) the logits. MindSpore needs PyNative mode.

    Parameters
    ----------
    underlying
        The trained network. It is held, not copied; it is driven in evaluation mode and given
        back as it was, except by `train(..., train_underlying=True)`.
    num_classes
        K: the classes of the data on which the head will be trained.
    features
        Where the features come from: `"auto"` takes the input of the last linear layer; the name
        of a layer takes its output, (N, F) or (N, F, 1, 1). If the network has both an int
        `num_features` and a bool `output_features`, `"auto"` sets the latter to True instead,
        asks the network, and sets it back.
    num_features
        F; needed only for a named layer that is not linear.
    seed
        Seed of the head's first weights; `None` draws fresh ones.

    Raises
    ------
    TypeError
        If an argument is of a wrong type, or `underlying` of neither framework.
    ValueError
        If `num_classes` or F is not positive, if the layer is unknown, or if the network has no
        linear layer and none is named.

    References
    ----------
    Qiu, Yang, Cao, Zheng, Ngai, Hsiao, Chen: Resisting Out-of-Distribution Data Problem in
    Perturbation of XAI. arXiv:2107.14000. The head is that of Hsu, Shen, Jin, Kira: Generalized
    ODIN. CVPR 2020, arXiv:2002.11297.
    """

    training: bool
    class_weights: Any
    _framework: Framework

    def __new__(cls, underlying: Any = None, *_: Any, **__: Any) -> OoDNet:
        """Choose the class of the network's framework."""
        chosen = _class_for(underlying) if cls is OoDNet else cls
        return super(OoDNet, chosen).__new__(chosen)

    def __init__(
        self,
        underlying: Any,
        num_classes: int,
        features: str = "auto",
        *,
        num_features: int | None = None,
        seed: int | None = 0,
    ) -> None:
        check_count("num_classes", num_classes)
        check_seed(seed)
        self._begin()
        network = adapt(underlying)
        self.underlying = underlying
        self.num_classes = num_classes
        self.losses: list[float] = []
        self._memory = MemoryLimit()
        self._source = find_source(
            underlying, features, num_features, network.layers(), self._framework
        )
        for name, array in initial_head(self.num_features, num_classes, seed).items():
            self._put(name, network.as_input(array))
        self.set_train(False)

    @property
    def num_features(self) -> int:
        """F, the width of the features."""
        return self._source.width

    def features(self, inputs: Tensor) -> Tensor:
        """Features (N, F) of `inputs` (N, ...), the network in evaluation mode.

        Raises
        ------
        TypeError, ValueError
            If `inputs` is no floating tensor, or what comes out is not (N, F) and finite.
        """
        check_inputs(inputs, self._framework.ops)
        with self._framework.evaluating(self.underlying, inputs):
            return self._read(inputs)[1]

    def score(self, inputs: Tensor) -> Tensor:
        """Scores (N, K) of `inputs` (N, ...), in -1..1, whatever the mode; keeps no graph.

        The maximum over the classes tells how familiar an input is. Errors are those of
        `features`.
        """

        def run(part: Tensor) -> Tensor:
            return cosines(self.features(part), self.class_weights)

        ops = self._framework.ops
        check_inputs(inputs, ops)
        with self._framework.no_graph():
            return self._memory.run(run, inputs, ops)

    def set_train(self: Self, mode: bool = True, train_underlying: bool = False) -> Self:
        """Choose what a call returns: logits to train on, or scores.

        The network's own flags stay as they are: its forwards run in evaluation mode and without
        a graph or, with `train_underlying`, in training mode.

        Raises
        ------
        TypeError
            If an argument is no bool.
        """
        check_flag("mode", mode)
        check_flag("train_underlying", train_underlying)
        self.training = mode
        self._trains_underlying = mode and train_underlying
        return self

    def get_train_parameters(self, train_underlying: bool = False) -> list[Any]:
        """Parameters of the head and, if asked for, those of the network that require gradients."""
        own = list(self._head().values())
        return own + self._framework.parameters(self.underlying) if train_underlying else own

    def prepare_train(
        self,
        learning_rate: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 1e-4,
        lr_base_factor: float = 0.1,
        lr_epoch_denom: int = 30,
        train_underlying: bool = False,
    ) -> tuple[Any, Any]:
        """Make the framework's SGD optimizer, and a scheduler to `step()` after each epoch.

        After e epochs the learning rate is learning_rate * lr_base_factor ** (e // lr_epoch_denom).

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or value.
        """
        check_number("learning_rate", learning_rate, positive=True)
        check_number("momentum", momentum)
        check_number("weight_decay", weight_decay)
        check_number("lr_base_factor", lr_base_factor, positive=True)
        check_count("lr_epoch_denom", lr_epoch_denom)
        check_flag("train_underlying", train_underlying)
        parameters = self.get_train_parameters(train_underlying)
        optimizer = self._framework.sgd(parameters, learning_rate, momentum, weight_decay)
        return optimizer, self._framework.scheduler(optimizer, lr_base_factor, lr_epoch_denom)

    def train(
        self: Self,
        dataset: Iterable[Any] | bool = True,
        loss_fn: Loss | None = None,
        callbacks: Any = None,
        epoch: int = 90,
        optimizer: Any = None,
        scheduler: Any = None,
        *,
        learning_rate: float = 0.1,
        momentum: float = 0.9,
        weight_decay: float = 1e-4,
        lr_base_factor: float = 0.1,
        lr_epoch_denom: int = 30,
        train_underlying: bool = False,
        seed: int | None = 0,
        show_progress: bool | None = None,
    ) -> Self:
        """Train the head; the network stays as it is, to the bit, unless `train_underlying`.

        Parameters
        ----------
        dataset
            Gives batches (inputs, labels) each time it is iterated over: a list, a PyTorch
            DataLoader, a MindSpore dataset. A list goes through a frozen network only once. A
            bool switches the mode as `set_train` does, which `torch.nn.Module.eval` relies on.
        loss_fn
            Softmax cross-entropy of logits for a classifier of one label a sample, binary
            cross-entropy of logits for several. Labels are handed to it unchanged.
        callbacks
            A callable or a list of them, called with the `TrainingState` after each epoch; in
            MindSpore `mindspore.train.Callback` objects too. Setting `state.stop` ends the
            training.
        epoch
            Number of epochs.
        optimizer, scheduler
            Those of `prepare_train` by default; an optimizer alone keeps its rate.
        learning_rate, momentum, weight_decay, lr_base_factor, lr_epoch_denom
            See `prepare_train`; without effect if `optimizer` is given.
        train_underlying
            Train the network too, in training mode. Its weights are no part of `save`.
        seed
            Seed of the framework's random state while training (dropout, a DataLoader's shuffle);
            the state is put back at the end. `None` leaves it alone.
        show_progress
            Whether to draw a progress bar; `None` draws it in a terminal and in a notebook.

        Returns
        -------
        This object, in evaluation mode; `losses` holds the mean loss of each epoch.

        Raises
        ------
        TypeError, ValueError
            If an argument is of a wrong type or value, the batches are not pairs, an epoch has
            none, or the loss is not a finite scalar.
        """
        if isinstance(dataset, bool):
            return self.set_train(dataset)
        made = self._optimization(
            optimizer,
            scheduler,
            learning_rate,
            momentum,
            weight_decay,
            lr_base_factor,
            lr_epoch_denom,
            train_underlying,
        )
        session = Session(self, self._framework, loss_fn, *made, train_underlying)
        self.losses = session.run(dataset, epoch, callbacks, seed, show_progress)
        return self

    def save(self, file: str | Path) -> None:
        """Write the head to `file`, in NumPy's .npz format, for `load` in either framework.

        The network is not written: keep its weights the way its framework does.
        """
        ops = self._framework.ops
        write_head(file, {name: ops.numpy(value) for name, value in self._head().items()})

    def load(self: Self, file: str | Path) -> Self:
        """Take the head from a file that `save` wrote; returns this object.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If it holds no head, or one of another number of features or classes.
        """
        network = adapt(self.underlying)
        for name, array in read_head(file, self.num_features, self.num_classes).items():
            self._put(name, network.as_input(array))
        return self

    def joined(
        self, network: Any, activation_fn: Activation, output: OutputPicker | None, x: Tensor
    ) -> Network:
        """Join `network` with this one, for one stream of forwards.

        The probabilities of the result, (N, K + 1), are those of `network` and, as a last column,
        the highest score. If `network` is the one below and a layer gives the features, a single
        forward serves both. `x` is an input to try it on.
        """
        joint = self._framework.joint(self, network, output, x)
        return adapt(joint, self._framework.joint_activation(activation_fn))

    def _optimization(self, optimizer: Any, scheduler: Any, *settings: Any) -> tuple[Any, Any]:
        if optimizer is not None:
            return optimizer, scheduler
        made, default = self.prepare_train(*settings)
        return made, default if scheduler is None else scheduler

    def _answer(self, inputs: Tensor) -> Tensor:
        """What a call returns: scores (N, K), or logits (N, K) in training mode."""
        if not self.training:
            return cosines(self.features(inputs), self.class_weights)
        if not self._trains_underlying:
            return self._logits(self._frozen_features(inputs))
        check_inputs(inputs, self._framework.ops)
        with self._framework.learning(self.underlying):
            return self._logits(self._read(inputs)[1])

    def _frozen_features(self, inputs: Tensor) -> Tensor:
        with self._framework.no_graph():
            return self._framework.detach(self.features(inputs))

    def _logits(self, features: Tensor) -> Tensor:
        head = self._head()
        return cosines(features, head["class_weights"]) / temperature(features, head)

    def _read(self, inputs: Tensor) -> tuple[Any, Tensor]:
        """Return the network's answer, if it gave one, and the features; changes no mode."""
        return self._source.read(self.underlying, inputs, self._framework)

    def _head(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in NAMES}

    def _begin(self) -> None:
        """Initialise the framework's base class."""
        raise TypeError("`OoDNet` itself has no framework; call OoDNet(underlying, num_classes)")

    def _put(self, name: str, value: Tensor) -> None:
        """Make `value` the parameter `name`, or its new value."""
        raise TypeError("`OoDNet` itself has no framework; call OoDNet(underlying, num_classes)")


def _class_for(underlying: Any) -> type[OoDNet]:
    """As `seewhy.network.adapt`: without importing what the user has not."""
    torch, mindspore = sys.modules.get("torch"), sys.modules.get("mindspore")
    if torch is not None and isinstance(underlying, torch.nn.Module):
        from seewhy.tool.torch import TorchOoDNet

        return TorchOoDNet
    if mindspore is not None and isinstance(underlying, mindspore.nn.Cell):
        from seewhy.tool.mindspore import MindSporeOoDNet

        return MindSporeOoDNet
    raise TypeError(
        "`underlying` must be a torch.nn.Module or a mindspore.nn.Cell, "
        f"got {type(underlying).__module__}.{type(underlying).__qualname__}"
    )
