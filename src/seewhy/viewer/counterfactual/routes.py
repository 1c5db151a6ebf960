"""Addresses of the counterfactual page and of its pictures."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.store import CounterfactualSort, JobReader
from seewhy.viewer import responses
from seewhy.viewer.counterfactual.covered import covered_jpeg
from seewhy.viewer.counterfactual.page import Page, counterfactual_page, table
from seewhy.viewer.counterfactual.state import CounterfactualState
from seewhy.viewer.job_data import has_counterfactuals
from seewhy.viewer.site import Site

SORT_NAMES: dict[CounterfactualSort, str] = {
    "id": "Data set order",
    "-prob": "Most probable first",
    "prob": "Least probable first",
    "area": "Smallest region first",
    "-area": "Largest region first",
    "steps": "Fewest steps first",
    "-steps": "Most steps first",
}


def routes(site: Site) -> list[Route]:
    """Addresses, the twins of the page beside it."""

    def counterfactual(request: Request) -> Response:
        """Show the regions that decide predictions, and how they were found."""
        with site.job(request) as job:
            page = _page(request, job)
        return site.page(
            request,
            "counterfactual/counterfactual.html",
            page=page,
            state=page.state,
            job=page.job,
            sorts=SORT_NAMES,
        )

    def counterfactual_twin(request: Request) -> Response:
        """Give the page as JSON."""
        with site.job(request) as job:
            page = _page(request, job)
        return responses.data(request, page.twin())

    def counterfactual_table(request: Request) -> Response:
        """Give the samples of the page as CSV, a row for each label that was searched."""
        with site.job(request) as job:
            page = _page(request, job)
            columns, rows = table(page, job)
        return responses.table(request, f"{page.job['name']} counterfactuals", columns, rows)

    def covered(request: Request) -> Response:
        """Give the picture of what covers an image."""
        return site.picture(request, "image/jpeg", _covered)

    return [
        Route("/j/{job}/counterfactual", counterfactual),
        Route("/j/{job}/counterfactual.json", counterfactual_twin),
        Route("/j/{job}/counterfactual.csv", counterfactual_table),
        Route("/j/{job}/covered/{number}.jpeg", covered),
    ]


def _covered(job: JobReader, number: int) -> bytes:
    # All labels of a sample are searched with the same mask: a job has one setting for all.
    record = next(iter(job.counterfactuals([number])), None)
    if record is None:
        raise KeyError(f"nothing was searched on sample {number}")
    return covered_jpeg(job.image(number), record.mask, (record.height, record.width))


def _page(request: Request, job: JobReader) -> Page:
    info = job.info()
    if not has_counterfactuals(info):
        raise HTTPException(404, "This job did not search for counterfactuals.")
    state = CounterfactualState.parse(request.query_params.multi_items())
    return counterfactual_page(request.path_params["job"], job, info, state)
