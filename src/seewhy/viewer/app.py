"""The web application: which address shows what."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from seewhy.store import JobReader, job_path, read_job
from seewhy.viewer import responses
from seewhy.viewer.assets import load_assets
from seewhy.viewer.pages import SaliencyPage, job_data, job_list, saliency_page, segment
from seewhy.viewer.render import Renderer
from seewhy.viewer.security import Guard
from seewhy.viewer.view_state import BadQuery, ViewState, whole_number


def create_app(directory: str | Path, allowed_hosts: Sequence[str] = ()) -> Starlette:
    """Make the ASGI application that shows the jobs below a folder.

    All links are relative: it works under any URL prefix that a proxy strips, and mounted.

    Parameters
    ----------
    directory : str or Path
        Folder with jobs; read anew on each request.
    allowed_hosts : sequence of str
        Host names to answer to, besides localhost, addresses and this machine's name.

    Raises
    ------
    NotADirectoryError
        If `directory` is not a folder.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(folder))
    viewer = Viewer(folder)
    return Starlette(
        routes=viewer.routes(),
        middleware=[Middleware(Guard, allowed_hosts=allowed_hosts)],
        exception_handlers={
            HTTPException: viewer.http_error,
            BadQuery: viewer.bad_query,
            Exception: viewer.unexpected,
        },
    )


class Viewer:
    """Handlers of all addresses, each of which opens and closes the store that it reads."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._assets = load_assets()
        self._render = Renderer({name: asset.version for name, asset in self._assets.items()})

    def routes(self) -> list[Route]:
        """Addresses, the JSON twin of a page beside it."""
        table: list[tuple[str, Callable[[Request], Response]]] = [
            ("/", self.jobs),
            ("/jobs.json", self.jobs_twin),
            ("/jobs/live", self.jobs_live),
            ("/static/{name}", self.asset),
            ("/j/{job}", self.job_start),
            ("/j/{job}/", self.job_start),
            ("/j/{job}/saliency", self.saliency),
            ("/j/{job}/saliency.json", self.saliency_twin),
            ("/j/{job}/live", self.saliency_live),
            ("/j/{job}/image/{number}.jpeg", self.image),
            ("/j/{job}/thumbnail/{number}.jpeg", self.thumbnail),
            ("/j/{job}/map/{number}.png", self.map),
        ]
        return [Route(path, handler) for path, handler in table]

    def jobs(self, request: Request) -> Response:
        """List the jobs."""
        return self._page(request, "jobs.html", jobs=job_list(self._directory))

    def jobs_twin(self, request: Request) -> Response:
        """List the jobs, as JSON."""
        return responses.data(request, {"jobs": job_list(self._directory)})

    def jobs_live(self, request: Request) -> Response:
        """Give the part of the job list that changes while jobs run."""
        return self._page(request, "_job_cards.html", jobs=job_list(self._directory))

    def job_start(self, request: Request) -> Response:
        """Lead to the first page of a job."""
        with self._job(request):
            pass
        at_folder = request.url.path.endswith("/")
        name = segment(request.path_params["job"])
        return RedirectResponse("./saliency" if at_folder else f"./{name}/saliency")

    def saliency(self, request: Request) -> Response:
        """Show samples with their saliency maps."""
        with self._job(request) as job:
            page = self._saliency(request, job)
        return self._page(request, "saliency.html", page=page, state=page.state, job=page.job)

    def saliency_twin(self, request: Request) -> Response:
        """Give the saliency page as JSON."""
        with self._job(request) as job:
            page = self._saliency(request, job)
        return responses.data(request, page.twin())

    def saliency_live(self, request: Request) -> Response:
        """Give the status line of a running job; `seen` is the number of samples then loaded."""
        seen = whole_number("seen", request.query_params.get("seen", "0"))
        with self._job(request) as job:
            info = job_data(request.path_params["job"], job.info())
        return self._page(request, "_status.html", job=info, new=max(info["samples"] - seen, 0))

    def image(self, request: Request) -> Response:
        """Give an original, at most 512 px."""
        return self._picture(request, "image/jpeg", lambda job, n: job.image_jpeg(n))

    def thumbnail(self, request: Request) -> Response:
        """Give an original, at most 320 px."""
        return self._picture(request, "image/jpeg", lambda job, n: job.image_jpeg(n, True))

    def map(self, request: Request) -> Response:
        """Give a map in grey."""
        return self._picture(request, "image/png", lambda job, n: job.map_png(n))

    def asset(self, request: Request) -> Response:
        """Give a style sheet or script."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404, "There is no such file.")
        return responses.lasting(request, asset.content, asset.media_type)

    def http_error(self, request: Request, error: Exception) -> Response:
        """Say what is wrong with a request."""
        code = getattr(error, "status_code", 500)
        return self._error(request, code, getattr(error, "detail", ""))

    def bad_query(self, request: Request, error: Exception) -> Response:
        """Say what is wrong with a query string."""
        return self._error(request, 400, f"This link cannot be shown: {error}.")

    def unexpected(self, request: Request, error: Exception) -> Response:
        """Say that the fault is ours; the traceback goes to the terminal, not into the page."""
        return self._error(request, 500, "The viewer failed; the terminal it runs in says more.")

    def _error(self, request: Request, code: int, message: str) -> Response:
        if request.url.path.endswith(".json"):
            return responses.data(request, {"error": message}, code)
        return self._page(request, "error.html", code, code=code, message=message)

    def _page(
        self, request: Request, template: str, status_code: int = 200, **context: Any
    ) -> Response:
        html = self._render(request, template, **context)
        return responses.text(request, html, status_code=status_code)

    def _saliency(self, request: Request, job: JobReader) -> SaliencyPage:
        if job.info().is_tabular:
            raise HTTPException(
                404,
                "This is a tabular job, and there is no page for tables yet. seewhy info tells "
                "more, and seewhy.store.read_tabular reads it.",
            )
        state = ViewState.parse(request.query_params.multi_items())
        return saliency_page(request.path_params["job"], job, state)

    def _picture(
        self, request: Request, media_type: str, fetch: Callable[[JobReader, int], bytes]
    ) -> Response:
        number = whole_number("number", request.path_params["number"])
        with self._job(request) as job:
            try:
                content = fetch(job, number)
            except KeyError:
                raise HTTPException(404, "There is no such picture.") from None
        return responses.lasting(request, content, media_type)

    def _job(self, request: Request) -> _Job:
        return _Job(self._directory, request.path_params["job"])


class _Job:
    """Context: an open job; a store that cannot be read becomes a page that says so."""

    def __init__(self, directory: Path, identifier: str) -> None:
        self._path = job_path(directory, identifier)

    def __enter__(self) -> JobReader:
        if self._path is None:
            raise HTTPException(404, "There is no such job.")
        try:
            self._reader = read_job(self._path)
        except FileNotFoundError:
            raise HTTPException(404, "This job is gone.") from None
        except (OSError, ValueError) as error:
            raise HTTPException(503, f"This job cannot be read: {error}.") from error
        return self._reader

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._reader.close()
        if isinstance(error, (OSError, ValueError)) and not isinstance(error, BadQuery):
            raise HTTPException(503, f"This job cannot be read: {error}.") from error
