"""What keeps other web sites, and other people's names for this machine, out."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Guard:
    """Middleware: refuses foreign Host headers and foreign methods, and adds security headers.

    A web site can make its own name point to 127.0.0.1 (DNS rebinding) and then read our pages as
    its own. Names must therefore be known; addresses cannot be forged that way and are let in.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}
        self._hosts |= {host.lower() for host in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        host = Headers(scope=scope).get("host", "")
        app: ASGIApp = self._app
        if not self.allows(host):
            said = f"The name {host[:100]!r} is not one that this server answers to."
            app = PlainTextResponse(said, status_code=400)
        elif scope["method"] not in ("GET", "HEAD"):
            app = PlainTextResponse("These pages can only be read.", status_code=405)
        await app(scope, receive, send_guarded)

    def allows(self, host: str) -> bool:
        """Whether a Host header, with or without a port, is one of ours."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in self._hosts or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
