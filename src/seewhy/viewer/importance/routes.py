"""Addresses of the importance page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.viewer import responses
from seewhy.viewer.importance.page import ImportancePage, importance_page
from seewhy.viewer.importance.state import ImportanceState
from seewhy.viewer.rows.state import SHOWN
from seewhy.viewer.site import Site

COLUMNS = ("explainer", "label", "view", "feature", "what", "value", "rows", "of")


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON and CSV twins of a page beside it."""

    def importance(request: Request) -> Response:
        """Show what matters over all rows."""
        page = _page(site, request)
        return site.page(
            request,
            "importance/importance.html",
            page=page,
            state=page.state,
            job=page.job,
            steps=SHOWN,
        )

    def importance_twin(request: Request) -> Response:
        """Give the importance page as JSON."""
        return responses.data(request, _page(site, request).twin())

    def importance_table(request: Request) -> Response:
        """Give the importance page as CSV: a line for each explainer and feature."""
        page = _page(site, request)
        lines = (
            (
                *(one["explainer"], page.label, one.get("view"), bar["feature"], bar["text"]),
                *(bar["value"], one.get("rows"), one.get("count")),
            )
            for one in page.explainers
            for bar in one["bars"]
        )
        return responses.table(request, f"{page.job['name']} importance", COLUMNS, lines)

    return [
        Route("/j/{job}/importance", importance),
        Route("/j/{job}/importance.json", importance_twin),
        Route("/j/{job}/importance.csv", importance_table),
    ]


def _page(site: Site, request: Request) -> ImportancePage:
    with site.table(request) as job:
        state = ImportanceState.parse(request.query_params.multi_items())
        return importance_page(request.path_params["job"], job, state)
