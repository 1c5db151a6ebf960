from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from seewhy.viewer import create_app
from tests.viewer.sample_job import open_job, serving

from .searches import nothing, record, write_one, write_regions


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the job "regions", and small ones for what is drawn and for what is missing."""
    directory = tmp_path_factory.mktemp("counterfactual")
    write_regions(directory)
    for direction in ("reveal", "hide"):
        for name, mask in (("blur", "gaussian:4"), ("colour", "0.5,0,-1"), ("image", "image")):
            write_one(
                directory, f"{direction} {name}", record(0, 0, direction=direction, mask=mask)
            )
    write_one(directory, "all empty", nothing(0, 0, "no region"))
    write_one(directory, "nothing yet")
    with open_job(directory, "no search"):
        pass
    return directory


@pytest.fixture(scope="session")
def base(jobs: Path) -> Iterator[str]:
    """Address of a running server over `jobs`."""
    with serving(create_app(jobs)) as address:
        yield address
