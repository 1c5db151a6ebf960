"""The hierarchical search: large boxes first, then the smaller ones that do in their place."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from seewhy.counterfactual.edit_tree import Box, EditStep, paint
from seewhy.counterfactual.layers import Layer
from seewhy.counterfactual.questions import Asking, Outputs, Question

TIE = 1e-5
"""Outputs that differ by less than this share of the best are alike: so far rounding may reach."""


@dataclass(frozen=True)
class Aim:
    """What is wanted of an output: at least `target` if `upwards`, at most `target` if not."""

    target: float
    upwards: bool

    def reached(self, output: float) -> bool:
        """Whether the output is as wanted."""
        return output >= self.target if self.upwards else output <= self.target

    def helps(self, change: float) -> bool:
        """Whether a change goes the wanted way."""
        return change > 0 if self.upwards else change < 0

    def makes_up_for(self, change: float, wanted: float) -> bool:
        """Whether a change goes as far as another one."""
        return change >= wanted if self.upwards else change <= wanted

    def best(self, outputs: Outputs) -> int:
        """Return the place of the best output; of those that are as good, the first."""
        best = outputs.max() if self.upwards else outputs.min()
        return int(np.argmax(abs(outputs - best) <= TIE * abs(best)))


@dataclass(frozen=True)
class _Job:
    """Finding boxes of one layer within the box of `parent`, on top of those chosen `before`."""

    parent: EditStep
    before: tuple[EditStep, ...] = ()


def search_tree(size: tuple[int, int], layers: Sequence[Layer], aim: Aim) -> Asking[EditStep]:
    """Search the boxes of all layers, breadth first; return their tree.

    The root has no children if no edit was needed, or if all boxes of the first layer together
    were not enough.
    """
    (start,) = yield [Question(paint(size, []))]
    root = EditStep(-1, Box(0, 0, size[1], size[0]), float(start), 0.0)
    jobs = deque([_Job(root)])
    while jobs:
        job = jobs.popleft()
        steps = yield from _choose(job, size, layers[job.parent.layer + 1], aim)
        job.parent.children = steps
        if steps and steps[0].layer + 1 < len(layers):
            jobs.extend(
                _Job(step, (*job.before, *steps[:place]))
                for place, step in enumerate(steps)
                if aim.helps(step.step_change)
            )
    return root


def _choose(
    job: _Job, size: tuple[int, int], layer: Layer, aim: Aim
) -> Generator[list[Question], Outputs, list[EditStep]]:
    """Choose one box after the other, each the best; none if all together are not enough."""
    depth = job.parent.layer + 1
    # The leaves of what came before: where smaller boxes were found, they count.
    boxes = [leaf.box for step in job.before for leaf in step.leaf_steps]
    (start,) = yield [Question(paint(size, boxes))]
    steps: list[EditStep] = []
    left, last = layer.boxes_in(job.parent.box), float(start)
    while not aim.reached(last):
        if not left:
            return []
        outputs = yield [Question(paint(size, boxes), left)]
        chosen = aim.best(outputs)
        output = float(outputs[chosen])
        boxes = [*boxes, left[chosen]]
        steps.append(EditStep(depth, left.pop(chosen), output, output - last))
        last = output
        if depth > 0 and aim.makes_up_for(last - start, job.parent.step_change):
            break
    return steps


def layer_outputs(size: tuple[int, int], root: EditStep) -> Asking[list[float]]:
    """Return for each layer the output with its boxes, and the leaves above them, edited."""
    questions = [
        Question(paint(size, [step.box for step in root.layer_or_leaf_steps(layer)]))
        for layer in range(root.max_layer + 1)
    ]
    outputs = yield questions
    return [float(output) for output in outputs]
