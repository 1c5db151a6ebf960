"""A page as one file: all of it is in there, and it opens from disk."""

from __future__ import annotations

import io
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from seewhy.viewer import create_app, export_html
from seewhy.viewer.share.compact import compact_map, compact_photograph
from tests.viewer.browsing import SALIENCY, style
from tests.viewer.sample_job import LABELS, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def file(jobs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("exported") / "animals.html"
    return export_html(jobs / "animals.seewhy.db", target, query="kind=FP&op=40")


def test_all_is_in_the_file(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    loaded = re.findall(r'<(?:img|link|script|iframe)[^>]*\b(?:src|href)="([^"]*)"', text)
    assert loaded
    assert all(link.startswith("data:") for link in loaded)
    for link in re.findall(r'<a[^>]*\bhref="([^"]*)"', text):
        assert link.startswith(("#", "?")), link
    assert "<script>window.hacked" not in text
    assert len(text) < 3_000_000
    assert stat.S_IMODE(file.stat().st_mode) & 0o044 == 0o044


@pytest.mark.browser
def test_it_works_from_disk(browser: Browser, file: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page, wrong, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda request: asked.append(urlsplit(request.url).scheme))
    page.goto(file.as_uri())
    page.wait_for_load_state()
    assert page.locator(".sample img").count() > 24
    pictures = page.locator(".sample").first.locator("img")
    assert pictures.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")
    assert float(style(page, ".map", "opacity")) == pytest.approx(0.4)
    page.get_by_label("Opacity").fill("80")
    assert float(style(page, ".map", "opacity")) == pytest.approx(0.8)
    page.get_by_role("link", name="inferno").click()
    assert "inferno" in style(page, ".map:not(.signed)", "filter")
    page.get_by_role("link", name="Overlays").click()
    assert style(page, ".map", "visibility") == "hidden"
    assert page.evaluate("window.hacked") is None
    assert not page.locator(".filters").is_visible()
    page.get_by_role("link", name="Overlays").click()
    row = page.locator(".sample").nth(1)
    before = row.locator(".map").evaluate_all("all => all.map(e => e.src)")
    row.locator(".labels a:not([aria-current])").first.click()
    page.wait_for_function(
        "before => document.querySelectorAll('.sample')[1].querySelector('.map').src !== before",
        arg=before[0],
    )
    after = row.locator(".map")
    assert after.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")
    assert "inferno" in style(page, ".map:not(.signed)", "filter")
    row.locator(".tiles a").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Next", exact=True).click()
    dialog.get_by_role("link", name="Previous", exact=True).wait_for()
    assert dialog.locator("img").evaluate_all("all => all.every(e => e.naturalWidth > 0)")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert page.get_by_text("A copy, made on").is_visible()
    assert wrong == []
    assert {*asked} <= {"file", "data"}
    context.close()


@pytest.mark.browser
def test_the_view_is_downloaded_also_behind_a_prefix(page: Page, jobs: Path) -> None:
    app = Starlette(routes=[Mount("/proxy", create_app(jobs, token="secret"))])
    with serving(app) as address:
        page.goto(f"{address}proxy/{SALIENCY}?token=secret&label=dog&n=12")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="HTML").click()
        made = Path(waiting.value.path())
        assert waiting.value.suggested_filename == "animals saliency.html"
    text = made.read_text(encoding="utf-8")
    assert text.count('class="sample"') == 12
    assert "secret" not in text


@pytest.mark.browser
def test_the_link_is_copied(page: Page, base: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{base}{SALIENCY}?label=dog")
    page.get_by_label("Opacity").fill("25")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied").wait_for(state="attached")
    copied = str(page.evaluate("navigator.clipboard.readText()"))
    assert copied == page.url
    assert parse_qs(urlsplit(copied).query) == {"label": ["dog"], "op": ["25"]}


def test_pages_that_are_none(jobs: Path, client: TestClient, tmp_path: Path) -> None:
    job, target = jobs / "animals.seewhy.db", tmp_path / "x.html"
    with pytest.raises(ValueError, match="`sort` must be one of"):
        export_html(job, target, query="sort=name")
    with pytest.raises(ValueError, match="no such page"):
        export_html(job, target, page="nothing")
    with pytest.raises(FileNotFoundError):
        export_html(jobs / "none.seewhy.db", target)
    with pytest.raises(ValueError, match="cannot be read"):
        export_html(jobs / "broken.seewhy.db", target)
    with pytest.raises(ValueError, match=r"\*\.seewhy\.db"):
        export_html(__file__, target)
    assert list(tmp_path.iterdir()) == []
    target.write_text("mine")
    with pytest.raises(FileExistsError):
        export_html(job, target)
    assert target.read_text() == "mine"
    export_html(job, target, overwrite=True)
    assert "mine" not in target.read_text()[:4]
    assert client.get("/j/animals/nothing.html").status_code == 404
    assert client.get("/j/animals/saliency.html?sort=name").status_code == 400


def test_a_folder_that_cannot_be_written_is_left_alone(jobs: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no such folder: .*none'$"):
        export_html(jobs / "animals.seewhy.db", tmp_path / "none" / "x.html")
    assert list(tmp_path.iterdir()) == []


def test_a_compact_map_keeps_its_bright_places() -> None:
    rng = np.random.default_rng(0)
    grey = (rng.random((224, 224)) ** 8 * 255).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(grey).save(png, "PNG")
    made = compact_map(png.getvalue(), signed=False)
    assert made is not None
    assert len(made) < len(png.getvalue()) / 4
    small = np.asarray(Image.open(io.BytesIO(made)).convert("L"), float)
    assert small.shape == (112, 112)
    assert np.percentile(small, 99) == pytest.approx(np.percentile(grey, 99), abs=6)
    blocks = grey.reshape(112, 2, 112, 2).mean((1, 3))
    assert np.corrcoef(small.ravel(), blocks.ravel())[0, 1] > 0.97


def test_a_compact_signed_map_keeps_its_middle() -> None:
    grey = np.full((200, 100), 128, np.uint8)
    grey[:50], grey[150:] = 240, 20
    png = io.BytesIO()
    Image.fromarray(grey).save(png, "PNG")
    # A few uneven bytes make it worth the while.
    made = compact_map(png.getvalue() + bytes(1000), signed=True)
    assert made is not None
    small = np.asarray(Image.open(io.BytesIO(made)).convert("L"), float)
    assert small.shape == (112, 56)
    assert np.abs(small[5:20] - 240).max() <= 4
    assert np.abs(small[45:65] - 128).max() <= 4
    assert np.abs(small[-20:-5] - 20).max() <= 4


def test_small_maps_stay_as_they_are() -> None:
    png = io.BytesIO()
    Image.new("L", (14, 14)).save(png, "PNG")
    assert compact_map(png.getvalue(), False) is None
    jpeg = io.BytesIO()
    Image.new("RGB", (500, 250), "red").save(jpeg, "JPEG")
    assert Image.open(io.BytesIO(compact_photograph(jpeg.getvalue()))).size == (224, 112)


def test_hostile_names_stay_text(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert LABELS[2] not in text
    assert "&lt;script&gt;window.hacked = 1&lt;/script&gt;" in text
