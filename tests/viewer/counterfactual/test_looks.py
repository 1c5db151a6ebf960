"""What is drawn: pictures by their pixels, sizes, themes, and nothing that jumps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter
from starlette.applications import Starlette
from starlette.routing import Mount

from seewhy.store import read_job
from seewhy.viewer import create_app
from tests.viewer.browsing import Theme, check_access, check_width, window
from tests.viewer.sample_job import serving

from .searches import MOMENTS, PAGE, SIZE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PLACES = {
    "region": f"{PAGE}?sample=1",
    "step": f"{PAGE}?sample=4&step=1&swipe=30",
    "no region": f"{PAGE}?sample=2&empty=1&n=12",
    "not searched": f"{PAGE}?sample=4&target=6",
    "empty": f"{PAGE}?label=never+seen&kind=FP",
    "all empty": "j/all empty/counterfactual",
    "wide picture": "j/hide blur/counterfactual?step=2",
}


def pixels(page: Page) -> npt.NDArray[Any]:
    picture = Image.open(io.BytesIO(page.locator(".swiped").screenshot()))
    return np.asarray(picture.convert("RGB")).astype(float)


@pytest.mark.parametrize("mask", ["blur", "colour", "image"])
@pytest.mark.parametrize("direction", ["reveal", "hide"])
def test_boxes_show_the_original_and_the_rest_is_grey(
    page: Page, base: str, jobs: Path, direction: str, mask: str
) -> None:
    with read_job(jobs / f"{direction} {mask}.seewhy.db") as job:
        stored = job.image(0)
    page.goto(f"{base}j/{direction} {mask}/counterfactual")
    page.wait_for_load_state("networkidle")
    region = pixels(page)
    page.get_by_label("Original over it").fill("100")
    original = pixels(page)
    assert original.shape[1] / original.shape[0] == pytest.approx(360 / 200, rel=0.02)
    page.get_by_label("Original over it").fill("0")
    # The server drew the region; scripts draw the other moments.
    check_pixels(region, original, stored, len(MOMENTS) - 1, direction, mask)
    for moment in (5, 2, 0):
        page.get_by_label("Moment of the search").fill(str(moment))
        check_pixels(pixels(page), original, stored, moment, direction, mask)


def check_pixels(
    edited: npt.NDArray[Any],
    original: npt.NDArray[Any],
    stored: Image.Image,
    moment: int,
    direction: str,
    mask: str,
) -> None:
    height, width = edited.shape[:2]
    inside = np.zeros((height, width), bool)
    for x, y, w, h in MOMENTS[moment][2]:
        rows = slice(round(y / SIZE[1] * height), round((y + h) / SIZE[1] * height))
        inside[rows, round(x / SIZE[0] * width) : round((x + w) / SIZE[0] * width)] = True
    shown = inside if direction == "reveal" else ~inside
    # Seams, edges and round corners belong to neither.
    within = np.zeros_like(shown)
    within[8:-8, 8:-8] = True
    kept = binary_erosion(shown, iterations=3, border_value=1) & within
    covered = ~binary_dilation(shown, iterations=3) & within
    assert kept.any() == (bool(MOMENTS[moment][2]) or direction == "hide")
    assert np.abs(edited - original)[kept].max(initial=0) <= 3
    if not covered.any():
        assert (moment, direction) == (0, "hide")
        return
    grey = edited[covered]
    assert np.ptp(grey, axis=-1).max() <= 2
    assert grey.mean() < original[covered].mean() * 0.9
    if mask == "blur":
        # The blur is as wide on the picture as it was on the network's input.
        sigma = (4 * stored.height / SIZE[1], 4 * stored.width / SIZE[0])
        grey = np.asarray(stored.convert("L"), float)
        blurred = gaussian_filter(grey, sigma, mode="nearest") * 0.7
        wanted = Image.fromarray(blurred).resize((width, height), Image.Resampling.BILINEAR)
        assert np.abs(edited[..., 0] - np.asarray(wanted))[covered].max() <= 5


@pytest.mark.parametrize("size", ["phone", "laptop", "wide"])
def test_no_page_is_wider_than_its_window(browser: Browser, base: str, size: str) -> None:
    with window(browser, size) as page:
        for place, path in PLACES.items():
            page.goto(base + path)
            check_width(page, place)


@pytest.mark.parametrize(("size", "theme"), [("laptop", "light"), ("phone", "dark")])
def test_axe_finds_nothing(browser: Browser, base: str, size: str, theme: Theme) -> None:
    with window(browser, size, theme) as page:
        for place, path in PLACES.items():
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            check_access(page, place)


def test_nothing_jumps(page: Page, base: str) -> None:
    page.add_init_script(
        "window.shift = 0;"
        "new PerformanceObserver(list => list.getEntries().forEach(e => window.shift += e.value))"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{base}{PAGE}?sample=4&step=0")
        page.wait_for_load_state("networkidle")
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
        assert page.evaluate("window.shift") < 0.01


def test_pages_work_under_a_prefix(page: Page, jobs: Path) -> None:
    app = Starlette(routes=[Mount("/user/x/proxy", create_app(jobs))])
    with serving(app) as address:
        page.goto(f"{address}user/x/proxy/j/regions/saliency")
        page.get_by_role("link", name="Counterfactuals").click()
        page.wait_for_load_state("networkidle")
        assert page.locator("#rail img").first.evaluate("e => e.naturalWidth") > 0
        page.keyboard.press("n")
        page.wait_for_url("**sample=**")
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**layer=**")


def test_the_code_is_small(client: Any) -> None:
    import gzip

    html = client.get(f"/{PAGE}?sample=1").text
    names = {part.split('"')[0] for part in html.split("../../static/")[1:]}
    code = [client.get(f"/static/{name}").content for name in names if "icon" not in name]
    assert len(code) >= 5
    assert sum(len(gzip.compress(one)) for one in code) <= 25_000
