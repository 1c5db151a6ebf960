"""Addresses of the list of jobs, and the one that leads into a job."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from seewhy.viewer import responses
from seewhy.viewer.job_data import segment, tabs
from seewhy.viewer.jobs.page import job_list, jobs_page
from seewhy.viewer.jobs.state import SORTS, CompareState, JobsState
from seewhy.viewer.site import Site

COLUMNS = ("id", "name", "kind", "state", "done", "total", "samples", "labels", "updated", "size")


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON twin of a page beside it."""

    def jobs(request: Request) -> Response:
        """List the jobs."""
        return _list(site, request, "jobs/jobs.html")

    def jobs_live(request: Request) -> Response:
        """Give the part of the job list that changes while jobs run."""
        return _list(site, request, "jobs/_cards.html")

    def jobs_twin(request: Request) -> Response:
        """List the jobs, as JSON."""
        page = jobs_page(site.directory, _state(request))
        return responses.data(request, {"jobs": page["jobs"], "total": page["total"]})

    def jobs_table(request: Request) -> Response:
        """List the jobs, as CSV."""
        page = jobs_page(site.directory, _state(request))
        rows = ([job.get(column) for column in COLUMNS] for job in page["jobs"])
        return responses.table(request, "jobs", COLUMNS, rows)

    def compare(request: Request) -> Response:
        """Show two jobs side by side."""
        state = CompareState.parse(request.query_params.multi_items())
        names = {job["id"]: job["name"] for job in job_list(site.directory)}
        for side in (state.left, state.right):
            if side not in names:
                raise HTTPException(404, "There is no such job.")
        return site.page(
            request,
            "jobs/compare.html",
            state=state,
            left=names[state.left],
            right=names[state.right],
        )

    def job_start(request: Request) -> Response:
        """Lead to the first page of a job."""
        with site.job(request) as job:
            found = tabs(job.info())
        at_folder = request.url.path.endswith("/")
        name = segment(request.path_params["job"])
        address = found[0].address
        return RedirectResponse(f"./{address}" if at_folder else f"./{name}/{address}")

    return [
        Route("/", jobs),
        Route("/jobs.json", jobs_twin),
        Route("/jobs.csv", jobs_table),
        Route("/compare", compare),
        Route("/jobs/live", jobs_live),
        Route("/j/{job}", job_start),
        Route("/j/{job}/", job_start),
    ]


def _state(request: Request) -> JobsState:
    return JobsState.parse(request.query_params.multi_items())


def _list(site: Site, request: Request, template: str) -> Response:
    page = jobs_page(site.directory, _state(request))
    return site.page(request, template, page=page, state=page["state"], sorts=SORTS)
