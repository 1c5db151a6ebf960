"""Finding the jobs of a folder."""

from __future__ import annotations

import os
from pathlib import Path

from seewhy.store.connect import SUFFIX

MAX_DEPTH = 3


def find_jobs(directory: str | Path) -> dict[str, Path]:
    """Find the stores in a folder and up to three levels below it, by job id, sorted.

    The id of a job is its path from `directory` without the suffix, with "/" written as "~1" and
    "~" as "~0", so that it is one segment of a URL. Hidden folders are left out.
    """
    found: dict[str, Path] = {}
    root = Path(directory)
    for folder, folders, names in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = [name for name in folders if depth < MAX_DEPTH and not name.startswith(".")]
        for name in names:
            if name.endswith(SUFFIX) and name != SUFFIX and not name.startswith("."):
                path = Path(folder, name)
                found[job_id(path, root)] = path
    return dict(sorted(found.items()))


def job_id(path: Path, directory: Path) -> str:
    """Give the id of a job; see `find_jobs`."""
    relative = path.relative_to(directory).as_posix().removesuffix(SUFFIX)
    return relative.replace("~", "~0").replace("/", "~1")


def job_path(directory: str | Path, identifier: str) -> Path | None:
    """Give the path of the job with this id, or None; it never leaves `directory`."""
    parts = [part.replace("~0", "~") for part in identifier.split("~1")]
    if len(parts) > MAX_DEPTH + 1 or any(
        not part or part.startswith(".") or set(part) & {"/", "\\", "\0"} for part in parts
    ):
        return None
    path = Path(directory, *parts[:-1], parts[-1] + SUFFIX)
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
