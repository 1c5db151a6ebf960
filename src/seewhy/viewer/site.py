"""What the handlers of all pages share: finding the job, and answering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from seewhy.store import JobReader, NotTabular, TabularReader, job_path, read_job, read_tabular
from seewhy.viewer import responses
from seewhy.viewer.assets import load_assets
from seewhy.viewer.query_string import BadQuery, whole_number
from seewhy.viewer.render import Renderer

Reader = TypeVar("Reader", bound=JobReader)


class Site:
    """The jobs below a folder, and how pages about them are answered.

    Parameters
    ----------
    directory : Path
        Read anew on each request.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._assets = load_assets()
        self._render = Renderer({name: asset.version for name, asset in self._assets.items()})

    def job(self, request: Request) -> OpenJob[JobReader]:
        """Context: the job that the address names, open for reading."""
        return OpenJob(self.directory, request.path_params["job"], read_job)

    def table(self, request: Request) -> OpenJob[TabularReader]:
        """Context: the tabular job that the address names, open for reading."""
        return OpenJob(self.directory, request.path_params["job"], read_tabular)

    def page(
        self, request: Request, template: str, status_code: int = 200, **context: Any
    ) -> Response:
        """Answer with a template."""
        html = self._render(request, template, **context)
        return responses.text(request, html, status_code=status_code)

    def picture(
        self, request: Request, media_type: str, fetch: Callable[[JobReader, int], bytes]
    ) -> Response:
        """Answer with the picture that the address names by its number."""
        number = whole_number("number", request.path_params["number"])
        with self.job(request) as job:
            try:
                content = fetch(job, number)
            except KeyError:
                raise HTTPException(404, "There is no such picture.") from None
        return responses.lasting(request, content, media_type)

    def asset(self, request: Request) -> Response:
        """Answer with a style sheet or script."""
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
        return self.page(request, "error.html", code, code=code, message=message)


class OpenJob(Generic[Reader]):
    """Context: an open job; a store that cannot be read becomes a page that says so."""

    def __init__(self, directory: Path, identifier: str, read: Callable[[Path], Reader]) -> None:
        self._path = job_path(directory, identifier)
        self._read = read

    def __enter__(self) -> Reader:
        if self._path is None:
            raise HTTPException(404, "There is no such job.")
        try:
            self._reader = self._read(self._path)
        except FileNotFoundError:
            raise HTTPException(404, "This job is gone.") from None
        except NotTabular:
            raise HTTPException(404, "This job is of images: it has no rows of a table.") from None
        except (OSError, ValueError) as error:
            raise HTTPException(503, f"This job cannot be read: {error}.") from error
        return self._reader

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        self._reader.close()
        if isinstance(error, (OSError, ValueError)) and not isinstance(error, BadQuery):
            raise HTTPException(503, f"This job cannot be read: {error}.") from error
