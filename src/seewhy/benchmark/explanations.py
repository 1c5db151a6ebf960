"""Maps that metrics want of perturbed images: all labels of an image are explained in one call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.explainer import Explainer
from seewhy.network.protocol import Tensor

AT_ONCE = 32
"""Images in one call of an explainer; a call splits them further by itself."""


@dataclass(frozen=True, eq=False)
class MapQuestion:
    """Images whose saliency maps a metric wants.

    Maps are many and large: each is handed to `use` as soon as it is made, and none is kept.

    Attributes
    ----------
    explainer
        What makes the maps.
    keys
        One for each image: images with equal keys are equal, whoever asks.
    make
        Makes the images (n, C, H, W) of n indices into `keys`.
    ids
        For each image the class (n,) to explain.
    use
        Is given each index into `keys` with its map (H, W), in any order.
    condition
        What the network is like meanwhile; maps of equal images differ between conditions.
    during
        The context that brings the condition about.
    """

    explainer: Explainer
    keys: Sequence[Hashable]
    make: Callable[[npt.NDArray[np.int64]], Tensor]
    ids: npt.NDArray[np.int64]
    use: Callable[[int, npt.NDArray[np.float64]], None]
    condition: Hashable = None
    during: Callable[[], AbstractContextManager[None]] = nullcontext


Wish = tuple[MapQuestion, int]
"""A question and an index into its keys."""


def explain(questions: Sequence[MapQuestion]) -> None:
    """Answer all questions; an image is explained once, for all classes that are asked for.

    Raises
    ------
    ValueError
        If an explainer gives maps that are not finite.
    """
    wishes: dict[tuple[int, Hashable, Hashable], list[Wish]] = defaultdict(list)
    for question in questions:
        for index, key in enumerate(question.keys):
            wishes[id(question.explainer), question.condition, key].append((question, index))
    groups: dict[tuple[int, int], list[list[Wish]]] = defaultdict(list)
    for alike in wishes.values():
        # One call needs images from one maker, and equally many classes of each.
        groups[id(alike[0][0]), len(_classes(alike))].append(alike)
    for images in groups.values():
        for start in range(0, len(images), AT_ONCE):
            _explain_chunk(images[start : start + AT_ONCE])


def _explain_chunk(images: Sequence[list[Wish]]) -> None:
    question = images[0][0][0]
    explainer = question.explainer
    classes = [_classes(alike) for alike in images]
    x = question.make(np.array([alike[0][1] for alike in images]))
    with question.during():
        maps = explainer.ops.numpy(explainer(x, np.array(classes), show=False)).astype(np.float64)
    if not np.isfinite(maps).all():
        raise ValueError(
            f"`explainer` must give finite maps, {explainer.name} gave NaN or infinity"
        )
    for alike, columns, rows in zip(images, classes, maps, strict=True):
        for asking, index in alike:
            asking.use(index, rows[columns.index(int(asking.ids[index]))])


def _classes(alike: Sequence[Wish]) -> list[int]:
    return sorted({int(question.ids[index]) for question, index in alike})
