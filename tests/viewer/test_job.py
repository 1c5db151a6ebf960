"""A job in a notebook."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

import seewhy
from seewhy.store import read_job
from seewhy.viewer import Job, open_job

from .sample_job import serving

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Page


@pytest.fixture
def job(jobs: Path) -> Iterator[Job]:
    made = open_job(jobs / "animals.seewhy.db")
    yield made
    made.close()


def frame(html: str, attribute: str) -> str:
    found = re.search(rf'{attribute}="([^"]*)"', html)
    assert found
    return unescape(found[1])


@contextmanager
def notebook(page: Page, html: str) -> Iterator[FrameLocator]:
    """The frame that a cell returned, on a page of another server."""
    with serving(Starlette(routes=[Route("/{any:path}", lambda _: HTMLResponse(html))])) as address:
        page.goto(address)
        yield page.frame_locator("iframe")


@pytest.mark.browser
def test_show_frames_the_living_pages(page: Page, job: Job) -> None:
    shown = job.show("saliency", "label=dog&n=12", height=600)
    assert frame(shown._repr_html_(), "height") == "600"
    with notebook(page, shown._repr_html_()) as inside:
        inside.get_by_text("12 of").wait_for()
        inside.get_by_role("link", name="96", exact=True).click()
        inside.locator(".sizes [aria-current]", has_text="96").wait_for()
    again = job.show()
    assert again.address.startswith(shown.address.partition("/j/")[0])
    with notebook(page, again._repr_html_()) as inside:
        inside.locator("#sample-0").wait_for()


@pytest.mark.browser
def test_a_cell_keeps_its_picture_of_the_job(page: Page, job: Job) -> None:
    html = job._repr_html_()
    assert len(html) < 1_500_000
    with notebook(page, html) as inside:
        inside.locator("#sample-11").wait_for()
        pictures = inside.locator("#sample-0 img")
        assert pictures.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")
        inside.get_by_label("Opacity").fill("10")
        assert inside.locator(".map").first.evaluate("e => getComputedStyle(e).opacity") == "0.1"


def test_a_job_says_what_it_is(job: Job) -> None:
    assert repr(job) == "<Job animals: finished, 60 samples, GradCAM, Gradient, Occlusion>"
    with job.reader() as reader:
        assert reader.info().samples == 60
    assert seewhy.open_job is open_job


def test_hubs_and_colab_lead_through_their_proxies(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/me/")
    assert re.match(r"/user/me/proxy/\d+/t/[\w-]{32}/j/animals/$", job.show().address)
    monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX")
    colab = ModuleType("google.colab.output")
    monkeypatch.setattr(
        colab, "eval_js", lambda code: f"https://colab/{code[-7:-1]}/", raising=False
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    assert job.show().address.startswith("https://colab/")


def test_a_file_is_saved(job: Job, tmp_path: Path) -> None:
    made = job.save_html(tmp_path / "a.html", query="n=12")
    assert made.read_text().count('class="sample"') == 12


@pytest.mark.parametrize("height", [0, -1, 1.5, "800"])
def test_a_height_is_a_number_of_pixels(job: Job, height: int) -> None:
    with pytest.raises(ValueError, match="`height` must be a positive int"):
        job.show(height=height)


def test_what_is_no_job_is_refused(jobs: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_job(jobs / "none.seewhy.db")
    with pytest.raises(ValueError, match="corrupt"):
        open_job(jobs / "broken.seewhy.db")


def test_it_reads_what_a_reader_reads(job: Job, jobs: Path) -> None:
    with job.reader() as ours, read_job(jobs / "animals.seewhy.db") as theirs:
        assert ours.info() == theirs.info()
