"""What keeps other web sites, other users of this machine, and other names for it, out."""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SECRET_PATH = "/t/"
ASK = """<!doctype html><html lang="en"><meta charset="utf-8"><title>SeeWhy</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<body style="font:1rem/1.6 system-ui;max-width:34rem;margin:15vh auto;padding:0 1rem">
<h1>One link opens these pages</h1>
<p>The terminal that runs <code>seewhy view</code> printed an address with a token in it. Open that
one, or paste its token here. It is kept in a cookie until the server ends.</p>
<form method="get"><label>Token <input name="token" autocomplete="off" required></label>
<button>Open</button></form></body></html>
"""


class Guard:
    """Middleware: asks for the token, refuses foreign Host headers and methods, adds headers.

    A web site can make its own name point to 127.0.0.1 (DNS rebinding) and then read our pages as
    its own. Without a token, names must therefore be known; addresses cannot be forged that way
    and are let in. With one, whoever has it may come under any name, such as that of a proxy.

    Parameters
    ----------
    app : ASGI application
        What is guarded.
    allowed_hosts : iterable of str
        Names to answer to, besides localhost, addresses and this machine's name.
    token : str or None
        Opens the pages: as `?token=`, which is exchanged for a cookie, or as `/t/TOKEN` in front
        of every path, for frames in which browsers keep no cookies. None: no token is needed.
    cookie : str
        Name of that cookie. Browsers do not tell ports apart, so each server needs its own.
    frame_ancestors : str or None
        Who may show the pages in a frame, as in the header Content-Security-Policy; None: all.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: Iterable[str] = (),
        token: str | None = None,
        cookie: str = "seewhy",
        frame_ancestors: str | None = "'self'",
    ) -> None:
        self._app = app
        self._hosts = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}
        self._hosts |= {host.lower() for host in allowed_hosts}
        self._token, self._cookie = token, cookie
        ancestors = f"; frame-ancestors {frame_ancestors}" if frame_ancestors else ""
        self._headers = HEADERS | {"Content-Security-Policy": POLICY + ancestors}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if self._token and "Cache-Control" in headers:
                    headers["Cache-Control"] = headers["Cache-Control"].replace("public", "private")
            await send(message)

        scope, app = self._entrance(scope)
        await app(scope, receive, send_guarded)

    def _entrance(self, scope: Scope) -> tuple[Scope, ASGIApp]:
        """Whom to ask for the answer: the pages, or somebody who says why not."""
        if scope["method"] not in ("GET", "HEAD"):
            return scope, PlainTextResponse("These pages can only be read.", status_code=405)
        if self._token:
            inner = _below_secret(scope, self._token)
            if inner or self._has_cookie(scope):
                return inner or scope, self._app
            if _matches(dict(_query(scope)).get("token"), self._token):
                return scope, self._let_in(scope)
        host = Headers(scope=scope).get("host", "")
        if not self.allows(host):
            said = f"The name {host[:100]!r} is not one that this server answers to."
            return scope, PlainTextResponse(said, status_code=400)
        return scope, HTMLResponse(ASK, status_code=403) if self._token else self._app

    def _has_cookie(self, scope: Scope) -> bool:
        try:
            cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except CookieError:
            return False
        found = cookies.get(self._cookie)
        return found is not None and _matches(found.value, self._token or "")

    def _let_in(self, scope: Scope) -> Response:
        """Exchange the token of the address for a cookie, so that copied links do not carry it."""
        rest = urlencode([(key, value) for key, value in _query(scope) if key != "token"])
        # Relative, since a proxy may have put a prefix before the path.
        place = "./" + quote(scope["path"].rpartition("/")[2])
        answer = RedirectResponse(f"{place}?{rest}" if rest else place, status_code=303)
        forwarded = Headers(scope=scope).get("x-forwarded-proto", scope["scheme"])
        answer.set_cookie(
            self._cookie,
            self._token or "",
            httponly=True,
            samesite="lax",
            secure=forwarded == "https",
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

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


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)


def _matches(given: str | None, token: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), token.encode())


def _below_secret(scope: Scope, token: str) -> Scope | None:
    """Give the request without `/t/TOKEN` in front of its path, or None if it is not there."""
    root = scope.get("root_path", "")
    path = scope["path"].removeprefix(root)
    given, slash, _ = path.removeprefix(SECRET_PATH).partition("/")
    if not path.startswith(SECRET_PATH) or not slash or not _matches(given, token):
        return None
    # Starlette takes `root_path` off `path` by itself.
    return {**scope, "root_path": f"{root}{SECRET_PATH}{given}"}
