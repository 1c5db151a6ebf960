"""A page of the application as one file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from seewhy.viewer.share.fetch import Answer, Application
from seewhy.viewer.share.inline import Inliner


def as_file(application: Application, page: str, answer: Answer, compact: bool = True) -> str:
    """Turn the answer to the address `page` into the text of one file."""

    def fetch(link: str) -> Answer:
        return application.follow(page, link)

    return Inliner(fetch, compact).page(answer.content.decode())


def write_whole(target: Path, text: str) -> Path:
    """Write a file beside its place, then move it there."""
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        # As any file that this user makes, not only readable by the owner.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target
