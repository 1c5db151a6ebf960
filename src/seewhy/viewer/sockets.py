"""Where the server listens: a free port, or a socket file."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PORTS_TO_TRY = 50


def listen(host: str, port: int) -> socket.socket:
    """Open a socket on the first free port from `port` on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    last = min(port + PORTS_TO_TRY, 65535)
    for candidate in [port] if port == 0 else range(port, last + 1):
        try:
            listener = socket.create_server((host, candidate), family=family, backlog=256)
        except OSError as error:
            if not isinstance(error, PermissionError) and error.errno != errno.EADDRINUSE:
                raise OSError(
                    error.errno, f"`host` {host!r} cannot be listened on: {error}"
                ) from error
            reason = error
        else:
            # Inherited by each connection. Without it an answer of two packets takes 40 ms more.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return listener
    raise OSError(reason.errno, f"no free `port` in {port}..{last}") from reason


@contextmanager
def listen_on_file(path: Path) -> Iterator[socket.socket]:
    """Open a Unix socket that only this user can reach; its file is removed at the end.

    One that a killed server left is taken over; anything else at `path` is left alone.
    """
    _remove_stale(path)
    listener = socket.socket(socket.AF_UNIX)
    # Before the file exists: nobody may connect in between.
    previous = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"`uds` {str(path)!r} cannot be listened on: {error}") from error
    finally:
        os.umask(previous)
    try:
        listener.listen(256)
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise FileExistsError(errno.EEXIST, "`uds` must name a new file; this is none", str(path))
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another server listens on this `uds`", str(path))


def is_private(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url(listener: socket.socket, token: str | None = None) -> str:
    """Address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    return f"{address}?token={token}" if token else address
