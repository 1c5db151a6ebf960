"""Style sheet and scripts, served under a hash of their content so that browsers keep them."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple


class Asset(NamedTuple):
    """A file that pages load."""

    content: bytes
    media_type: str
    version: str


def load_assets() -> dict[str, Asset]:
    """Read every file of `static/` and its folders, by path."""
    return dict(_below(files("seewhy.viewer").joinpath("static"), ""))


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, Asset]]:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            yield from _below(entry, f"{name}/")
        else:
            content = entry.read_bytes()
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            yield name, Asset(content, media_type, hashlib.sha256(content).hexdigest()[:12])
