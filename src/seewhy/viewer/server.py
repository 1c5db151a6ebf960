"""Serving the pages."""

from __future__ import annotations

import os
import secrets
import shlex
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from seewhy.viewer.app import create_app
from seewhy.viewer.sockets import is_private, listen, listen_on_file, url


def serve(
    directory: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8421,
    uds: str | Path | None = None,
    token: bool = True,
    allowed_hosts: Sequence[str] = (),
    open_browser: bool | None = None,
) -> None:
    """Show the jobs below a folder until Ctrl-C.

    Parameters
    ----------
    directory : str or Path
        Folder with jobs; they may still be running.
    host : str
        Address to listen on.
    port : int
        The next free one is taken if this is not free; 0: any.
    uds : str, Path or None
        Listen on this Unix socket instead, which only this user can reach.
    token : bool
        Whether the pages open only to who has the printed link. Other users of this machine can
        connect to its ports. False is for addresses that only this machine reaches.
    allowed_hosts : sequence of str
        Without a token: further names under which browsers may reach the server, such as that of a
        proxy.
    open_browser : bool or None
        None: only where there is a desktop.

    Raises
    ------
    NotADirectoryError
        If `directory` is not a folder.
    ValueError
        If there is no token on an address that other machines reach.
    OSError
        If there is no such address, no free port, or `uds` is taken.
    """
    if not token and uds is None and not is_private(host):
        raise ValueError(f"`token` must be True where other machines connect, at `host` {host!r}")
    # Ctrl-C is how one ends it, at any moment; uvicorn raises it again once all is closed.
    with suppress(KeyboardInterrupt):
        if uds is not None:
            _serve_on_file(directory, Path(uds), allowed_hosts)
            return
        with listen(host, port) as listener:
            taken = listener.getsockname()[1]
            secret = secrets.token_urlsafe(24) if token else None
            hosts = (host, *allowed_hosts)
            app = create_app(directory, hosts, token=secret, cookie=f"seewhy-{taken}")
            address = url(listener, secret)
            _say(directory, address)
            if os.environ.get("SSH_CONNECTION") and is_private(host):
                _say_ssh(f"127.0.0.1:{taken}", taken)
            if _has_desktop() if open_browser is None else open_browser:
                threading.Timer(0.5, webbrowser.open, [address]).start()
            run(app, listener)


def _serve_on_file(directory: str | Path, path: Path, allowed_hosts: Sequence[str]) -> None:
    app = create_app(directory, allowed_hosts)
    with listen_on_file(path) as listener:
        _say(directory, f"the socket {path}")
        _say_ssh(shlex.quote(str(path.resolve())))
        run(app, listener)


def run(app: Starlette, listener: socket.socket) -> None:
    """Answer on a socket until Ctrl-C."""
    settings = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, date_header=False
    )
    uvicorn.Server(settings).run(sockets=[listener])


def _say(directory: str | Path, place: str) -> None:
    print(f"{Path(directory).resolve()} is shown at {place}  (Ctrl-C ends it)", flush=True)


def _say_ssh(far: str, port: int = 8421) -> None:
    print(f"From your own machine: ssh -L {port}:{far} {socket.gethostname()}", flush=True)


def _has_desktop() -> bool:
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
