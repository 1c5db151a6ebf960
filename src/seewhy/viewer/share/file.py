"""A page of the application as one file."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from seewhy.viewer.share.fetch import Answer, Application
from seewhy.viewer.share.inline import Inliner


def as_file(
    application: Application, page: str, query: str, answer: Answer, compact: bool = True
) -> str:
    """Turn the answer to the address `page` with a query string into the text of one file."""
    pairs = parse_qsl(query)
    if ("strip", "1") in pairs:
        # Pictures of a file stand by themselves.
        query = urlencode([pair for pair in pairs if pair[0] != "strip"])
        answer = application.get(f"{page}?{query}")

    def fetch(link: str) -> Answer:
        return application.follow(page, link)

    views = saliency_views(application, page, query) if page.endswith("/saliency") else {}
    return Inliner(fetch, compact).page(answer.content.decode(), views)


def saliency_views(application: Application, page: str, query: str) -> dict[str, str]:
    """What a click on each label and picture of the saliency page shows, as SAMPLE.LABEL."""
    samples = json.loads(application.get(f"{page}.json?{query}").content)["samples"]
    kept = [pair for pair in parse_qsl(query) if pair[0] not in ("zoom", "pick")]
    names = [
        f"{sample['id']}.{inference['index']}"
        for sample in samples
        for inference in sample["inferences"]
    ]
    return {
        name: application.get(f"{page}/view?{urlencode([*kept, ('zoom', name)])}").content.decode()
        for name in names
    }


def write_whole(target: Path, text: str) -> Path:
    """Write a file beside its place, then move it there."""
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(target.parent))
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
