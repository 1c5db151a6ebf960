"""Scales of charts, and where their marks lie.

A chart is a table whose rows have a strip each: an SVG as wide as its cell, drawn by the macros of
`templates/_charts.html`. The numbers stand beside the strips as text. Places across a strip are in
per cent and sizes in pixels, so that nothing is squeezed on a phone or stretched on a wide screen,
and a chart needs neither a script nor a second description.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

MOST_DECIMALS = 6
LARGEST, SMALLEST = 1e300, 1e-300
"""Values beyond, and spans below, cannot be divided into steps."""


class Scale(NamedTuple):
    """A linear scale from the left of a strip to the right.

    Attributes
    ----------
    low, high : float
        Values at the ends.
    ticks : tuple of float
        Round values between them.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """Place of a value in per cent, to 0.01; beyond the ends it is that of the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def text(self, value: float) -> str:
        """Write a value with the digits that differences on this scale need."""
        return _text(value, round(-math.log10((self.high - self.low) / 700)))

    def tick_text(self, value: float) -> str:
        """Write a tick."""
        step = _step(self.high - self.low, len(self.ticks))
        return _text(value, math.ceil(-math.log10(step) - 1e-9))


def make_scale(values: Iterable[float], count: int = 4) -> Scale:
    """Scale with round ends that holds all finite values.

    Parameters
    ----------
    values
        What is to be shown, with the ends of intervals and every line; 0 where bars start from it.
        NaN and what is beyond 1e300 plays no part.
    count
        About how many steps it has.
    """
    finite = [value for value in values if abs(value) <= LARGEST] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    # A span too narrow for the digits of its ends could not be divided.
    if high - low <= max(1e-9 * max(abs(low), abs(high)), SMALLEST):
        margin = abs(low) / 2 or 0.5
        low, high = low - margin, high + margin
    step = _step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(number * step for number in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def swarm(places: Sequence[float], height: float, radius: float = 2.5) -> list[float]:
    """Heights of dots so that dots at one place lie beside each other, as in a beeswarm.

    Parameters
    ----------
    places
        Of the dots, in per cent.
    height
        Of the strip in pixels; where many dots meet they overlap rather than leave it.
    radius
        Of a dot in pixels.

    Returns
    -------
    list of float
        Height of each dot in pixels from the top, around the middle.
    """
    columns: dict[int, list[int]] = {}
    for index, place in enumerate(places):
        columns.setdefault(round(place), []).append(index)
    room = height / 2 - radius
    heights = [height / 2] * len(places)
    for members in columns.values():
        step = min(2 * radius, room / max(len(members) // 2, 1))
        for position, index in enumerate(members):
            side = 1 if position % 2 else -1
            heights[index] += side * step * ((position + 1) // 2)
    return [round(value, 2) for value in heights]


def _step(span: float, count: int) -> float:
    """1, 2 or 5 times a power of ten, so that about `count` of them make the span."""
    power = 10.0 ** math.floor(math.log10(span / max(count, 1)))
    return float(power * next(m for m in (1, 2, 5, 10) if m * power * count >= span * 0.999))


def _text(value: float, decimals: int) -> str:
    large = abs(value) >= 10**9
    short = large or decimals > MOST_DECIMALS
    text = f"{value:.3g}" if short else f"{value:.{max(decimals, 0)}f}"
    # Minus nothing is nothing; minus signs are as wide as digits.
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", "−")
