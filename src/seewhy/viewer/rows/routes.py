"""Addresses of the rows page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.viewer import responses
from seewhy.viewer.rows.page import RowsPage, rows_page
from seewhy.viewer.rows.state import CHARTS, SHOWN, RowsState
from seewhy.viewer.site import Site


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON and CSV twins of a page beside it."""

    def rows(request: Request) -> Response:
        """Show rows, or one of them in detail."""
        page = _page(site, request)
        return site.page(
            request,
            "rows/rows.html",
            page=page,
            state=page.state,
            job=page.job,
            steps=SHOWN,
            charts=CHARTS,
        )

    def rows_twin(request: Request) -> Response:
        """Give the rows page as JSON."""
        return responses.data(request, _page(site, request).twin())

    def rows_table(request: Request) -> Response:
        """Give the rows page as CSV: a line for each row, or for each value of the row shown."""
        page = _page(site, request)
        columns, lines = _values(page) if page.detail else _list(page)
        return responses.table(request, f"{page.job['name']} rows", columns, lines)

    return [
        Route("/j/{job}/rows", rows),
        Route("/j/{job}/rows.json", rows_twin),
        Route("/j/{job}/rows.csv", rows_table),
    ]


def _page(site: Site, request: Request) -> RowsPage:
    with site.table(request) as job:
        state = RowsState.parse(request.query_params.multi_items())
        return rows_page(request.path_params["job"], job, state)


def _list(page: RowsPage) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    said = (
        ["output", "truth", "residual"] if page.regression else ["label", "prob", "kind", "truth"]
    )

    def lines() -> Iterator[Sequence[Any]]:
        for row in page.rows:
            cells = [cell["value"] for cell in row["cells"]]
            for inference in row["inferences"] or [{}]:
                known = row | inference
                yield [row["id"], row["name"], *(known.get(key) for key in said), *cells]

    return ["id", "name", *said, *(column["name"] for column in page.columns)], lines()


def _values(page: RowsPage) -> tuple[Sequence[str], Iterator[Sequence[Any]]]:
    found = page.detail or {}
    columns = ["explainer", "label", "feature", "what", "value", "base", "output", "fit"]

    def lines() -> Iterator[Sequence[Any]]:
        for one in found["explainers"]:
            said = (one["base"], one["output"], one["fit"])
            for bar in one["bars"]:
                what = (bar["feature"], bar["text"], bar["value"])
                yield [one["explainer"], found["target"]["label"], *what, *said]

    return columns, lines()
