from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from seewhy.store import ExplainerInfo, MetricInfo, Score
from seewhy.viewer import create_app
from tests.viewer.assessment import scored_job
from tests.viewer.sample_job import open_job, pictures, sample, serving


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the job "scored", and small ones: alone, bare, none."""
    directory = tmp_path_factory.mktemp("scored")
    scored_job.write(directory)
    picture = pictures()[0]
    metric = MetricInfo("Only", True, 0, 1, {})
    with open_job(
        directory, "alone", metrics=[metric], explainers=[ExplainerInfo("One", False, {})]
    ) as writer:
        writer.add_sample(sample(0, picture))
        writer.add_scores([Score(0, 0, "One", "Only", 0.75)])
    with open_job(directory, "bare", metrics=[metric]) as writer:
        writer.add_sample(sample(0, picture))
    with open_job(directory, "none") as writer:
        writer.add_sample(sample(0, picture))
    return directory


@pytest.fixture(scope="session")
def scored_base(scored: Path) -> Iterator[str]:
    """Address of a running server over `scored`."""
    with serving(create_app(scored)) as address:
        yield address


@pytest.fixture
def scored_client(scored: Path) -> TestClient:
    return TestClient(create_app(scored), base_url="http://127.0.0.1:8421")
