from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from seewhy.store import Inference, Sample
from seewhy.viewer import create_app

from .sample_job import EXPLAINERS, NUM_SAMPLES, maps, open_job, pictures, sample, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MILLISECONDS = 10_000


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the job "animals", below it one without ground truth, and a broken one."""
    directory = tmp_path_factory.mktemp("jobs")
    photographs = pictures()
    with open_job(directory) as writer:
        for number in range(NUM_SAMPLES):
            writer.add_sample(sample(number, photographs[number % len(photographs)]))
            writer.add_maps(maps(number))
    with open_job(directory / "more runs", "no truth", explainers=EXPLAINERS[:1]) as writer:
        for number in range(3):
            found = (Inference(number, 0.5, None),)
            image = photographs[number][1]
            writer.add_sample(Sample(number, f"no. {number}", "", image, None, (), found))
    (directory / "broken.seewhy.db").write_bytes(b"this is no database " * 99)
    return directory


@pytest.fixture
def client(jobs: Path) -> TestClient:
    return TestClient(create_app(jobs), base_url="http://127.0.0.1:8421")


@pytest.fixture(scope="session")
def base(jobs: Path) -> Iterator[str]:
    """Address of a running server over `jobs`."""
    with serving(create_app(jobs)) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a window of its own that fails on errors, dialogs and foreign requests."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda request: (
            wrong.append(f"foreign: {request.url}")
            if urlsplit(request.url).hostname != "127.0.0.1"
            else None
        ),
    )
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A page without scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    yield page
    context.close()
