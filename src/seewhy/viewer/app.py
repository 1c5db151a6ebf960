"""The web application: which address shows what."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from seewhy.viewer import assessment, counterfactual, importance, jobs, rows, saliency, share
from seewhy.viewer.query_string import BadQuery
from seewhy.viewer.security import Guard
from seewhy.viewer.site import Site

PAGES = (jobs, saliency, assessment, counterfactual, rows, importance, share)
"""A folder each: `routes` gives its addresses, `state` reads its query string, `page` its data."""


def create_app(
    directory: str | Path,
    allowed_hosts: Sequence[str] = (),
    *,
    token: str | None = None,
    cookie: str = "seewhy",
    frame_ancestors: str | None = "'self'",
) -> Starlette:
    """Make the ASGI application that shows the jobs below a folder.

    All links are relative: it works under any URL prefix that a proxy strips, and mounted.

    Parameters
    ----------
    directory : str or Path
        Folder with jobs; read anew on each request.
    allowed_hosts : sequence of str
        Host names to answer to, besides localhost, addresses and this machine's name.
    token, cookie, frame_ancestors
        Who may look; see `seewhy.viewer.security.Guard`. Without a token: whoever can connect.

    Raises
    ------
    NotADirectoryError
        If `directory` is not a folder.
    """
    folder = Path(directory)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(folder))
    site = Site(folder)
    return Starlette(
        routes=[
            Route("/static/{name:path}", site.asset),
            *(route for page in PAGES for route in page.routes(site)),
        ],
        middleware=[
            Middleware(
                Guard,
                allowed_hosts=allowed_hosts,
                token=token,
                cookie=cookie,
                frame_ancestors=frame_ancestors,
            )
        ],
        exception_handlers={
            HTTPException: site.http_error,
            BadQuery: site.bad_query,
            Exception: site.unexpected,
        },
    )
