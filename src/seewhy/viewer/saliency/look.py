"""How maps are drawn: the part of the state that the browser changes without a request."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seewhy.viewer.colormaps import SEQUENTIAL
from seewhy.viewer.query_string import Query

COLOR_MAPS = tuple(color_map.name for color_map in SEQUENTIAL)
SCALES = ("map", "row")
DEFAULTS = {
    "cmap": COLOR_MAPS[0],
    "op": "60",
    "thr": "0",
    "scale": SCALES[0],
    "cut": "1",
    "ov": "1",
    "box": "0",
    "strip": "0",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How maps are drawn.

    Attributes
    ----------
    color_map : str
        Colours of unsigned maps.
    opacity : int
        Of the overlays, in per cent.
    threshold : int
        Values below this part of the colour scale are not drawn, in per cent; of signed maps,
        magnitudes.
    scale : {"map", "row"}
        Whether each map has a colour scale of its own, or the maps that one explainer made for
        the labels of a sample share one. Values of different explainers have no common unit.
    cut : bool
        Whether colours end at the 99th percentile of a map instead of at its maximum.
    overlay, boxes : bool
        Whether maps and ground-truth boxes are drawn.
    strip : bool
        Whether the maps of a row travel as one picture.
    hidden : tuple of str
        Explainers whose maps are not shown.
    """

    color_map: str = COLOR_MAPS[0]
    opacity: int = 60
    threshold: int = 0
    scale: str = SCALES[0]
    cut: bool = True
    overlay: bool = True
    boxes: bool = False
    strip: bool = False
    hidden: tuple[str, ...] = ()

    @classmethod
    def parse(cls, given: Query) -> Look:
        """Read it from a query string; BadQuery if a value cannot be."""
        return cls(
            color_map=given.choice("cmap", COLOR_MAPS, COLOR_MAPS[0]),
            opacity=given.number("op", 60, 100),
            threshold=given.number("thr", 0, 100),
            scale=given.choice("scale", SCALES, SCALES[0]),
            cut=given.switch("cut", True),
            overlay=given.switch("ov", True),
            boxes=given.switch("box", False),
            strip=given.switch("strip", False),
            hidden=tuple(given.all("hide")),
        )

    def items(self) -> list[tuple[str, str]]:
        """Pairs of the query string; defaults are left out."""
        values = {
            "cmap": self.color_map,
            "op": str(self.opacity),
            "thr": str(self.threshold),
            "scale": self.scale,
            "cut": str(int(self.cut)),
            "ov": str(int(self.overlay)),
            "box": str(int(self.boxes)),
            "strip": str(int(self.strip)),
        }
        pairs = [pair for pair in values.items() if pair[1] != DEFAULTS[pair[0]]]
        return pairs + [("hide", name) for name in self.hidden]

    def colored(self, name: str) -> Look:
        """Change the colour map."""
        return replace(self, color_map=name)

    def scaled(self, scale: str) -> Look:
        """Change what shares a colour scale."""
        return replace(self, scale=scale)

    def toggle_cut(self) -> Look:
        """End the colours at the 99th percentile, or not any more."""
        return replace(self, cut=not self.cut)

    def toggle_overlay(self) -> Look:
        """Draw the maps, or not any more."""
        return replace(self, overlay=not self.overlay)

    def toggle_boxes(self) -> Look:
        """Draw the ground-truth boxes, or not any more."""
        return replace(self, boxes=not self.boxes)

    def toggle(self, explainer: str) -> Look:
        """Hide the maps of an explainer, or show them again."""
        rest = tuple(name for name in self.hidden if name != explainer)
        return replace(
            self, hidden=rest if len(rest) < len(self.hidden) else (*self.hidden, explainer)
        )
