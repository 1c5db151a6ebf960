from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seewhy.store import find_jobs, job_id, job_path

Factory = Callable[..., Any]


def test_jobs_are_found_in_folders_below(tmp_path: Path, open_writer: Factory) -> None:
    for folder, job in [("", "plain"), ("a/b~c", "deep"), (".hidden", "no"), ("1/2/3/4", "no")]:
        open_writer(summary_dir=tmp_path / folder, job=job).close()
    (tmp_path / "notes.txt").touch()
    found = find_jobs(tmp_path)
    assert list(found) == ["a~1b~0c~1deep", "plain"]
    for identifier, path in found.items():
        assert job_id(path, tmp_path) == identifier
        assert job_path(tmp_path, identifier) == path


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "nothing",
        "..~1secret",
        "~1secret",
        "a~1~1b",
        "../secret",
        "..\\secret",
        "a\0b",
        "x" * 999,
        "a~1b~1c~1d~1e",
        "/etc/passwd",
        ".~1secret",
        "%2e%2e~1secret",
    ],
)
def test_ids_never_lead_out_of_the_folder(
    tmp_path: Path, open_writer: Factory, identifier: str
) -> None:
    open_writer(summary_dir=tmp_path, job="secret").close()
    inside = tmp_path / "inside"
    inside.mkdir()
    assert job_path(inside, identifier) is None
