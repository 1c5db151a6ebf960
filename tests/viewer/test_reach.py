"""Without scripts, behind proxies, while a run writes: the pages work there too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount

from seewhy.store import Inference, Sample
from seewhy.viewer import create_app

from .browsing import SALIENCY, ids, query, shown_probs, style
from .sample_job import LABELS, open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_without_scripts_everything_is_reached_by_links_and_forms(plain: Page, base: str) -> None:
    page = plain
    page.goto(base)
    page.get_by_role("link", name="animals", exact=True).click()
    page.get_by_role("link", name=re.compile("False positive")).click()
    page.get_by_role("complementary").get_by_role("link", name=re.compile("^dog")).click()
    page.get_by_role("link", name="Least probable first").click()
    assert query(page) == {"kind": ["FP"], "label": ["dog"], "sort": ["prob"]}
    assert shown_probs(page) == sorted(shown_probs(page))
    page.get_by_label("Find a label").fill("cat")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("complementary").get_by_role("link", name=re.compile("^cat")).click()
    assert query(page)["label"] == ["dog", "cat"]
    page.get_by_label("Opacity").fill("20")
    page.get_by_role("button", name="Set opacity").click()
    assert query(page)["op"] == ["20"]
    assert query(page)["label"] == ["dog", "cat"]
    page.get_by_role("link", name="inferno").click()
    page.get_by_role("link", name="Overlays").click()
    assert query(page)["ov"] == ["0"]
    assert query(page)["cmap"] == ["inferno"]
    first = page.locator(".sample").first
    first.locator(".labels a:not([aria-current])").first.click()
    assert "pick" in query(page)
    page.locator(".sample").first.locator(".tiles a").first.click()
    assert page.locator("dialog").is_visible()
    page.get_by_role("link", name="Close").click()
    assert not page.locator("dialog").count()
    page.goto(f"{base}{SALIENCY}")
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").first.click()
    assert ids(page) == list(range(24))


@pytest.mark.parametrize("prefix", ["/user/x/proxy/8421", "/a b"])
def test_pages_work_under_any_prefix(page: Page, jobs: Path, prefix: str) -> None:
    app = Starlette(routes=[Mount(prefix, create_app(jobs))])
    with serving(app) as address:
        page.goto(f"{address.rstrip('/')}{prefix}/")
        page.get_by_role("link", name="animals", exact=True).click()
        page.wait_for_load_state("networkidle")
        assert style(page, ".top", "display") == "flex"
        pictures = page.locator("#sample-0 img")
        assert pictures.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")
        page.get_by_role("link", name="Next").dispatch_event("click")
        page.wait_for_url("**after=23")
        page.locator("#sample-26 .labels a").nth(1).click()
        page.wait_for_url("**pick=26**")
        page.locator("#sample-26 .tiles a").first.click()
        page.get_by_role("dialog").wait_for()
        page.goto(f"{address.rstrip('/')}{prefix}/j/animals")
        page.wait_for_url(f"**/{SALIENCY}")
        page.get_by_role("link", name="SeeWhy").click()
        page.get_by_role("heading", name="Jobs").wait_for()


def test_a_running_job_shows_its_progress_and_what_is_new(page: Page, tmp_path: Path) -> None:
    image = Image.new("L", (9, 9))

    def add(number: int) -> None:
        writer.add_sample(Sample(number, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.flush()

    with serving(create_app(tmp_path)) as address:
        with open_job(tmp_path, total=4) as writer:
            add(0)
            page.goto(address)
            assert page.get_by_text("1 of 4 samples").is_visible()
            add(1)
            page.get_by_text("2 of 4 samples").wait_for()
            page.get_by_role("link", name="animals", exact=True).click()
            page.wait_for_url(f"**/{SALIENCY}")
            status = page.locator(".status")
            assert "running" in status.inner_text()
            add(2)
            add(3)
            status.get_by_text("2 new samples: show").wait_for()
            # What one looks at stays in its place until one asks.
            assert ids(page) == [0, 1]
            status.get_by_role("link").click()
            page.locator("#sample-3").wait_for()
        status.get_by_text("finished").wait_for()


def test_names_are_shown_as_they_are(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=96")
    filters = page.get_by_role("complementary")
    for label in LABELS[:7]:
        assert filters.get_by_text(label.strip(), exact=True).count() == 1
    assert page.evaluate("window.hacked") is None
    filters.get_by_role("link", name="<script>").click()
    page.wait_for_url("**label=**")
    assert query(page)["label"] == [LABELS[2]]
    assert ids(page)
    assert page.evaluate("window.hacked") is None
