"""How forwards run fastest: the fused graph where there is one, in streams of small batches."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from seewhy.network.dropout_masks import Place
from seewhy.network.memory import MemoryLimit
from seewhy.network.torch.asked import Asked, Checked, Forward, Way, refused
from seewhy.network.torch.fused import FusedGraph, Head, fuse_or_reason
from seewhy.network.torch.fused_dropout import DropoutSplit
from seewhy.network.torch.fused_state import MODULE_REPLACED
from seewhy.network.torch.fused_stream import LARGEST_BLOCK, run_stream
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.plain_layout import Layouts

NOT_USED = "not used yet"
"""Reason before the first stream."""

ACCELERATOR_BLOCK = 256 * 2**20
"""Bytes of the largest tensor of a forward on an accelerator: enough to keep it busy."""

REBUILT = 4
"""How often attributes of a network's modules may change before it is no longer fused."""

RESTLESS = "attributes of its modules keep changing"

_Batch = TypeVar("_Batch")

# A graph is found again by every explainer and metric of a network, and dies with the network.
_engines: WeakKeyDictionary[torch.nn.Module, Engine] = WeakKeyDictionary()


def engine_of(module: torch.nn.Module) -> Engine:
    """Return the engine of `module`, the same one for as long as the module lives."""
    if module not in _engines:
        _engines[module] = Engine()
    return _engines[module]


class _Fusing:
    """Builds the fused graph of a network when it is first wanted, and again when that is needed.

    Attributes
    ----------
    reason
        What there is, or why there is nothing, in words.
    """

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        self.reason = NOT_USED
        self._dtype = dtype
        self._fused: FusedGraph | None = None
        self._tried: set[torch.Size] = set()
        self._outdated = 0

    def find(self, module: torch.nn.Module, x: torch.Tensor, thorough: bool) -> FusedGraph | None:
        """Return the graph if it serves `x`; `thorough` looks at every weight for a change."""
        if x.device.type != "cpu" or x.dtype != torch.float32:
            self.reason = f"plain network: inputs are {x.dtype} on {x.device}"
            return None
        if self._fused is None:
            if x.shape[1:] not in self._tried:
                # Hooks come and go: what they forbid now may serve later.
                if not _has_hooks(module):
                    self._tried.add(x.shape[1:])
                self._fused, self.reason = fuse_or_reason(module, x[:1], self._dtype)
            return self._fused
        changed = self._fused.refresh(thorough)
        if self._fused.outdated():
            self._outdated += 1
            changed = MODULE_REPLACED if self._outdated < REBUILT else RESTLESS
        if changed == MODULE_REPLACED:
            self._fused = None
            self._tried.clear()
            return self.find(module, x, thorough)
        self.reason = self._fused.summary if changed is None else f"plain network: {changed}"
        return self._fused if changed is None else None


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
        self._exact = _Fusing()
        self._layouts = Layouts()
        self._way: Way | None = None
        self._rough = _Fusing(torch.bfloat16)
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
        self._way, self._rough, self._asked = way, _Fusing(torch.bfloat16), None

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
        if self._way == "compile" and not _has_hooks(module):
            return self._in_the_way_asked("compile", module, plain, checked), 1
        # Changes behind PyTorch's back are looked for here: a stream is long.
        fused = self._stream_graph(module, x, thorough=True)
        if fused is not None:
            self._stream_says = lambda: self._graph_reason
            return lambda batch: checked(fused(batch), len(batch)), torch.get_num_threads()
        # A plain network may not be safe to call from several threads; a fused graph is.
        self._stream_says = lambda: self._exact.reason
        if _has_hooks(module):
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
                _largest_tensor(plain, one) if fused is None else fused.largest_activation(one)
            )
        block = LARGEST_BLOCK if x.device.type == "cpu" else ACCELERATOR_BLOCK
        return self.memory.most(x, max(1, block // self._bytes[kind]))


def _has_hooks(module: torch.nn.Module) -> bool:
    return any(m._forward_hooks or m._forward_pre_hooks for m in module.modules())


def stream_logits(
    forward: Callable[[_Batch], torch.Tensor], batches: Iterable[_Batch], threads: int
) -> Generator[torch.Tensor, None, None]:
    """Yield the logits of each batch in order; several threads work on a batch each."""
    if threads == 1:
        for batch in batches:
            yield forward(batch)
        return
    # PyTorch's own threads wait for each other in a busy loop. Beside the workers there is no core
    # for that: making masks took 25 times as long.
    with _one_thread(), closing(run_stream(forward, batches, threads)) as stream:  # type: ignore[type-var]
        yield from stream


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let operations called from this thread run in one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the bytes of the largest tensor that an operation returns."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 1

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        made = [leaf.nbytes for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        self.bytes = max([self.bytes, *made])
        return result


def _largest_tensor(forward: Callable[[torch.Tensor], Any], x: torch.Tensor) -> int:
    largest = _Largest()
    with largest:
        forward(x)
    return largest.bytes
