"""A `torch.nn.Module` behind the contract of `seewhy.network.protocol.Network`."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from seewhy.network.dropout_passes import DropoutPasses
from seewhy.network.logits import NO_PATH, check_finite, check_spatial, pick_logits
from seewhy.network.names import check_layer
from seewhy.network.protocol import Activation, Ops, OutputPicker, ReLURule
from seewhy.network.rates import check_rate
from seewhy.network.seeds import seed_words
from seewhy.network.targets import check_range
from seewhy.network.torch.dropout import live_dropout
from seewhy.network.torch.dropout_host import TorchHost
from seewhy.network.torch.engine import Engine, engine_of
from seewhy.network.torch.fused import Head
from seewhy.network.torch.fused_stream import stream_logits
from seewhy.network.torch.fusing import NOT_USED
from seewhy.network.torch.incremental_stream import stream_boxes
from seewhy.network.torch.modified_relu import modified_relu
from seewhy.network.torch.ops import TorchOps
from seewhy.network.torch.randomised import randomised, weighted_layers
from seewhy.network.torch.state import evaluating


class TorchNetwork:
    """See `seewhy.network.protocol.Network`."""

    def __init__(
        self,
        module: torch.nn.Module,
        activation_fn: Activation | None = None,
        output: OutputPicker | None = None,
    ) -> None:
        self.ops: Ops = TorchOps()
        self.original = module
        self.activation_fn = activation_fn
        self.output = output
        host = TorchHost(module, output is None, self._picked)
        self._dropout = DropoutPasses(host)

    def _picked(self, answer: Any, num_samples: int) -> torch.Tensor:
        logits: torch.Tensor = pick_logits(answer, self.output, self.ops, num_samples)
        return logits

    @property
    def _engine(self) -> Engine:
        # Not kept here, so that explainers can be copied and pickled.
        return engine_of(self.original)

    @property
    def engine(self) -> str:
        whole, boxes = self._engine.reason, self._engine.boxes_reason
        # Where the boxes say only why there is no fused graph, that is said already.
        said = [whole] if boxes.endswith(whole) else [whole, boxes]
        return "; ".join(words for words in said if words != NOT_USED)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with self._evaluating(x), torch.no_grad():
            return self._fitting(self._logits, x)

    def probabilities(self, x: torch.Tensor) -> torch.Tensor:
        activation = self._activation()
        with self._evaluating(x), torch.no_grad():
            logits = self._fitting(self._logits, x)
            return self._checked_probabilities(activation(logits), len(x))

    def stream(self, batches: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        activation = self._activation()
        batches = iter(batches)
        first = next(batches, None)
        if first is None:
            return
        way, threads = self._engine.forwards(
            self.original, first, self._logits, self._checked_logits
        )

        def run(x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return way(x)

        def fitting(x: torch.Tensor) -> torch.Tensor:
            return self._fitting(run, x)

        stream = stream_logits(fitting, itertools.chain([first], batches), threads)
        with self._evaluating(first), closing(stream):
            for logits in stream:
                with torch.no_grad():
                    made = activation(logits)
                yield self._checked_probabilities(made, len(logits))

    def replaced_boxes(
        self,
        x: torch.Tensor,
        other: torch.Tensor,
        boxes: npt.NDArray[np.int64],
        limit: int | None = None,
    ) -> Iterator[tuple[int, npt.NDArray[np.int64], torch.Tensor]] | None:
        activation = self._activation()
        x = x.detach()
        other = other.detach().to(x).expand_as(x)
        height, width = boxes[0, 2:].tolist()
        corners = boxes[:, :2]
        plan = self._engine.box_plan(self.original, x[:1], other[:1], (height, width), corners)
        if plan is None:
            return None
        stream = stream_boxes(plan, x, other, corners, limit, self._checked_logits, self.ops)
        return self._boxes_answered(activation, x, stream)

    def _boxes_answered(
        self,
        activation: Activation,
        x: torch.Tensor,
        stream: Generator[tuple[int, npt.NDArray[np.int64], torch.Tensor], None, None],
    ) -> Iterator[tuple[int, npt.NDArray[np.int64], torch.Tensor]]:
        with self._evaluating(x), closing(stream):
            for sample, indices, logits in stream:
                with torch.no_grad():
                    made = activation(logits)
                yield sample, indices, self._checked_probabilities(made, len(logits))

    def batch_size(self, x: torch.Tensor, limit: int | None) -> int:
        best = self._engine.batch_size(self.original, x, self.forward)
        return best if limit is None else min(best, limit)

    def gradient(
        self, x: torch.Tensor, targets: torch.Tensor, relu: ReLURule | None = None
    ) -> torch.Tensor:
        with self._evaluating(x), _recording():
            leaf = x.detach().clone().requires_grad_()
            with modified_relu(relu):
                logits = self._logits(leaf)
            return _gradients(logits, targets, leaf)

    def activation_and_gradient(
        self, x: torch.Tensor, targets: torch.Tensor, layer: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if layer == "":
            return x.detach(), self.gradient(x, targets)
        self._check_layer(layer)
        with self._evaluating(x), torch.inference_mode(False), torch.no_grad():
            x = x.clone() if x.is_inference() else x
            head = None if self.output else self._engine.head(self.original, x, layer)
            leaf, logits = self._cut(x, layer) if head is None else self._fused_cut(x, layer, head)
            with torch.enable_grad():
                return leaf.detach(), _gradients(logits, targets, leaf)

    def as_input(self, array: npt.NDArray[Any]) -> torch.Tensor:
        floating = (p for p in self.original.parameters() if p.is_floating_point())
        like = next(floating, torch.empty(0))
        return torch.from_numpy(np.array(array)).to(like.device, like.dtype)

    def with_dropout(self, rate: float | None = None, seed: int | None = 0) -> Any:
        return live_dropout(self.original, rate, seed)

    def dropout_passes(
        self,
        x: torch.Tensor,
        passes: int,
        rate: float | None = None,
        where: str | None = None,
        seed: int | None = 0,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        activation = self._activation()
        check_rate(rate)
        with self._evaluating(x), torch.inference_mode(False), torch.no_grad():
            x = x.clone() if x.is_inference() else x.detach()
            plain, dropped = self._dropout.logits(x, passes, rate, where, seed_words(seed))
            plain = self._checked_probabilities(activation(plain), len(x))
            made = self._checked_probabilities(activation(dropped), len(dropped))
            return plain, made.reshape(passes, len(x), -1)

    def randomised(self, layers: Sequence[str], seed: int | None = 0) -> Any:
        return randomised(self.original, layers, seed)

    def weighted_layers(self) -> list[str]:
        return weighted_layers(self.original)

    def layers(self) -> list[str]:
        return [name for name, _ in self.original.named_modules() if name]

    def spatial_layers(self, x: torch.Tensor) -> list[str]:
        ended: dict[str, None] = {}

        def note(name: str) -> Any:
            def hook(module: torch.nn.Module, inputs: Any, result: Any) -> None:
                ended.pop(name, None)
                if _is_spatial(result):
                    ended[name] = None

            return hook

        with self._evaluating(x), torch.no_grad(), ExitStack() as hooks:
            for name, module in self.original.named_modules():
                if name:
                    hooks.callback(module.register_forward_hook(note(name)).remove)
            self._logits(x)
        return list(ended)

    def fingerprint(self) -> str:
        digest = hashlib.blake2b(type(self.original).__qualname__.encode(), digest_size=16)
        for name, value in self.original.state_dict().items():
            digest.update(name.encode())
            if isinstance(value, torch.Tensor):
                flat = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
                digest.update(flat.numpy().tobytes())
        return digest.hexdigest()

    def _fitting(
        self, forward: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
    ) -> torch.Tensor:
        logits: torch.Tensor = self._engine.memory.run(forward, x, self.ops)
        return logits

    def _logits(self, x: torch.Tensor) -> torch.Tensor:
        # A network may change its input in place; the user's must not change, and no leaf can.
        return self._checked_logits(self.original(x.clone()), x.shape[0])

    def _checked_logits(self, answer: Any, num_samples: int) -> torch.Tensor:
        logits: torch.Tensor = pick_logits(answer, self.output, self.ops, num_samples)
        check_finite(logits.detach(), self.ops)
        return logits

    def _activation(self) -> Activation:
        if self.activation_fn is None:
            raise ValueError("`activation_fn` must be given for probabilities, got None")
        return self.activation_fn

    def _checked_probabilities(self, made: Any, num_samples: int) -> torch.Tensor:
        probabilities: torch.Tensor = pick_logits(
            made, None, self.ops, num_samples, source="`activation_fn` must return"
        )
        check_finite(probabilities, self.ops, "`activation_fn` returned")
        return probabilities

    def _check_layer(self, layer: str) -> None:
        try:
            self.original.get_submodule(layer)
        except AttributeError:
            check_layer(layer, self.layers())

    def _evaluating(self, x: torch.Tensor) -> Any:
        modules = [self.original]
        if isinstance(self.activation_fn, torch.nn.Module):
            modules.append(self.activation_fn)
        return evaluating(modules, x)

    def _fused_cut(
        self, x: torch.Tensor, layer: str, head: Head
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Leaf at the layer and the logits that follow from it; only the head is fused."""
        activation, crossing = head(x)
        check_spatial(activation, layer)
        leaf = activation.requires_grad_()
        with torch.enable_grad():
            return leaf, self._checked_logits(head.tail(leaf.clone(), crossing), x.shape[0])

    def _cut(self, x: torch.Tensor, layer: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Leaf at the layer and the logits that follow from it.

        The forward runs without a graph up to the layer, so only the tail is differentiated. The
        graph starts anew at each call of the layer: the last one counts.
        """
        leaf: torch.Tensor | None = None

        def hook(module: torch.nn.Module, inputs: Any, result: Any) -> torch.Tensor:
            nonlocal leaf
            check_spatial(result, layer)
            leaf = result.detach().requires_grad_()
            torch.set_grad_enabled(True)
            # The copy lets the next layer work in place, which no leaf allows.
            return leaf.clone()

        handle = dict(self.original.named_modules())[layer].register_forward_hook(hook)
        try:
            logits = self._logits(x)
        finally:
            handle.remove()
            torch.set_grad_enabled(False)
        if leaf is None:
            raise ValueError(f"`layer` must run in the forward, {layer!r} did not")
        return leaf, logits


@contextmanager
def _recording() -> Iterator[None]:
    with torch.inference_mode(False), torch.enable_grad():
        yield


def _is_spatial(result: Any) -> bool:
    return (
        isinstance(result, torch.Tensor)
        and result.ndim == 4
        and result.shape[2] * result.shape[3] > 1
    )


def _gradients(logits: torch.Tensor, targets: torch.Tensor, leaf: torch.Tensor) -> torch.Tensor:
    """One graph, a backward for each label: d logits[n, targets[n, l]] / d leaf[n]."""
    check_range(targets.cpu().numpy(), logits.shape[1])
    if not logits.requires_grad:
        raise ValueError(NO_PATH)
    # A copy, as tensors made in the caller's inference mode cannot be saved for a backward.
    scores = logits.gather(1, targets.clone()).sum(0)
    last = len(scores) - 1
    gradients = torch.empty(
        len(leaf), len(scores), *leaf.shape[1:], dtype=leaf.dtype, device=leaf.device
    )
    for label, score in enumerate(scores):
        made = torch.autograd.grad(score, leaf, retain_graph=label < last, allow_unused=True)[0]
        if made is None:
            raise ValueError(NO_PATH)
        gradients[:, label] = made
    return gradients
