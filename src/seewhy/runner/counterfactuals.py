"""Searching the regions that decide the predictions of a batch, and storing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from seewhy.counterfactual import Counterfactual, EditStep, HierarchicalOcclusion
from seewhy.network import Network
from seewhy.runner.interrupt import let_ctrl_c_raise
from seewhy.runner.resume import Numbered
from seewhy.store import CounterfactualRecord, Edit, JobWriter, Outcome


def store_counterfactuals(
    search: HierarchicalOcclusion,
    network: Network,
    batch: Sequence[Numbered],
    labels: Mapping[int, list[int]],
    writer: JobWriter,
) -> None:
    """Search what is not stored yet of samples of one shape.

    Parameters
    ----------
    search, network
        What searches, and what is explained.
    batch
        Samples of one shape.
    labels
        The labels to explain, by the number of the sample.
    writer
        Of the store.
    """
    wanted = [
        (n, [label for label in labels[n.number] if label not in n.known_searched]) for n in batch
    ]
    left = [(numbered, row) for numbered, row in wanted if row]
    if not left:
        return
    x = network.as_input(np.stack([numbered.sample.image for numbered, _ in left]))
    size = int(x.shape[2]), int(x.shape[3])
    most = max(len(row) for _, row in left)
    # Rows are filled up by repeating labels: the same question is asked once.
    rows = [(row * most)[:most] for _, row in left]
    try:
        search.check_fit(tuple(x.shape[1:]))
    except ValueError:
        outputs = network.ops.numpy(network.probabilities(x)).astype(np.float64)
        found = [
            [_unfit(search, label, float(output[label]), size) for label in row]
            for row, output in zip(rows, outputs, strict=True)
        ]
    else:
        found = search(x, rows)
    let_ctrl_c_raise()
    for (numbered, row), made in zip(left, found, strict=True):
        writer.add_counterfactuals(
            to_record(numbered.number, one, size) for one in made[: len(row)]
        )


def _unfit(
    search: HierarchicalOcclusion, label: int, output: float, size: tuple[int, int]
) -> Counterfactual:
    target = search.threshold * (output if search.relative else 1)
    mask = search.mask_name(size)
    return Counterfactual(
        label, search.direction, mask, output, target, "unfit image", None, (), None, 0
    )


def to_record(number: int, found: Counterfactual, size: tuple[int, int]) -> CounterfactualRecord:
    """Turn what was found for a label of sample `number`, of `size` = (H, W), into a record."""
    tree, region = found.tree, found.region
    return CounterfactualRecord(
        sample_id=number,
        label=found.label,
        direction=found.direction,
        mask=found.mask,
        width=size[1],
        height=size[0],
        output=found.output,
        target=found.target,
        reason=found.reason,
        start=None if tree is None else tree.network_output,
        region=None if region is None else Outcome(region.output, region.area),
        images=found.images,
        layers=tuple(Outcome(layer.output, layer.area) for layer in found.layers),
        steps=() if tree is None else _edits(tree, found),
    )


def _edits(tree: EditStep, found: Counterfactual) -> tuple[Edit, ...]:
    """The steps in the order of the search; those that are needed are marked."""
    steps = [step for step, _ in tree.process()]
    parents = {
        id(child): position for position, step in enumerate(steps) for child in step.children
    }
    last = {id(step) for step in tree.layer_or_leaf_steps(tree.max_layer)}
    needed = Counter(() if found.region is None else found.region.boxes)
    made = []
    for step in steps:
        is_needed = id(step) in last and needed[step.box] > 0
        needed[step.box] -= is_needed
        made.append(
            Edit(
                step.layer,
                parents.get(id(step)),
                *step.box,
                step.network_output,
                step.step_change,
                is_needed,
            )
        )
    return tuple(made)
