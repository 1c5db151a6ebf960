"""Streams in bfloat16 or compiled by `torch.compile`, for a network whose user asked for that."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from seewhy.network.memory import is_out_of_memory
from seewhy.network.torch.fused import ROUGH_TOLERANCE, TOLERANCE
from seewhy.network.torch.fused_state import Settings
from seewhy.network.torch.fused_trace import evaluation_copy

Way: TypeAlias = Literal["bfloat16", "compile"]

Forward: TypeAlias = Callable[[Tensor], Tensor]
"""Runs the plain network in evaluation mode; gives checked logits (n, K)."""

Checked: TypeAlias = Callable[[Any, int], Tensor]
"""Logits out of what the network returns for so many samples."""

_log = logging.getLogger("seewhy")


class Asked:
    """Runs a network in the way asked for; the first batch also runs as ever, and must agree.

    Attributes
    ----------
    words
        What runs, or why it does not, in words.
    """

    def __init__(self, way: Way, module: nn.Module) -> None:
        self.words = "bfloat16 by autocast" if way == "bfloat16" else "torch.compile"
        self._tolerance = ROUGH_TOLERANCE if way == "bfloat16" else TOLERANCE
        self._compiled = None if way == "bfloat16" else torch.compile(evaluation_copy(module))
        self._parts = _parts(module)
        self._settings = Settings(module)
        self._compared = self._refused = False

    def serves(self, module: nn.Module) -> bool:
        """Whether the network is still made of the modules that it was made of."""
        return _parts(module) == self._parts and not self._settings.changed()

    def run(self, forward: Forward, checked: Checked, x: Tensor) -> Tensor:
        """Return the logits (n, K) of a batch (n, C, H, W)."""
        if self._refused:
            return forward(x)
        try:
            made = self._run(forward, checked, x)
        except Exception as error:  # a network may not be made for it
            if is_out_of_memory(error):
                raise
            self._refuse(f"it failed: {next(iter(str(error).splitlines()), repr(error))[:200]}")
            return forward(x)
        if not self._compared:
            expected = forward(x)
            apart = float((expected - made).abs().max() / expected.abs().max().clamp_min(1e-30))
            if not apart <= self._tolerance:
                self._refuse(f"answers would differ by {apart:.1e} of the largest logit")
                return expected
            self._compared = True
        return made

    def _run(self, forward: Forward, checked: Checked, x: Tensor) -> Tensor:
        if self._compiled is None:
            with torch.autocast("cpu", torch.bfloat16):
                return forward(x).float()
        # One sample would be compiled by itself: sizes 0 and 1 are never variable.
        rows = x.repeat(2, 1, 1, 1) if len(x) == 1 else x.clone()
        torch._dynamo.maybe_mark_dynamic(rows, 0)
        return checked(self._compiled(rows), len(rows))[: len(x)]

    def _refuse(self, why: str) -> None:
        self._refused = True
        refused(self.words, why)
        self.words = f"plain network: {self.words} was asked for, but {why}"


def _parts(module: nn.Module) -> list[int]:
    # The copy shares these dictionaries, so that no other one can get their identities.
    return [id(part._parameters) for part in module.modules()]


def refused(way: str, why: str) -> None:
    """Say in the log that what was asked for is not done."""
    _log.warning("%s was asked for, but is not used: %s", way, why)
