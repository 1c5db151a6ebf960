"""A `mindspore.nn.Cell` behind the contract of `seewhy.network.protocol.Network`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from weakref import WeakKeyDictionary

import mindspore
import numpy as np
import numpy.typing as npt
from mindspore import nn

from seewhy.network.dropout_passes import DropoutPasses
from seewhy.network.logits import NO_PATH, check_finite, pick_logits
from seewhy.network.memory import MemoryLimit
from seewhy.network.mindspore.cut import cut_at
from seewhy.network.mindspore.dropout import live_dropout
from seewhy.network.mindspore.dropout_host import MindSporeHost
from seewhy.network.mindspore.modified_relu import modified_relu
from seewhy.network.mindspore.ops import MindSporeOps
from seewhy.network.mindspore.randomised import randomised, weighted_layers
from seewhy.network.mindspore.slow_kernels import slowness, warn_of_slow_kernels
from seewhy.network.mindspore.state import check_hooks_work, evaluating, is_pynative
from seewhy.network.names import check_layer
from seewhy.network.protocol import Activation, Ops, OutputPicker, ReLURule
from seewhy.network.rates import check_rate
from seewhy.network.seeds import seed_words
from seewhy.network.targets import check_range

LARGEST_TENSOR = 512 * 2**20
"""Bytes that no tensor of a forward should exceed; MindSpore keeps what it once took."""

TYPICAL_CHANNELS = 64
"""Channels at the full size of the image that a network is thought to have, as VGG has."""

MOST_SAMPLES = 128
"""Samples of a batch, however small they are."""


# What fits is found out, and said, once for each network, and dies with it.
_memories: WeakKeyDictionary[nn.Cell, MemoryLimit] = WeakKeyDictionary()


class MindSporeNetwork:
    """See `seewhy.network.protocol.Network`.

    MindSpore has no graph that survives a backward, so L labels cost L forwards with a backward
    each; the gradient of a layer still stops at that layer.
    """

    def __init__(
        self,
        cell: nn.Cell,
        activation_fn: Activation | None = None,
        output: OutputPicker | None = None,
    ) -> None:
        self.ops: Ops = MindSporeOps()
        self.original = cell
        self.activation_fn = activation_fn
        self.output = output
        self._dropout = DropoutPasses(MindSporeHost(cell, self._picked))
        warn_of_slow_kernels(cell)

    @property
    def _memory(self) -> MemoryLimit:
        # Not kept here, so that explainers can be copied and pickled.
        return _memories.setdefault(self.original, MemoryLimit())

    @property
    def engine(self) -> str:
        return f"MindSpore, {'PyNative' if is_pynative() else 'graph'} mode{slowness()}"

    def forward(self, x: mindspore.Tensor) -> mindspore.Tensor:
        with self._evaluating():
            return self._memory.run(self._logits, x, self.ops)

    def probabilities(self, x: mindspore.Tensor) -> mindspore.Tensor:
        activation = self._activation()
        with self._evaluating():
            return self._memory.run(lambda part: self._probabilities(activation, part), x, self.ops)

    def stream(self, batches: Iterable[mindspore.Tensor]) -> Iterator[mindspore.Tensor]:
        activation = self._activation()

        def run(x: mindspore.Tensor) -> mindspore.Tensor:
            return self._probabilities(activation, x)

        with self._evaluating():
            for batch in batches:
                yield self._memory.run(run, batch, self.ops)

    def batch_size(self, x: mindspore.Tensor, limit: int | None) -> int:
        pixels = x.shape[2] * x.shape[3]
        fits = max(1, LARGEST_TENSOR // (TYPICAL_CHANNELS * pixels * x.itemsize))
        return self._memory.most(x, min(fits, MOST_SAMPLES if limit is None else limit))

    def replaced_boxes(
        self,
        x: mindspore.Tensor,
        other: mindspore.Tensor,
        boxes: npt.NDArray[np.int64],
        limit: int | None = None,
    ) -> None:
        return None

    def gradient(
        self, x: mindspore.Tensor, targets: mindspore.Tensor, relu: ReLURule | None = None
    ) -> mindspore.Tensor:
        if relu is not None:
            check_hooks_work("A modified ReLU")
        with self._evaluating(), modified_relu(self.original, relu):
            logits = self._logits
            if not is_pynative():
                # What graph mode differentiates it also compiles, and it knows no error of ours.
                self._logits(x)
                logits = self._unchecked_logits
            made = list(_vector_jacobian_products(logits, x, targets))
        if any(gradient is None for gradient in made):
            raise ValueError(NO_PATH)
        return self.ops.stack(made, 1)

    def activation_and_gradient(
        self, x: mindspore.Tensor, targets: mindspore.Tensor, layer: str
    ) -> tuple[mindspore.Tensor, mindspore.Tensor]:
        if layer == "":
            return x, self.gradient(x, targets)
        check_hooks_work("The activation of a layer")
        check_layer(layer, self.layers())
        cell = dict(self.original.cells_and_names())[layer]
        with self._evaluating(), cut_at(cell, layer, x.dtype) as cut:

            def tail(shift: mindspore.Tensor) -> mindspore.Tensor:
                cut.begin(shift)
                logits = self._logits(x)
                if cut.value is None:
                    raise ValueError(f"`layer` must run in the forward, {layer!r} did not")
                return logits

            made = []
            for _ in _vector_jacobian_products(tail, cut.shift, targets):
                if cut.gradient is None:
                    raise ValueError(NO_PATH)
                made.append(cut.gradient)
            return cut.value, self.ops.stack(made, 1)

    def as_input(self, array: npt.NDArray[Any]) -> mindspore.Tensor:
        floating = (p for p in self.original.get_parameters() if self.ops.is_floating(p))
        like = next(floating, None)
        made = mindspore.Tensor(np.array(array))
        return made.astype(mindspore.float32 if like is None else like.dtype)

    def with_dropout(
        self, rate: float | None = None, seed: int | None = 0
    ) -> AbstractContextManager[None]:
        return live_dropout(self.original, rate, seed)

    def dropout_passes(
        self,
        x: mindspore.Tensor,
        passes: int,
        rate: float | None = None,
        where: str | None = None,
        seed: int | None = 0,
    ) -> tuple[mindspore.Tensor, mindspore.Tensor]:
        activation = self._activation()
        check_rate(rate)
        check_hooks_work("`dropout_passes`")
        with self._evaluating():
            plain, dropped = self._dropout.logits(x, passes, rate, where, seed_words(seed))
            plain = self._checked_probabilities(activation(plain), len(x))
            made = self._checked_probabilities(activation(dropped), len(dropped))
            return plain, made.reshape((passes, len(x), -1))

    def randomised(
        self, layers: Sequence[str], seed: int | None = 0
    ) -> AbstractContextManager[None]:
        return randomised(self.original, layers, seed)

    def weighted_layers(self) -> list[str]:
        return weighted_layers(self.original)

    def layers(self) -> list[str]:
        return [name for name, _ in self.original.cells_and_names() if name]

    def spatial_layers(self, x: mindspore.Tensor) -> list[str]:
        check_hooks_work("Finding the layers with a spatial output")
        ended: dict[str, None] = {}

        def note(name: str) -> Callable[[nn.Cell, Any, Any], None]:
            def hook(cell: nn.Cell, inputs: Any, result: Any) -> None:
                ended.pop(name, None)
                if isinstance(result, mindspore.Tensor) and _is_spatial(result.shape):
                    ended[name] = None

            return hook

        with self._evaluating(), ExitStack() as hooks:
            for name, cell in self.original.cells_and_names():
                if name:
                    hooks.callback(cell.register_forward_hook(note(name)).remove)
            self._logits(x)
        return list(ended)

    def fingerprint(self) -> str:
        digest = hashlib.blake2b(type(self.original).__qualname__.encode(), digest_size=16)
        for name, value in self.original.parameters_and_names():
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.ops.numpy(value)).tobytes())
        return digest.hexdigest()

    def _picked(self, answer: Any, num_samples: int) -> mindspore.Tensor:
        return pick_logits(answer, self.output, self.ops, num_samples)

    def _logits(self, x: mindspore.Tensor) -> mindspore.Tensor:
        logits = self._unchecked_logits(x)
        check_finite(logits, self.ops)
        return logits

    def _unchecked_logits(self, x: mindspore.Tensor) -> mindspore.Tensor:
        # A network may change its input in place; the user's must not change.
        return self._picked(self.original(x.copy()), x.shape[0])

    def _activation(self) -> Activation:
        if self.activation_fn is None:
            raise ValueError("`activation_fn` must be given for probabilities, got None")
        return self.activation_fn

    def _probabilities(self, activation: Activation, x: mindspore.Tensor) -> mindspore.Tensor:
        return self._checked_probabilities(activation(self._logits(x)), len(x))

    def _checked_probabilities(self, answer: Any, num_samples: int) -> mindspore.Tensor:
        made = pick_logits(
            answer, None, self.ops, num_samples, source="`activation_fn` must return"
        )
        check_finite(made, self.ops, "`activation_fn` returned")
        return made

    def _evaluating(self) -> AbstractContextManager[None]:
        roots = [self.original]
        if isinstance(self.activation_fn, nn.Cell):
            roots.append(self.activation_fn)
        return evaluating(roots)


def _vector_jacobian_products(
    fn: Callable[[mindspore.Tensor], mindspore.Tensor],
    at: mindspore.Tensor,
    targets: mindspore.Tensor,
) -> Iterator[mindspore.Tensor | None]:
    """For each label l, the derivative of the sum over n of fn(at)[n, targets[n, l]]."""
    ids = targets.asnumpy()
    raised: list[BaseException] = []

    def guarded(x: mindspore.Tensor) -> mindspore.Tensor:
        # An error that leaves `vjp` would leave MindSpore's own recording switched on for good.
        try:
            return fn(x)
        except BaseException as error:
            raised.append(error)
            return x

    # Graph mode compiles the function, which allows no `try`, and records nothing.
    recorded = guarded if is_pynative() else fn
    for column in ids.T:
        logits, product = mindspore.vjp(recorded, at)
        if raised:
            raise raised.pop()
        check_range(ids, logits.shape[1])
        chosen = np.zeros(logits.shape, np.float32)
        chosen[np.arange(len(column)), column] = 1
        yield product(mindspore.Tensor(chosen).astype(logits.dtype))[0]


def _is_spatial(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and shape[2] * shape[3] > 1
