"""Asking the application for its own pages and pictures, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from starlette.types import ASGIApp, Message


class Answer(NamedTuple):
    """What the application answers."""

    status: int
    media_type: str
    content: bytes
    location: str


class Application:
    """The application as a browser sees it, from the address of one page.

    Parameters
    ----------
    app : ASGI application
        Asked in this process.
    headers : mapping of str to str
        Sent with each request: the host, and a cookie where one is needed.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(key.lower().encode(), value.encode()) for key, value in headers.items()]

    def get(self, address: str) -> Answer:
        """Answer to a path with a query string; a redirection is not followed."""
        parts = urlsplit(address)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": self._headers,
            "server": ("localhost", 80),
            "client": None,
            # Pages are drawn for a file; see `Renderer`.
            "exporting": True,
        }
        # In a thread of its own: a notebook's has a loop already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(_ask(self._app, scope))).result()

    def first_page(self, start: str) -> str:
        """Page to which the address of a job leads; ValueError if it leads nowhere."""
        answer = self.get(start)
        if not answer.location:
            raise ValueError(self.complaint(f"{start}saliency", ""))
        return answer.location

    def complaint(self, page: str, query: str) -> str:
        """What the application says of a page that it does not show."""
        twin = self.get(f"{page}.json?{query}")
        if twin.status == 404:
            return f"there is no such page: {page.rpartition('/')[2]}"
        try:
            return str(json.loads(twin.content)["error"])
        except (ValueError, KeyError, TypeError):
            return f"there is no page {page}"

    def follow(self, page: str, link: str) -> Answer:
        """Answer to a link that stands on a page."""
        return self.get(urljoin(page, link))


async def _ask(app: ASGIApp, scope: dict[str, Any]) -> Answer:
    status, headers, content = 500, dict[bytes, bytes](), b""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, headers, content
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = dict(message["headers"])
        elif message["type"] == "http.response.body":
            content += message.get("body", b"")

    await app(scope, receive, send)
    media_type = headers.get(b"content-type", b"").decode().partition(";")[0]
    return Answer(status, media_type, content, headers.get(b"location", b"").decode())
