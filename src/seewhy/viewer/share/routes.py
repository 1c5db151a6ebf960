"""Every page of a job as a file to download."""

from __future__ import annotations

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seewhy.viewer.job_data import tabs
from seewhy.viewer.share.fetch import Application
from seewhy.viewer.share.file import as_file
from seewhy.viewer.site import Site


def routes(site: Site) -> list[Route]:
    """Addresses: those of the pages, with the ending .html."""

    def download(request: Request) -> Response:
        """Give a page as one file, with the view that its address asks for."""
        name = request.path_params["page"]
        with site.job(request) as job:
            info = job.info()
        if name not in [tab.address for tab in tabs(info)]:
            raise HTTPException(404, "There is no such page.")
        headers = {
            key: request.headers[key] for key in ("host", "cookie") if key in request.headers
        }
        # The application as a whole, with its guard, from where the browser sees it.
        application = Application(request.app, headers)
        path = request.url.path.removeprefix(request.scope.get("root_path", ""))
        page = path.removesuffix(".html")
        answer = application.get(f"{page}?{request.url.query}")
        if answer.status != 200:
            return Response(answer.content, answer.status, media_type=answer.media_type)
        html = as_file(application, page, request.url.query, answer)
        file = quote(f"{info.name} {name}.html", safe="")
        disposition = {"Content-Disposition": f"attachment; filename*=UTF-8''{file}"}
        return Response(html, headers=disposition, media_type="text/html")

    return [Route("/j/{job}/{page}.html", download)]
