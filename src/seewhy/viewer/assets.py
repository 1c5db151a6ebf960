"""Style sheet and scripts, served under a hash of their content so that browsers keep them."""

from __future__ import annotations

import hashlib
import mimetypes
from importlib.resources import files
from typing import NamedTuple


class Asset(NamedTuple):
    """A file that pages load."""

    content: bytes
    media_type: str
    version: str


def load_assets() -> dict[str, Asset]:
    """Read every file of `static/`, by name."""
    assets = {}
    for entry in files("seewhy.viewer").joinpath("static").iterdir():
        if entry.is_file():
            content = entry.read_bytes()
            media_type = mimetypes.guess_type(entry.name)[0] or "application/octet-stream"
            version = hashlib.sha256(content).hexdigest()[:12]
            assets[entry.name] = Asset(content, media_type, version)
    return assets
