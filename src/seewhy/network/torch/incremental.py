"""Exact incremental inference on a fused graph: only what a replaced box can change is computed.

After Nakandala, Kumar, Papakonstantinou: Incremental and Approximate Inference for Faster
Occlusion-based Deep CNN Explanations. SIGMOD 2019.
"""

from __future__ import annotations

import torch
from torch import Tensor

from seewhy.network.torch.fused_rewrite import Program
from seewhy.network.torch.incremental_batches import batches
from seewhy.network.torch.incremental_plan import Plan
from seewhy.network.torch.incremental_run import Kept, run
from seewhy.network.torch.incremental_sliding import Positions
from seewhy.network.torch.incremental_spans import Size
from seewhy.network.torch.incremental_values import Values, values_of

CHECKED = 4
"""Boxes computed both ways when a plan is new."""


class Plans:
    """The plans of a program, one for each size of image and of box, each checked on first use.

    Parameters
    ----------
    program
        The fused graph, with the weights as they are now.
    tolerance
        How far incremental and whole answers may lie apart, relative to the largest answer.
    """

    def __init__(self, program: Program, tolerance: float) -> None:
        self._program = program
        self._tolerance = tolerance
        self._values: dict[torch.Size, Values] = {}
        self._plans: dict[tuple[torch.Size, Size], Plan | str] = {}
        self._checked: set[tuple[torch.Size, Size]] = set()

    def find(
        self, x: Tensor, other: Tensor, box: Size, corners: Positions
    ) -> tuple[Plan | None, str]:
        """Return the plan for boxes of an image, or None where whole forwards are better.

        Parameters
        ----------
        x, other
            The image and what the boxes show, (1, C, H, W), float32.
        box
            Height and width.
        corners
            (b, 2): first row and column of each box.

        Returns
        -------
        The plan or None, and in words what was chosen and why.
        """
        key = x.shape, box
        if key not in self._plans:
            self._plans[key] = self._made(x, box)
        plan = self._plans[key]
        if isinstance(plan, str):
            return None, plan
        against = plan.reason_against(len(corners))
        if against is not None:
            return None, f"whole forwards: {against}"
        if key not in self._checked:
            failed = self._check(plan, x, other, corners)
            if failed is not None:
                self._plans[key] = failed
                return None, failed
            self._checked.add(key)
        return plan, f"incremental: {plan.summary}"

    def _made(self, x: Tensor, box: Size) -> Plan | str:
        try:
            if x.shape not in self._values:
                self._values[x.shape] = values_of(self._program, x)
            return Plan(self._program, self._values[x.shape], box)
        except Exception as error:  # a network may do anything
            return f"whole forwards: no plan, {error!r}"[:300]

    def _check(self, plan: Plan, x: Tensor, other: Tensor, corners: Positions) -> str | None:
        """Return why a plan is not to be used, or None."""
        try:
            apart = difference(plan, x, other, corners)
        except Exception as error:  # an operation may not take parts of maps
            return f"whole forwards: patches failed, {error!r}"[:300]
        if apart <= self._tolerance:
            return None
        return f"whole forwards: answers by patches differ by {apart:.1e} of the largest"


def difference(plan: Plan, x: Tensor, other: Tensor, corners: Positions) -> float:
    """Return how far a plan's answers are from whole forwards for a few boxes.

    Parameters
    ----------
    plan
        What to check.
    x, other, corners
        As for `Plans.find`.

    Returns
    -------
    The largest difference, relative to the largest output.
    """
    kept, made = Kept(plan, x, other), batches(plan, corners, plan.most_at_once(None))
    few = [batch[len(batch) // 2 :][:1] for batch in made[:: -(-len(made) // CHECKED)]]
    height, width = plan.box
    images = x.repeat(len(few), 1, 1, 1)
    for image, batch in zip(images, few, strict=True):
        ((y, x_),) = batch.corners
        place = (..., slice(y, y + height), slice(x_, x_ + width))
        image[place] = other[0][place]
    with torch.no_grad():
        expected = plan.program.run(images)
    got = torch.cat([run(plan, kept, batch) for batch in few])
    return float((got - expected).abs().max() / expected.abs().max().clamp_min(1e-30))
