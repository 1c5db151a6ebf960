"""The sizes and places of the boxes that a hierarchical search tries, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from seewhy.counterfactual.edit_tree import Box
from seewhy.perturb.windows import starts

SHORTEST_SIDE = 56
"""Pixels that the short side must have for boxes to be chosen automatically."""
SMALLEST_WINDOW = 28
MOST_LAYERS = 3
STRIDE = 5
"""A window moves by its side divided by this."""


class Layer(NamedTuple):
    """Side of the square boxes of a layer, and how far one is from the next, in pixels."""

    window: int
    stride: int

    def boxes_in(self, field: Box) -> list[Box]:
        """All boxes within a field: from left to right, each column from top to bottom.

        The last ones lie at the field's far edges, however far they are from the ones before.
        """
        across, down = (
            starts(side, self.window, self.stride).tolist() for side in (field.width, field.height)
        )
        return [
            Box(field.x + x, field.y + y, self.window, self.window)
            for x, y in product(across, down)
        ]


def automatic_layers(size: tuple[int, int], most: int = MOST_LAYERS) -> tuple[Layer, ...]:
    """Choose the layers for images of `size` = (H, W).

    The first window's side is half the short side of the image, each next half of that as long as
    it has 28 pixels; a stride is a fifth of the window. All are rounded down.

    Raises
    ------
    ValueError
        If the short side is less than 56 pixels.
    """
    if min(size) < SHORTEST_SIDE:
        raise ValueError(
            f"`inputs` must have {SHORTEST_SIDE} or more pixels on their short side, or `windows` "
            f"must be given, got {size[0]} x {size[1]}"
        )
    made: list[Layer] = []
    window = min(size) // 2
    while len(made) < most and window >= SMALLEST_WINDOW:
        made.append(Layer(window, window // STRIDE))
        window //= 2
    return tuple(made)


def check_layers(windows: Any, strides: Any) -> tuple[Layer, ...] | None:
    """Return the layers that a user asks for; None leaves the choice open.

    Raises
    ------
    TypeError, ValueError
        If they are not descending sides and strides that fit to them, or strides stand alone.
    """
    if windows is None:
        if strides is not None:
            raise ValueError("`strides` must come with `windows`, got strides alone")
        return None
    sides = _positive_ints("windows", windows)
    if sides != sorted(set(sides), reverse=True):
        raise ValueError(f"`windows` must become smaller from layer to layer, got {sides}")
    if strides is None:
        return tuple(Layer(side, max(1, side // STRIDE)) for side in sides)
    steps = _positive_ints("strides", strides)
    if len(steps) != len(sides):
        raise ValueError(
            f"`strides` must hold one for each of the {len(sides)} windows, got {len(steps)}"
        )
    for side, step in zip(sides, steps, strict=True):
        if step > side:
            raise ValueError(
                f"`strides` must not exceed `windows`, or pixels are never covered, got {step} for "
                f"a window of {side}"
            )
    return tuple(map(Layer, sides, steps))


def check_fit(layers: Sequence[Layer], size: tuple[int, int]) -> None:
    """Raise ValueError unless the largest boxes fit into images of `size` = (H, W)."""
    if layers[0].window > min(size):
        raise ValueError(
            f"`windows` must fit into the images, got {layers[0].window} for {size[0]} x {size[1]}"
        )


def _positive_ints(name: str, values: Any) -> list[int]:
    if not isinstance(values, (list, tuple)):
        raise TypeError(f"`{name}` must be a list of positive ints, got {type(values).__name__}")
    if not values:
        raise ValueError(f"`{name}` must be a list of positive ints, got an empty one")
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(
                f"`{name}` must be a list of positive ints, got {type(value).__name__} {value!r}"
            )
        if value < 1:
            raise ValueError(f"`{name}` must be a list of positive ints, got {value}")
    return list(values)
