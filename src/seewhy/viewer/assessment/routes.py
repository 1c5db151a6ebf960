"""Addresses of the assessment page."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.viewer import responses
from seewhy.viewer.assessment.page import (
    COLUMNS,
    AssessmentPage,
    assessment_page,
    unscored_words,
)
from seewhy.viewer.assessment.state import AssessmentState
from seewhy.viewer.assessment.summary import Summaries
from seewhy.viewer.site import Site


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON and CSV twins of a page beside it."""
    summaries = Summaries()

    def fetch(request: Request) -> AssessmentPage:
        state = AssessmentState.parse(request.query_params.multi_items())
        with site.job(request) as job:
            info = job.info()
            summary = summaries.get(job, info)
            return assessment_page(request.path_params["job"], job, info, summary, state)

    def assessment(request: Request) -> Response:
        """Show what the scores say of the explainers."""
        page = fetch(request)
        return site.page(
            request,
            "assessment/assessment.html",
            page=page,
            state=page.state,
            given=page.given,
            job=page.job,
            few=unscored_words,
        )

    def assessment_twin(request: Request) -> Response:
        """Give the assessment page as JSON."""
        return responses.data(request, fetch(request).twin())

    def assessment_table(request: Request) -> Response:
        """Give the scores of the assessment page as CSV."""
        page = fetch(request)
        return responses.table(request, f"{page.job['name']} scores", COLUMNS, page.rows())

    return [
        Route("/j/{job}/assessment", assessment),
        Route("/j/{job}/assessment.json", assessment_twin),
        Route("/j/{job}/assessment.csv", assessment_table),
    ]
