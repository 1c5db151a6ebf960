"""The curve of a search: what the network said at each moment, and the line to be reached.

Places across are in per cent and places down in pixels, as in `charts`, so that the curve fits a
phone and a wide screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seewhy.store import CounterfactualRecord
from seewhy.viewer.job_data import Data

TOP = 14
PLOT = 150
BOTTOM = 26


class Point(NamedTuple):
    """A moment: where it is drawn, with which mark, and its place among all moments."""

    x: float
    y: float
    mark: str
    frame: int


class Segment(NamedTuple):
    """A line from one moment to the next of the same part of the search."""

    x1: float
    y1: float
    x2: float
    y2: float


class Band(NamedTuple):
    """The part of a layer."""

    x: float
    width: float
    layer: int


class Curve(NamedTuple):
    """All that is drawn."""

    height: int
    bottom: float
    ticks: list[tuple[float, str]]
    target: float
    original: float
    bands: list[Band]
    segments: list[Segment]
    points: list[Point]


def make_curve(record: CounterfactualRecord, frames: Sequence[Data]) -> Curve:
    """Lay out the curve of a search."""
    points = [
        Point(_across(at, frames), down(frame["output"]), str(frame.get("fate", frame["kind"])), at)
        for at, frame in enumerate(frames)
    ]
    return Curve(
        height=TOP + PLOT + BOTTOM,
        bottom=TOP + PLOT,
        ticks=[(down(value), text) for value, text in ((0, "0"), (0.5, "0.5"), (1, "1"))],
        target=down(record.target),
        original=down(record.output),
        bands=_bands(frames),
        segments=_segments(frames, points),
        points=points,
    )


def down(output: float) -> float:
    """Pixels from the top."""
    return round(TOP + PLOT * (1 - min(max(output, 0.0), 1.0)), 2)


def _across(at: float, frames: Sequence[Data]) -> float:
    return round(100 * (at + 0.5) / len(frames), 3)


def _bands(frames: Sequence[Data]) -> list[Band]:
    bands = []
    for layer in sorted({frame["layer"] for frame in frames if "layer" in frame}):
        inside = [at for at, frame in enumerate(frames) if frame.get("layer") == layer]
        left = 100 * inside[0] / len(frames)
        bands.append(
            Band(round(left, 3), round(100 * (inside[-1] + 1) / len(frames) - left, 3), layer)
        )
    return bands


def _segments(frames: Sequence[Data], points: Sequence[Point]) -> list[Segment]:
    """Lines between steps within the same box; each part begins where its first step began."""
    segments = []
    for at, frame in enumerate(frames):
        if frame["kind"] != "step":
            continue
        before = frames[at - 1]
        if before["kind"] == "step" and before["parent"] == frame["parent"]:
            start = points[at - 1][:2]
        elif before["kind"] == "start":
            start = points[at - 1][:2]
        else:
            start = (_across(at - 0.5, frames), down(frame["output"] - frame["change"]))
        segments.append(Segment(*start, *points[at][:2]))
    return segments
