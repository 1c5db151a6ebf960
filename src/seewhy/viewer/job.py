"""A job in the hands of somebody who writes Python: in a notebook, or in a script."""

from __future__ import annotations

import os
import secrets
import sys
import threading
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

from seewhy.store import SUFFIX, JobReader, TabularReader, read_job, read_tabular
from seewhy.viewer.app import create_app
from seewhy.viewer.export import export_html, job_html
from seewhy.viewer.job_data import segment
from seewhy.viewer.sockets import listen

START_SECONDS = 20.0


class Frame(NamedTuple):
    """A frame that a notebook shows below the cell.

    Attributes
    ----------
    address : str
        What it shows.
    height : int
        In pixels.
    """

    address: str
    height: int

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{escape(self.address)}" width="100%" height="{self.height}" '
            'style="border:0" title="SeeWhy" allowfullscreen></iframe>'
        )


class Job:
    """A job, running or finished: `show` opens its pages, `reader` gives its numbers.

    At the end of a notebook's cell it draws its first page, as it is then, into the notebook
    itself, where it stays when the notebook is sent to somebody.

    Parameters
    ----------
    path : str or Path
        A `.seewhy.db` file, as a runner's `run` returns it.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is corrupt, no job, or newer than this SeeWhy.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        with read_job(self.path) as reader:
            self._is_tabular = reader.info().is_tabular
        self._server: _Server | None = None

    def reader(self) -> JobReader | TabularReader:
        """Open the store; use it as a context manager."""
        return read_tabular(self.path) if self._is_tabular else read_job(self.path)

    def show(self, page: str = "", query: str = "", height: int = 800) -> Frame:
        """Show the pages below a notebook's cell, live.

        A server runs in this process until it ends or `close` is called. Its address holds a
        secret; it is reached through JupyterHub's or Colab's proxy where there is one.

        Parameters
        ----------
        page : str
            As "saliency"; "": the first one.
        query : str
            What stands behind the "?" in the browser's address.
        height : int
            Of the frame, in pixels.
        """
        if not isinstance(height, int) or height < 1:
            raise ValueError(f"`height` must be a positive int, got {height!r}")
        if self._server is None:
            self._server = _Server(self.path.parent)
        identifier = segment(self.path.name.removesuffix(SUFFIX).replace("~", "~0"))
        place = f"{self._server.secret_path}j/{identifier}/{page}{f'?{query}' if query else ''}"
        return Frame(_reachable(self._server.port, place), height)

    def save_html(
        self, file: str | Path, page: str = "", query: str = "", *, overwrite: bool = False
    ) -> Path:
        """Write a page as one file; see `seewhy.viewer.export_html`."""
        return export_html(self.path, file, page, query, overwrite=overwrite)

    def close(self) -> None:
        """End the server that `show` started."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __repr__(self) -> str:
        with self.reader() as reader:
            info = reader.info()
        rows = "rows" if info.is_tabular else "samples"
        explainers = ", ".join(explainer.name for explainer in info.explainers)
        return f"<Job {info.name}: {info.state}, {info.samples} {rows}, {explainers}>"

    def _repr_html_(self) -> str:
        page = job_html(self.path, query="" if self._is_tabular else "n=12")
        # Whatever encoding the notebook is shown in.
        inner = escape(page).encode("ascii", "xmlcharrefreplace").decode()
        return (
            f'<iframe srcdoc="{inner}" width="100%" height="700" style="border:0" '
            f'title="{escape(repr(self))}"></iframe>'
        )


def open_job(path: str | Path) -> Job:
    """Open a job to look at: ``open_job(runner.run()).show()``."""
    return Job(path)


class _Server:
    """The pages of a folder, answered by a thread that ends with the process."""

    def __init__(self, directory: Path) -> None:
        token = secrets.token_urlsafe(24)
        self.secret_path = f"t/{token}/"
        self._socket = listen("127.0.0.1", 0)
        self.port: int = self._socket.getsockname()[1]
        settings = uvicorn.Config(
            # Jupyter under any name, and editors, show it; only they are told the token.
            create_app(directory, token=token, frame_ancestors=None),
            log_level="warning",
            access_log=False,
            server_header=False,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._run, daemon=True, name="seewhy-pages")
        self._thread.start()

    def _run(self) -> None:
        # The socket listens already: what asks before this is up waits for it.
        self._server.run(sockets=[self._socket])

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._socket.close()


def _reachable(port: int, place: str) -> str:
    """Address of a local port from where the person's browser is."""
    hub = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if hub:
        return f"{hub}proxy/{port}/{place}"
    colab: Any = sys.modules.get("google.colab.output")
    if colab is not None:
        return f"{colab.eval_js(f'google.colab.kernel.proxyPort({port})')}{place}"
    return f"http://127.0.0.1:{port}/{place}"
