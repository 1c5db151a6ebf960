"""One picture for all maps of a row, where every request is a long way."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.store import JobReader
from seewhy.viewer.job_data import Data

MOST_MAPS = 64


def strip_png(job: JobReader, ids: Sequence[int]) -> bytes:
    """Maps side by side as they are stored, each with its border repeated around it.

    Browsers blend neighbouring pixels when they enlarge a map; the border keeps its neighbours out.

    Raises
    ------
    KeyError
        If there is no such map.
    """
    maps = [np.pad(_grey(job.map_png(number)), 1, mode="edge") for number in ids]
    strip = np.zeros((max(map(len, maps)), sum(each.shape[1] for each in maps)), np.uint8)
    left = 0
    for each in maps:
        strip[: each.shape[0], left : left + each.shape[1]] = each
        left += each.shape[1]
    body = io.BytesIO()
    Image.fromarray(strip).save(body, "PNG", compress_level=4)
    return body.getvalue()


def with_strip(maps: Sequence[Data], version: str) -> list[Data]:
    """Maps as before, each with its place in their strip, as a CSS background."""
    drawn = [each for each in maps if each["url"]][:MOST_MAPS]
    width = sum(each["width"] + 2 for each in drawn)
    height = max((each["height"] + 2 for each in drawn), default=0)
    url = f"strip/{'.'.join(str(each['id']) for each in drawn)}.png{version}"
    places: dict[int, Data] = {}
    left = 1
    for each in drawn:
        w, h = each["width"], each["height"]
        # A position in per cent is that of the part of the picture that does not fit in.
        x, y = left / (width - w), 1 / (height - h)
        place = f"{x:.5%} {y:.5%} / {width / w:.5%} {height / h:.5%}"
        places[each["id"]] = {"url": url, "background": f"url({url}) {place} no-repeat"}
        left += w + 2
    return [each | {"strip": places.get(each.get("id", -1))} for each in maps]


def _grey(png: bytes) -> npt.NDArray[np.uint8]:
    values: npt.NDArray[Any] = np.asarray(Image.open(io.BytesIO(png)))
    return values if values.dtype == np.uint8 else (values >> 8).astype(np.uint8)
