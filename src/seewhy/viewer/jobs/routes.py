"""Addresses of the list of jobs, and the one that leads into a job."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from seewhy.viewer import responses
from seewhy.viewer.job_data import segment, tabs
from seewhy.viewer.jobs.page import job_list
from seewhy.viewer.site import Site


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON twin of a page beside it."""

    def jobs(request: Request) -> Response:
        """List the jobs."""
        return site.page(request, "jobs/jobs.html", jobs=job_list(site.directory))

    def jobs_twin(request: Request) -> Response:
        """List the jobs, as JSON."""
        return responses.data(request, {"jobs": job_list(site.directory)})

    def jobs_live(request: Request) -> Response:
        """Give the part of the job list that changes while jobs run."""
        return site.page(request, "jobs/_cards.html", jobs=job_list(site.directory))

    def job_start(request: Request) -> Response:
        """Lead to the first page of a job."""
        with site.job(request) as job:
            found = tabs(job.info())
        if not found:
            raise HTTPException(
                404,
                "This is a tabular job, and there is no page for tables yet. seewhy info tells "
                "more, and seewhy.store.read_tabular reads it.",
            )
        at_folder = request.url.path.endswith("/")
        name = segment(request.path_params["job"])
        address = found[0].address
        return RedirectResponse(f"./{address}" if at_folder else f"./{name}/{address}")

    return [
        Route("/", jobs),
        Route("/jobs.json", jobs_twin),
        Route("/jobs/live", jobs_live),
        Route("/j/{job}", job_start),
        Route("/j/{job}/", job_start),
    ]
