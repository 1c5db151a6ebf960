"""How the forwards of a network run fastest: by the fused graph where there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch

from seewhy.network.dropout_masks import Place
from seewhy.network.memory import MemoryLimit
from seewhy.network.torch.asked import Asked, Checked, Forward, Way, refused
from seewhy.network.torch.fused import FusedGraph, Head
from seewhy.network.torch.fused_dropout import DropoutSplit
from seewhy.network.torch.fused_measure import largest_tensor
from seewhy.network.torch.fused_stream import LARGEST_BLOCK
from seewhy.network.torch.fusing import NOT_USED, Fusing, has_hooks
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.plain_layout import Layouts

ACCELERATOR_BLOCK = 256 * 2**20
"""Bytes of the largest tensor of a forward on an accelerator: enough to keep it busy."""

# A graph is found again by every explainer and metric of a network, and dies with the network.
_engines: WeakKeyDictionary[torch.nn.Module, Engine] = WeakKeyDictionary()


def engine_of(module: torch.nn.Module) -> Engine:
    """Return the engine of `module`, the same one for as long as the module lives."""
    if module not in _engines:
        _engines[module] = Engine()
    return _engines[module]


class Engine:
    """Chooses how the forwards of one network run; holds what was built for it.

    Attributes
    ----------
    memory
        What is known about the batches that fit.
    boxes_reason
        What was chosen for the last question about replaced boxes, and why, in words.
    """

    def __init__(self) -> None:
        self.memory = MemoryLimit()
        self.boxes_reason = NOT_USED
        self._exact = Fusing()
        self._layouts = Layouts()
        self._way: Way | None = None
        self._rough = Fusing(torch.bfloat16)
        self._asked: Asked | None = None
        self._stream_says: Callable[[], str] = lambda: self._exact.reason
        self._graph_reason = NOT_USED
        self._bytes: dict[tuple[object, ...], int] = {}

    @property
    def reason(self) -> str:
        """What was chosen for the last stream, and why, in words."""
        return self._stream_says()

    def ask(self, way: Way | None) -> None:
        """Run streams in this way from now on; None: as without having asked."""
        self._way, self._rough, self._asked = way, Fusing(torch.bfloat16), None

    def fused(
        self, module: torch.nn.Module, x: torch.Tensor, thorough: bool = False
    ) -> FusedGraph | None:
        """Return the fused graph if it serves `x`; built on the first use.

        `thorough` looks at every weight to see whether one has changed.
        """
        return self._exact.find(module, x, thorough)

    def forwards(
        self, module: torch.nn.Module, x: torch.Tensor, plain: Forward, checked: Checked
    ) -> tuple[Forward, int]:
        """Return what runs the batches of a stream, and how many threads may call it.

        Parameters
        ----------
        module, x
            The network, and the first batch.
        plain
            Runs the plain network in evaluation mode; gives its checked logits.
        checked
            Checks the logits in what the network returns for so many samples.
        """
        if self._way == "compile" and not has_hooks(module):
            return self._in_the_way_asked("compile", module, plain, checked), 1
        # Changes behind PyTorch's back are looked for here: a stream is long.
        fused = self._stream_graph(module, x, thorough=True)
        if fused is not None:
            self._stream_says = lambda: self._graph_reason
            return lambda batch: checked(fused(batch), len(batch)), torch.get_num_threads()
        # A plain network may not be safe to call from several threads; a fused graph is.
        self._stream_says = lambda: self._exact.reason
        if has_hooks(module):
            return plain, 1
        if self._way == "bfloat16" and x.dtype == torch.float32 and x.device.type == "cpu":
            return self._in_the_way_asked("bfloat16", module, plain, checked), 1
        why, layouts = self._exact, self._layouts
        self._stream_says = lambda: "; ".join(filter(None, [why.reason, layouts.words]))
        return lambda batch: layouts.run(plain, batch), 1

    def _in_the_way_asked(
        self, way: Way, module: torch.nn.Module, plain: Forward, checked: Checked
    ) -> Forward:
        if self._asked is None or not self._asked.serves(module):
            self._asked = Asked(way, module)
        asked = self._asked
        self._stream_says = lambda: asked.words
        return lambda batch: asked.run(plain, checked, batch)

    def _stream_graph(
        self, module: torch.nn.Module, x: torch.Tensor, thorough: bool
    ) -> FusedGraph | None:
        """Return the fused graph that serves streams: in bfloat16 if that was asked for."""
        if self._way != "bfloat16":
            exact = self.fused(module, x, thorough)
            self._graph_reason = self._exact.reason
            return exact
        before = self._rough.reason
        rough = self._rough.find(module, x, thorough)
        self._graph_reason = why = self._rough.reason
        if rough is not None:
            return rough
        exact = self.fused(module, x, thorough)
        if exact is not None:
            self._graph_reason = f"{self._exact.reason}; bfloat16 was asked for, but {why}"
            if why != before:
                refused("bfloat16", why)
        return exact

    def head(self, module: torch.nn.Module, x: torch.Tensor, layer: str) -> Head | None:
        """Return the fused head up to `layer`, if there is one."""
        fused = self.fused(module, x)
        return None if fused is None else fused.head(layer)

    def dropout_split(
        self, module: torch.nn.Module, x: torch.Tensor, places: Sequence[Place]
    ) -> DropoutSplit | None:
        """Return the fused programs before and after the first dropout, if there are any."""
        fused = self.fused(module, x)
        return None if fused is None else fused.dropout_split(places)

    def box_plan(
        self,
        module: torch.nn.Module,
        x: torch.Tensor,
        other: torch.Tensor,
        box: tuple[int, int],
        corners: npt.NDArray[np.int64],
    ) -> Plan | None:
        """Return how to compute incrementally what boxes of an image change, if that is quicker.

        Parameters
        ----------
        module
            The network.
        x, other
            The image and what the boxes show, (1, C, H, W).
        box
            Height and width of the boxes.
        corners
            (b, 2): first row and column of each box.
        """
        fused = self._stream_graph(module, x, thorough=True)
        if fused is None:
            self.boxes_reason = f"whole forwards: {self._exact.reason}"
            return None
        plan, self.boxes_reason = fused.box_plan(x, other, box, corners)
        return plan

    def batch_size(
        self, module: torch.nn.Module, x: torch.Tensor, plain: Callable[[torch.Tensor], Any]
    ) -> int:
        """Return the fastest number of samples like those of `x` for a forward.

        On the CPU no tensor of the forward should outgrow what the allocator keeps.

        Parameters
        ----------
        module, x
            The network and samples for it; where their kind is new, the first is run once.
        plain
            Runs the plain network in evaluation mode.
        """
        fused = self._stream_graph(module, x, thorough=False)
        kind = (tuple(x.shape[1:]), x.dtype, x.device, None if fused is None else fused.dtype)
        if kind not in self._bytes:
            one = x[:1]
            self._bytes[kind] = (
                largest_tensor(plain, one) if fused is None else fused.largest_activation(one)
            )
        block = LARGEST_BLOCK if x.device.type == "cpu" else ACCELERATOR_BLOCK
        return self.memory.most(x, max(1, block // self._bytes[kind]))
