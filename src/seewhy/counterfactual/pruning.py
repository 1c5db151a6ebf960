"""Leaving out the boxes that are not needed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seewhy.counterfactual.edit_tree import Box, paint
from seewhy.counterfactual.questions import Asking, Question
from seewhy.counterfactual.search import Aim


def prune(
    size: tuple[int, int], boxes: Sequence[Box], output: float, aim: Aim
) -> Asking[tuple[list[Box], float]]:
    """Leave out one box after the other while the aim stays reached.

    Of the boxes that can be left out goes the one that alone shows most pixels, among equal ones
    that without which the output is best. In the end no single box can be left out.

    Parameters
    ----------
    size
        (H, W).
    boxes
        With all of them edited, the aim is reached.
    output
        Output of the network then.
    aim
        What is wanted of the output.

    Returns
    -------
    The boxes that stay, and the output with these.
    """
    kept = list(boxes)
    while len(kept) > 1:
        without = [paint(size, kept[:place] + kept[place + 1 :]) for place in range(len(kept))]
        outputs = yield [Question(mask) for mask in without]
        possible = [place for place in range(len(kept)) if aim.reached(outputs[place])]
        if not possible:
            break
        sign = 1 if aim.upwards else -1
        goes = min(possible, key=lambda k: (np.count_nonzero(without[k]), -sign * outputs[k]))
        output = float(outputs[goes])
        del kept[goes]
    return kept, output
