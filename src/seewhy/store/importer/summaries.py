"""Finding explain summaries, and reading their events."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from seewhy.store.export.frames import FramesEnd, read_frames
from seewhy.store.export.messages import Event, Explain
from seewhy.store.export.wire import decode

EVENT_FILE = re.compile(r"summary\.(\d+).*_explain$")


class Summary(NamedTuple):
    """An explain summary.

    Attributes
    ----------
    folder : Path
        Paths of pictures start here, and must not leave it.
    events : Path
        The event file.
    stamp : int
        When its writer began, in seconds since the epoch.
    """

    folder: Path
    events: Path
    stamp: int

    @property
    def has_manifest(self) -> bool:
        """Whether its writer has ended."""
        return (self.folder / f"_explain_{self.stamp}" / "manifest.json").is_file()


def find_summaries(directory: Path) -> list[Summary]:
    """Find the summary in a folder, or those in the folders in it; not through links."""
    here = find_summary(directory)
    if here is not None:
        return [here]
    inside = sorted(path for path in directory.iterdir() if path.is_dir())
    found = [find_summary(path) for path in inside if not path.is_symlink()]
    return [summary for summary in found if summary is not None]


def find_summary(folder: Path) -> Summary | None:
    """Find the newest event file of a folder."""
    found = [
        (-int(match[1]), path.name)
        for path in folder.iterdir()
        if (match := EVENT_FILE.search(path.name)) and path.is_file() and not path.is_symlink()
    ]
    if not found:
        return None
    stamp, name = min(found)
    return Summary(folder, folder / name, -stamp)


def read_events(path: Path, size: int, tally: Counter[str]) -> Iterator[Explain]:
    """Read the events up to a size, passing over what is damaged; `tally` takes what that was."""
    with path.open("rb") as stream:
        for one in read_frames(stream, size):
            if isinstance(one, FramesEnd):
                if one.left:
                    tally["bytes at the end that are no whole record"] += one.left
                return
            if one.body is None:
                tally["records of more than 500 MB, passed over"] += 1
                continue
            try:
                event = decode(Event, one.body)
            except ValueError:
                tally["records that cannot be decoded, passed over"] += 1
                continue
            if not one.sound:
                tally["records with a wrong checksum, taken as they are"] += 1
            if event.explain is not None:
                yield event.explain
