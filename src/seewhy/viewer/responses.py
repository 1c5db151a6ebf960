"""Answers: pages that are asked for again, and pictures that never are."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

FOR_EVER = "public, max-age=31536000, immutable"
SMALLEST_TO_COMPRESS = 1000


def text(
    request: Request, body: str, media_type: str = "text/html", status_code: int = 200
) -> Response:
    """Answer with text, or with 304 when the browser already has it."""
    content = body.encode()
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if status_code == 200:
        # Weak: the same text may travel compressed or not.
        headers["ETag"] = f'W/"{hashlib.sha256(content).hexdigest()[:20]}"'
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
    if len(content) > SMALLEST_TO_COMPRESS and _takes_gzip(request):
        content = gzip.compress(content, compresslevel=5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(content, status_code, headers, f"{media_type}; charset=utf-8")


def data(request: Request, value: Any, status_code: int = 200) -> Response:
    """Answer with JSON."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    return text(request, body, "application/json", status_code)


def table(
    request: Request, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Response:
    """Answer with CSV that browsers save as `name`.csv; None becomes an empty cell."""
    body = io.StringIO()
    writer = csv.writer(body)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    answer = text(request, body.getvalue(), "text/csv")
    answer.headers["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(name, safe='')}.csv"
    )
    return answer


def _cell(value: Any) -> Any:
    # Spreadsheets run text that begins like this as a formula.
    if isinstance(value, str) and value[:1] in tuple("=+-@\t\r"):
        return f"'{value}"
    return value


def lasting(request: Request, content: bytes, media_type: str) -> Response:
    """Answer with something that never changes under its address."""
    headers = {"Cache-Control": FOR_EVER}
    if media_type.startswith("text/") and _takes_gzip(request):
        content = gzip.compress(content, mtime=0)
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(content, headers=headers, media_type=media_type)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")
