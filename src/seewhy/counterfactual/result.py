"""What a hierarchical search says of a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from seewhy.counterfactual.edit_tree import Box, EditStep

Direction: TypeAlias = Literal["reveal", "hide"]
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

Reason: TypeAlias = Literal[
    "below threshold",
    "mask changes nothing",
    "mask is enough",
    "no region",
    "not finite",
    "unfit image",
]
"""Why there is no region.

`"below threshold"`: the output on the image itself is not above the target.
`"mask changes nothing"`: the image and what covers it are the same.
`"mask is enough"`: the output stays at the target with the whole image covered.
`"no region"`: all boxes together do not bring the output to the target.
`"not finite"`: the network answered NaN or infinity for an edited image.
`"unfit image"`: the image is too small or has not three channels; only in runs over data sets.
"""


@dataclass(frozen=True)
class RegionLayer:
    """A layer of the search.

    Attributes
    ----------
    output
        Output of the network with just these boxes edited.
    area
        Share of the image that they cover, in 0..1.
    boxes
        The boxes of this layer, and those above it that nothing smaller stands in for.
    """

    output: float
    area: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Counterfactual:
    """A region that decides whether a prediction holds, or the reason why there is none.

    Attributes
    ----------
    label : int
        Class id.
    direction : {"reveal", "hide"}
        Whether the region alone keeps the prediction, or its absence breaks it.
    mask : str
        What covers the rest (the region, for `"hide"`): `"gaussian:<radius>"`, numbers, `"image"`.
    output : float
        Output of the network for the label on the image itself.
    target : float
        Output that had to be reached.
    reason : str or None
        Why there is no region; None if there is one.
    tree : EditStep or None
        The search: its root is the whole image. None without a region.
    layers : tuple of RegionLayer
        From large boxes to small ones; the last one is the deepest that reaches the target.
    region : RegionLayer or None
        Of the last layer the boxes that are needed: none of them can be left out. Without pruning
        the whole last layer.
    images : int
        Distinct edited images that the search asked about.
    """

    label: int
    direction: Direction
    mask: str
    output: float
    target: float
    reason: Reason | None
    tree: EditStep | None
    layers: tuple[RegionLayer, ...]
    region: RegionLayer | None
    images: int
