"""A fused inference graph for PyTorch networks on the CPU: the same answers in half the time.

The network is traced (`torch.fx`), its batch normalisations are folded into the convolutions
before them, and the convolutions run oneDNN with activation and residual addition as
post-operations. The graph is tested against the plain network before it is used.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn

from seewhy.network.dropout_masks import Masks, Place
from seewhy.network.torch.fused_checks import (
    check_environment,
    check_input,
    check_module,
    is_plain,
)
from seewhy.network.torch.fused_dropout import DropoutSplit
from seewhy.network.torch.fused_measure import Measure, random_batch
from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.fused_split import Head, Split
from seewhy.network.torch.fused_state import Snapshot
from seewhy.network.torch.fused_stream import best_batch, run_stream
from seewhy.network.torch.fused_trace import NotFusableError, evaluation_copy, trace
from seewhy.network.torch.incremental import Plans
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.ops import TorchOps

__all__ = ["FusedGraph", "Head", "best_batch", "fuse", "fuse_or_reason", "run_stream"]

TOLERANCE = 1e-5
"""How far fused and plain outputs may lie apart, relative to the largest plain output."""

ROUGH_TOLERANCE = 0.05
"""The same for a graph in bfloat16, whose numbers have 8 bits."""

_log = logging.getLogger("seewhy")


def fuse(module: nn.Module, example: Tensor) -> FusedGraph | None:
    """Return the fused graph of `module`, or None where the plain network must serve.

    Parameters
    ----------
    module
        The user's network. It is not touched, not even its training flags.
    example
        (N, C, H, W), float32, on the CPU: an input the network is made for. Other batch sizes
        and image sizes work too.
    """
    return fuse_or_reason(module, example)[0]


def fuse_or_reason(
    module: nn.Module, example: Tensor, dtype: torch.dtype = torch.float32
) -> tuple[FusedGraph | None, str]:
    """Return what `fuse` returns, and in words what was fused or why nothing was."""
    try:
        graph = FusedGraph(module, example, dtype)
    except Exception as error:  # a user's forward may raise anything on symbolic values
        reason = f"{error}" if isinstance(error, NotFusableError) else f"{error!r}"
        reason = f"plain network: {reason.splitlines()[0][:300]}"
        _log.debug("%s: %s", type(module).__name__, reason)
        return None, reason
    _log.debug("%s: %s", type(module).__name__, graph.summary)
    return graph, graph.summary


class FusedGraph:
    """Runs a network for inference; made by `fuse`.

    New weights are seen: a call after a change packs the weights again and repeats the test.
    Whatever the graph cannot do (another dtype, a replaced module, a hook) runs the plain network
    in evaluation mode. Calls from several threads at once are safe.

    Attributes
    ----------
    summary
        What was fused, in words.
    reason
        Why calls run the plain network at present, or None.
    dtype
        Of the arithmetic.
    """

    def __init__(
        self, module: nn.Module, example: Tensor, dtype: torch.dtype = torch.float32
    ) -> None:
        check_environment()
        check_input(example)
        check_module(module)
        # Weak, so that a graph kept in a table of networks does not keep its network alive.
        self._module = weakref.ref(module)
        self.reason: str | None = None
        self.dtype = dtype
        self._tolerance = TOLERANCE if dtype == torch.float32 else ROUGH_TOLERANCE
        self._lock = threading.RLock()
        self._snapshot = Snapshot(module)
        hooked = self._snapshot.changed_structure()
        if hooked is not None:
            raise NotFusableError(hooked)
        with _undisturbed():
            self._inputs = random_batch(example[:1].detach())
            self._source = trace(module)
            Measure(self._source.root, self._source.graph).run(self._inputs)
            self._program = Program(self._source.root, _copy(self._source.graph), dtype=dtype)
            if not self._program.counts["convolutions"]:
                raise NotFusableError("no convolution to fuse")
            self._test(self._program.run, self._inputs[1:2], self._inputs)
        self._splits: dict[str, Split | None] = {}
        self._dropouts: dict[tuple[Place, ...], DropoutSplit | None] = {}
        self._plans = Plans(self._program, self._tolerance)
        counts = ", ".join(f"{number} {what}" for what, number in self._program.counts.items())
        name = "fused oneDNN graph" if dtype == torch.float32 else f"fused oneDNN graph in {dtype}"
        self.summary = f"{name}: {counts}".replace("torch.", "")

    def __call__(self, x: Tensor) -> Tensor:
        """Return what the network in evaluation mode returns for `x`; no autograd graph.

        Parameters
        ----------
        x
            (N, C, H, W); float32 on the CPU runs the fused graph.
        """
        fits = x.dtype == torch.float32 and is_plain(x)
        if not fits or torch.is_autocast_enabled("cpu") or self.refresh() is not None:
            return self._plain(x)
        try:
            with torch.no_grad():
                output: Tensor = self._program.run(x)
            return output
        except Exception as error:
            # Where the plain network fails too, its own message is the better one.
            _log.debug("fused graph failed, plain network instead: %r", error)
            return self._plain(x)

    def refresh(self, thorough: bool = False) -> str | None:
        """Pack changed weights; return why only the plain network can serve now, or None.

        `thorough` looks at every weight, which takes as long as reading them all.
        """
        changed = self._snapshot.changed_structure()
        if changed is not None:
            return changed
        if self._snapshot.changed_weights(thorough):
            with self._lock:
                if self._snapshot.changed_weights(thorough):
                    self._repack()
        return self.reason

    def outdated(self) -> bool:
        """Whether an attribute of a module changed that the graph may have taken as fixed."""
        return self._snapshot.changed_settings()

    def head(self, layer: str) -> Head | None:
        """Cut the network at a layer.

        Parameters
        ----------
        layer
            Dotted name of a module; its last call in the forward is meant.

        Returns
        -------
        Head or None
            None where there is no such cut or the plain network must serve; see the debug log.
        """
        if self.refresh() is not None:
            return None
        with self._lock:
            if layer not in self._splits:
                self._splits[layer] = self._split(layer)
            split = self._splits[layer]
        return None if split is None else Head(split, self.refresh)

    def dropout_split(self, places: Sequence[Place]) -> DropoutSplit | None:
        """Cut the network where the first value is dropped; ask right after `refresh`.

        Returns
        -------
        None where there is no such cut or the plain network must serve; see the debug log.
        """
        if torch.is_autocast_enabled("cpu") or self.reason is not None:
            return None
        key = tuple(places)
        with self._lock:
            if key not in self._dropouts:
                self._dropouts[key] = self._dropout_split(key)
            return self._dropouts[key]

    def box_plan(
        self, x: Tensor, other: Tensor, box: tuple[int, int], corners: npt.NDArray[np.int64]
    ) -> tuple[Plan | None, str]:
        """Return how to run `x` with a box replaced, for many boxes, and why, in words.

        Parameters
        ----------
        x, other
            The image and what the boxes show, (1, C, H, W), float32 on the CPU.
        box
            Height and width of the boxes.
        corners
            (b, 2): first row and column of each box.

        Returns
        -------
        None where whole forwards are better or must serve. New weights make a plan invalid: ask
        anew for each stream.
        """
        if torch.is_autocast_enabled("cpu") or self.refresh() is not None:
            return None, "whole forwards: of the plain network"
        with self._lock, _undisturbed():
            plan, words = self._plans.find(x, other, box, corners)
        _log.debug("%s: %s", type(self._network()).__name__, words)
        return plan, words

    def largest_activation(self, x: Tensor) -> int:
        """Return the bytes of the largest tensor that a forward of `x` makes."""
        measure = Measure(self._program.assembled, self._program.graph)
        with torch.no_grad(), self._program.arithmetic():
            measure.run(x)
        return max(measure.largest, x.nbytes)

    def _split(self, layer: str) -> Split | None:
        try:
            with _undisturbed():
                split = Split(self._source, self._source.root.get_submodule(f"network.{layer}"))
                head = Head(split, lambda: None)
                self._test(lambda x: head.tail(*head(x)), self._inputs)
            return split
        except Exception as error:
            _log.debug("no fused head up to %r: %s", layer, error)
            return None

    def _dropout_split(self, places: tuple[Place, ...]) -> DropoutSplit | None:
        try:
            with _undisturbed():
                # A rate of 0 drops nothing: two passes must both be the plain network.
                split = DropoutSplit(self._source, [replace(place, rate=0.0) for place in places])
                for number in range(2):

                    def run(x: Tensor, number: int = number) -> Tensor:
                        _, passes = split.start(x, Masks(TorchOps(), (0,)))
                        return passes(0, 2)[number * len(x) : (number + 1) * len(x)]

                    self._test(run, self._inputs)
                return DropoutSplit(self._source, places)
        except Exception as error:
            _log.debug("no fused head up to the first dropout: %s", error)
            return None

    def _repack(self) -> None:
        # Taken before the weights are read, put in place after: no other thread runs old weights.
        snapshot = self._snapshot.renewed()
        try:
            check_module(self._network())
            with _undisturbed():
                self._program.pack()
                self._plans = Plans(self._program, self._tolerance)
                for split in (*self._splits.values(), *self._dropouts.values()):
                    if split is not None:
                        split.pack()
                self._test(self._program.run, self._inputs[1:2])
            self.reason = None
        except Exception as error:
            self.reason = str(error)
            _log.debug("plain network after a change of weights: %s", error)
        self._snapshot = snapshot

    def _plain(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            output: Tensor = evaluation_copy(self._network())(x.clone())
        return output

    def _network(self) -> nn.Module:
        """Return the user's network, or what is left of it when nothing else holds it."""
        network = self._module()
        return self._source.root.get_submodule("network") if network is None else network

    def _test(self, run: Callable[[Tensor], Tensor], *inputs: Tensor) -> None:
        for x in inputs:
            expected, got = self._plain(x), run(x)
            if not isinstance(expected, Tensor) or expected.shape != got.shape:
                raise NotFusableError("the network does not return one tensor")
            apart = (expected - got).abs().max() / expected.abs().max().clamp_min(1e-30)
            if not apart <= self._tolerance:
                raise NotFusableError(f"outputs differ by {apart:.1e} of the largest")


def _copy(graph: fx.Graph) -> fx.Graph:
    copied = fx.Graph()
    output = copied.graph_copy(graph, {})
    copied.output(output)
    return copied


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave the random state alone, and let no mode of the caller change what is computed."""
    with (
        torch.random.fork_rng(devices=[]),
        torch.autocast("cpu", enabled=False),
        torch.inference_mode(False),
        torch.no_grad(),
    ):
        yield
