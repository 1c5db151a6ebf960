"""Serving the pages."""

from __future__ import annotations

import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from seewhy.viewer.app import create_app

PORTS_TO_TRY = 50


def serve(
    directory: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8421,
    allowed_hosts: Sequence[str] = (),
    open_browser: bool | None = None,
) -> None:
    """Show the jobs below a folder until Ctrl-C.

    Parameters
    ----------
    directory : str or Path
        Folder with jobs; they may still be running.
    host : str
        Address to listen on. Everybody who reaches it can look at the pages.
    port : int
        The next free one is taken if this is not free; 0: any.
    allowed_hosts : sequence of str
        Further names under which browsers may reach the server, such as that of a proxy.
    open_browser : bool or None
        None: only where there is a desktop.

    Raises
    ------
    NotADirectoryError
        If `directory` is not a folder.
    OSError
        If there is no such address, or no free port.
    """
    app = create_app(directory, allowed_hosts=(host, *allowed_hosts))
    with listen(host, port) as listener:
        address = url(listener)
        print(f"{Path(directory).resolve()} is shown at {address}  (Ctrl-C ends it)", flush=True)
        if os.environ.get("SSH_CONNECTION") and host in ("127.0.0.1", "localhost"):
            taken = listener.getsockname()[1]
            print(f"From your own machine: ssh -L {taken}:127.0.0.1:{taken} {socket.gethostname()}")
        if _has_desktop() if open_browser is None else open_browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        settings = uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, date_header=False
        )
        # Ctrl-C is how one ends it; uvicorn raises it again once all is closed.
        try:
            uvicorn.Server(settings).run(sockets=[listener])
        except KeyboardInterrupt:
            print()


def listen(host: str, port: int) -> socket.socket:
    """Open a socket on the first free port from `port` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port + PORTS_TO_TRY, 65535)
    for candidate in [port] if port == 0 else range(port, last + 1):
        try:
            return socket.create_server((host, candidate), family=family, backlog=256)
        except OSError as error:
            if not isinstance(error, PermissionError) and not _is_taken(error):
                raise OSError(
                    error.errno, f"`host` {host!r} cannot be listened on: {error}"
                ) from error
            reason = error
    raise OSError(reason.errno, f"no free `port` in {port}..{last}") from reason


def url(listener: socket.socket) -> str:
    """Address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _is_taken(error: OSError) -> bool:
    import errno

    return error.errno == errno.EADDRINUSE


def _has_desktop() -> bool:
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
