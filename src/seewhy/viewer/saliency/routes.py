"""Addresses of the saliency page and of its pictures."""

from __future__ import annotations

from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.store import JobReader
from seewhy.viewer import responses
from seewhy.viewer.job_data import job_data
from seewhy.viewer.query_string import whole_number
from seewhy.viewer.saliency.filters import label_filters
from seewhy.viewer.saliency.page import COLUMNS, SaliencyPage, one_sample, saliency_page
from seewhy.viewer.saliency.state import ViewState
from seewhy.viewer.saliency.strip import MOST_MAPS, strip_png
from seewhy.viewer.site import Site

SUGGESTIONS = 12


def routes(site: Site) -> list[Route]:
    """Addresses, the JSON twin of a page beside it."""

    def saliency(request: Request) -> Response:
        """Show samples with their saliency maps."""
        with site.job(request) as job:
            page = _page(request, job, every_label=False)
        return site.page(
            request,
            "saliency/saliency.html",
            page=page,
            state=page.state,
            job=page.job,
        )

    def saliency_view(request: Request) -> Response:
        """Show one sample, as its row and enlarged, with the label that `zoom` names: for files."""
        with site.job(request) as job:
            state = _state(request)
            page = one_sample(job, state)
            about = job_data(request.path_params["job"], job.info())
        return site.page(request, "saliency/_view.html", page=page, state=state, job=about)

    def saliency_twin(request: Request) -> Response:
        """Give the saliency page as JSON."""
        with site.job(request) as job:
            page = _page(request, job)
        return responses.data(request, page.twin())

    def saliency_table(request: Request) -> Response:
        """Give the saliency page as a table with a row for each label."""
        with site.job(request) as job:
            page = _page(request, job)
        return responses.table(request, f"{page.job['name']} saliency", COLUMNS, page.table())

    def labels(request: Request) -> Response:
        """Suggest labels that contain the text `find`, the most frequent first."""
        with site.job(request) as job:
            state = _state(request)
            found, number = label_filters(job, state, state.query(job.labels), SUGGESTIONS)
        rows = [
            {**label, "href": replace(state.toggle_label(label["label"]), find="").href()}
            for label in found
            if state.find.casefold() in label["label"].casefold()
        ]
        return responses.data(request, {"labels": rows, "found": number - len(found) + len(rows)})

    def saliency_live(request: Request) -> Response:
        """Give the status line of a running job; `seen` is the number of samples then loaded."""
        seen = whole_number("seen", request.query_params.get("seen", "0"))
        with site.job(request) as job:
            info = job_data(request.path_params["job"], job.info())
        return site.page(request, "_status.html", job=info, new=max(info["samples"] - seen, 0))

    def image(request: Request) -> Response:
        """Give an original, at most 512 px."""
        return site.picture(request, "image/jpeg", lambda job, n: job.image_jpeg(n))

    def thumbnail(request: Request) -> Response:
        """Give an original, at most 320 px."""
        return site.picture(request, "image/jpeg", lambda job, n: job.image_jpeg(n, True))

    def saliency_map(request: Request) -> Response:
        """Give a map in grey."""
        return site.picture(request, "image/png", lambda job, n: job.map_png(n))

    def strip(request: Request) -> Response:
        """Give several maps in grey, side by side."""
        ids = request.path_params["numbers"].split(".")
        numbers = [whole_number("number", number) for number in ids]
        if len(numbers) > MOST_MAPS:
            raise HTTPException(404, "There is no such picture.")
        with site.job(request) as job:
            try:
                content = strip_png(job, numbers)
            except KeyError:
                raise HTTPException(404, "There is no such picture.") from None
        return responses.lasting(request, content, "image/png")

    return [
        Route("/j/{job}/saliency", saliency),
        Route("/j/{job}/saliency/view", saliency_view),
        Route("/j/{job}/saliency.json", saliency_twin),
        Route("/j/{job}/saliency.csv", saliency_table),
        Route("/j/{job}/labels.json", labels),
        Route("/j/{job}/live", saliency_live),
        Route("/j/{job}/image/{number}.jpeg", image),
        Route("/j/{job}/thumbnail/{number}.jpeg", thumbnail),
        Route("/j/{job}/map/{number}.png", saliency_map),
        Route("/j/{job}/strip/{numbers}.png", strip),
    ]


def _page(request: Request, job: JobReader, every_label: bool = True) -> SaliencyPage:
    if job.info().is_tabular:
        raise HTTPException(404, "This is a tabular job: it has no saliency maps.")
    return saliency_page(request.path_params["job"], job, _state(request), every_label)


def _state(request: Request) -> ViewState:
    return ViewState.parse(request.query_params.multi_items())
