"""Turning data into HTML."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import jinja2
from starlette.requests import Request

from seewhy.viewer.colormaps import DIVERGING, SEQUENTIAL, threshold_cells
from seewhy.viewer.job_data import MEANINGS, segment
from seewhy.viewer.query_string import SIZES


class Renderer:
    """Renders templates, with links that start where the browser is.

    Parameters
    ----------
    versions : mapping of str to str
        Version of each asset by file name.
    """

    def __init__(self, versions: Mapping[str, str]) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("seewhy.viewer"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            number=_number,
            bytes=_bytes,
            ago=_ago,
            moment=_moment,
            day=_day,
            rate=_rate,
            duration=_duration,
            segment=segment,
        )
        self._environment.globals.update(
            versions=versions,
            sequential=SEQUENTIAL,
            diverging=DIVERGING,
            threshold_cells=threshold_cells,
            meanings=MEANINGS,
            sizes=SIZES,
        )

    def __call__(self, request: Request, template: str, **context: Any) -> str:
        """Render a template.

        In it, `root` leads from the page to the job list, and `exporting` tells that the page is
        to be a file, on which nothing works that needs the server; it then keeps its `place`.
        """
        return self._environment.get_template(template).render(
            root=_root(request),
            exporting=request.scope.get("exporting", False),
            place=f"https://seewhy.invalid/?{request.url.query}",
            now=time.time(),
            **context,
        )


def _root(request: Request) -> str:
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1) or "./"


def _number(value: int) -> str:
    return f"{value:,}"


def _bytes(value: float) -> str:
    units = ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop(0)
    return (
        f"{value:.0f} {units[0]}" if value >= 9.95 or units[0] == "B" else f"{value:.1f} {units[0]}"
    )


def _ago(moment: float) -> str:
    """Elapsed time in words that change once a minute at most, so that pages stay cached."""
    minutes = int(max(time.time() - moment, 0) // 60)
    for size, name in ((60 * 24, "day"), (60, "hour"), (1, "minute")):
        if minutes >= size:
            count = minutes // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "just now"


def _moment(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _day(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def _rate(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def _duration(seconds: float) -> str:
    """Time still to wait, in words as coarse as such a guess is."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 1.5 * size:
            return f"about {round(seconds / size)} {name}s"
    return "about a minute" if seconds > 30 else "less than a minute"
