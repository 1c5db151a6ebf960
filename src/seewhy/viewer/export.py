"""Pages of a job as files, from Python and for the command line."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

from seewhy.store import SUFFIX
from seewhy.viewer.app import create_app
from seewhy.viewer.job_data import segment
from seewhy.viewer.share.fetch import Application
from seewhy.viewer.share.file import as_file, write_whole


def export_html(
    job: str | Path,
    file: str | Path,
    page: str = "",
    query: str = "",
    *,
    full: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write a page of a job as one HTML file that needs neither the job nor a server.

    Parameters
    ----------
    job : str or Path
        A `.seewhy.db` file.
    file : str or Path
        Where to write; either the whole file is there in the end, or nothing.
    page : str
        Its address, as "saliency"; "": the first page of the job.
    query : str
        What stands behind the "?" in the browser's address: filters, order, looks.
    full : bool
        Whether pictures keep all their pixels; else photographs have at most 224 px and maps 112.
    overwrite : bool
        Whether `file` may exist.

    Returns
    -------
    Path
        `file`.

    Raises
    ------
    FileNotFoundError
        If there is no such job.
    FileExistsError
        If `file` exists.
    ValueError
        If the job has no such page, cannot be read, or the query cannot be.
    OSError
        If `file` cannot be written.
    """
    path, target = Path(job), Path(file)
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists already: give another name, or overwrite it")
    return write_whole(target, job_html(path, page, query, full))


def job_html(path: Path, page: str = "", query: str = "", full: bool = False) -> str:
    """A page of a job as the text of one file."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no job {path}")
    if not path.name.endswith(SUFFIX):
        raise ValueError(f"`job` must be a file *{SUFFIX}, got {path}")
    application = Application(create_app(path.parent), {"Host": "localhost"})
    identifier = path.name.removesuffix(SUFFIX).replace("~", "~0")
    start = f"/j/{segment(identifier)}/"
    if not page:
        page = application.first_page(start)
    address = urljoin(start, page)
    answer = application.get(f"{address}?{query}")
    if answer.status != 200:
        raise ValueError(application.complaint(address, query))
    return as_file(application, address, query, answer, compact=not full)
