"""Every control of the pages, in a real Chromium."""

from __future__ import annotations

import io
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import Inference, SaliencyMap, Sample
from seewhy.viewer import create_app
from seewhy.visual.colormaps import COOLWARM, VIRIDIS
from tests.viewer.browsing import SALIENCY, ids, is_marked, mark, query, shown_probs, style
from tests.viewer.sample_job import NUM_SAMPLES, inferences, open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_from_the_job_list_to_the_maps(page: Page, base: str) -> None:
    page.goto(base)
    page.get_by_role("link", name="animals", exact=True).click()
    page.wait_for_url(f"**/{SALIENCY}")
    assert page.title() == "Saliency · animals · SeeWhy"
    assert page.get_by_text("24 of 60").is_visible()
    loaded = page.locator(".sample").first.locator("img")
    assert loaded.count() == 1 + 2 * 3
    page.wait_for_load_state("networkidle")
    assert loaded.evaluate_all("all => all.every(e => e.complete && e.naturalWidth > 0)")


def test_colours_are_those_of_the_colour_maps(page: Page, tmp_path: Path) -> None:
    grey = np.repeat(np.repeat(np.linspace(0, 1, 6).reshape(2, 3), 40, axis=0), 40, axis=1)
    with open_job(tmp_path) as writer:
        image = Image.new("RGB", (240, 160), "white")
        writer.add_sample(Sample(0, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", grey)])
        writer.add_maps([SaliencyMap(0, 0, "Occlusion", grey * 2 - 1)])
    with serving(create_app(tmp_path)) as address:
        page.goto(f"{address}{SALIENCY}?op=100&cut=0")
        page.wait_for_load_state("networkidle")
        for explainer, table in ("GradCAM", VIRIDIS), ("Occlusion", COOLWARM):
            tile = page.locator(".stack", has=page.get_by_alt_text(f"{explainer} map"))
            picture = Image.open(io.BytesIO(tile.screenshot())).convert("RGB")
            for index, value in enumerate(np.linspace(0, 1, 6)):
                row, column = divmod(index, 3)
                at = (picture.width * (2 * column + 1) // 6, picture.height * (2 * row + 1) // 4)
                wanted = table[round(value * 255)].astype(int)
                assert np.abs(np.array(picture.getpixel(at)) - wanted).max() <= 6, (
                    explainer,
                    value,
                )


def test_cutting_at_99_per_cent_brightens_the_rest(page: Page, tmp_path: Path) -> None:
    values = np.full((100, 100), 0.1)
    values[:50] = 0.2
    values[0, 0], values[0, 1] = 1.0, 0.0
    with open_job(tmp_path) as writer:
        image = Image.new("RGB", (200, 200), "white")
        writer.add_sample(Sample(0, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", values)])
    with serving(create_app(tmp_path)) as address:
        page.goto(f"{address}{SALIENCY}?op=100")
        page.wait_for_load_state("networkidle")
        tile = page.locator(".stack", has=page.get_by_alt_text("GradCAM map"))

        def colors() -> list[Any]:
            picture = Image.open(io.BytesIO(tile.screenshot())).convert("RGB")
            heights = (picture.height // 4, picture.height * 3 // 4)
            return [np.array(picture.getpixel((picture.width // 2, y))) for y in heights]

        # 99 % are at most 0.2: that becomes the last colour, and 0.1 the middle one.
        for color, value in zip(colors(), (255, 128), strict=True):
            assert np.abs(color - VIRIDIS[value]).max() <= 8
        page.get_by_role("link", name="Cut at 99 %").click()
        assert query(page) == {"op": ["100"], "cut": ["0"]}
        for color, value in zip(colors(), (51, 26), strict=True):
            assert np.abs(color - VIRIDIS[value]).max() <= 8


def test_opacity_acts_at_once_and_stays_in_the_link(page: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    mark(page)
    slider = page.get_by_label("Opacity")
    slider.fill("25")
    assert float(style(page, ".map", "opacity")) == pytest.approx(0.25)
    assert query(page) == {"op": ["25"]}
    assert page.locator(".bar output").first.inner_text() == "25 %"
    slider.press("ArrowRight")
    page.wait_for_url("**?op=30")
    assert is_marked(page)
    page.reload()
    assert float(style(page, ".map", "opacity")) == pytest.approx(0.3)
    page.get_by_role("link", name="Next").dispatch_event("click")
    page.wait_for_url("**after=**")
    assert query(page)["op"] == ["30"]
    page.get_by_label("Find a label").fill("dog")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**find=dog**")
    assert query(page) == {"op": ["30"], "find": ["dog"]}


def test_the_colour_map_is_chosen(page: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    assert "viridis" in style(page, ".map:not(.signed)", "filter")
    assert "coolwarm" in style(page, ".map.signed", "filter")
    page.get_by_role("link", name="inferno").click()
    assert "inferno" in style(page, ".map:not(.signed)", "filter")
    assert "coolwarm" in style(page, ".map.signed", "filter")
    assert query(page) == {"cmap": ["inferno"]}
    assert page.locator(".maps [aria-current]").inner_text() == "inferno"
    page.reload()
    assert "inferno" in style(page, ".map:not(.signed)", "filter")


def test_overlays_and_boxes_are_switched(page: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    assert style(page, ".map", "visibility") == "visible"
    assert style(page, ".boxes", "visibility") == "hidden"
    page.get_by_role("link", name="Switch off: Overlays").click()
    page.get_by_role("link", name="Switch on: Boxes").click()
    assert style(page, ".map", "visibility") == "hidden"
    assert style(page, ".boxes", "visibility") == "visible"
    assert query(page) == {"ov": ["0"], "box": ["1"]}
    page.reload()
    assert style(page, ".map", "visibility") == "hidden"
    page.get_by_role("link", name="Switch on: Overlays").click()
    page.get_by_role("link", name="Switch off: Boxes").click()
    assert query(page) == {}
    # The box of the first sample is the middle half of its picture.
    page.get_by_role("link", name="Switch on: Boxes").click()
    picture = page.locator("#sample-0 .stack").first.bounding_box()
    box = page.locator("#sample-0 .boxes rect").first.bounding_box()
    assert picture is not None
    assert box is not None
    assert box["x"] - picture["x"] == pytest.approx(picture["width"] / 4, abs=3)
    assert box["height"] == pytest.approx(picture["height"] / 2, abs=5)


def test_a_click_on_a_label_shows_its_maps(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?op=40")
    mark(page)
    row = page.locator("#sample-5")
    before = row.locator(".map").evaluate_all("all => all.map(e => e.src)")
    others = page.locator("#sample-4 .map").first.get_attribute("src")
    row.get_by_role("link", name="dog").click()
    row.locator("[aria-current]", has_text="dog").wait_for()
    after = row.locator(".map").evaluate_all("all => all.map(e => e.src)")
    assert len(after) == 3
    assert not set(before) & set(after)
    assert page.locator("#sample-4 .map").first.get_attribute("src") == others
    assert "'dog', FN, p=0.23" in str(row.locator(".map").first.get_attribute("alt"))
    assert query(page) == {"op": ["40"], "pick": ["5.0"]}
    assert page.evaluate("document.activeElement.dataset.pick") == "5.0"
    page.locator("#sample-2 .labels a").nth(1).click()
    page.wait_for_url("**pick=5.0&pick=2.**")
    assert is_marked(page)
    page.reload()
    assert row.locator("[aria-current]").inner_text().split() == ["FN", "dog", "0.23"]
    assert page.locator("#sample-2 .labels a").nth(1).get_attribute("aria-current") == "true"


def test_filters_hold_for_the_same_label(page: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    page.get_by_role("link", name=re.compile("False positive")).click()
    page.wait_for_url("**kind=FP")
    filters = page.get_by_role("complementary")
    filters.get_by_role("link", name=re.compile("^dog")).click()
    page.wait_for_url("**label=dog**")
    wanted = [
        number
        for number in range(NUM_SAMPLES)
        if any(i.label == 0 and i.kind == "FP" for i in inferences(number))
    ]
    assert ids(page) == wanted
    counted = page.locator(".bar .count").inner_text()
    assert counted == f"{len(wanted)} of {len(wanted)} samples (60 without filters)"
    chosen = page.locator(".sample .labels a[aria-current]").all_text_contents()
    assert all(text.split()[:2] == ["FP", "dog"] for text in chosen)
    page.go_back()
    page.wait_for_url("**?kind=FP")
    assert len(ids(page)) > len(wanted)
    page.get_by_role("link", name="Drop all filters").click()
    page.wait_for_url(re.compile(rf"{SALIENCY}\??$"))
    assert page.get_by_text("24 of 60").is_visible()


def test_order_by_probability_both_ways(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?kind=TP&n=12")
    page.get_by_role("link", name="Most probable first").click()
    page.wait_for_url("**sort=-prob**")
    down = shown_probs(page)
    assert down == sorted(down, reverse=True)
    assert ids(page) == list(range(59, 47, -1))
    page.get_by_role("link", name="Least probable first").click()
    page.wait_for_url("**sort=prob**")
    up = shown_probs(page)
    assert up == sorted(up)
    assert ids(page) == list(range(12))


def test_pages_come_one_after_the_other(plain: Page, base: str) -> None:
    page = plain
    page.goto(f"{base}{SALIENCY}?sort=-prob")
    found = [ids(page)]
    while page.get_by_role("link", name="Next").count():
        with page.expect_navigation():
            page.get_by_role("link", name="Next").click()
        found.append(ids(page))
    assert [len(part) for part in found] == [24, 24, 12]
    assert sorted(number for part in found for number in part) == list(range(60))
    before = page.get_by_role("navigation", name="Samples before")
    with page.expect_navigation():
        before.get_by_role("link", name="Previous").click()
    assert ids(page) == found[1]
    with page.expect_navigation():
        before.get_by_role("link", name="First", exact=True).click()
    assert query(page) == {"sort": ["-prob"]}
    with page.expect_navigation():
        page.get_by_role("navigation", name="More samples").get_by_role("link", name="96").click()
    assert query(page)["n"] == ["96"]
    assert len(ids(page)) == 60


def test_the_zoom_dialog(page: Page, base: str) -> None:
    page.goto(base + SALIENCY)
    mark(page)
    opener = page.locator("#sample-5 .tiles a").nth(1)
    opener.focus()
    opener.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert query(page) == {"zoom": ["5.5"]}
    assert dialog.evaluate("e => e.matches(':modal') && e.contains(document.activeElement)")
    large = dialog.locator(".stack").nth(1).bounding_box()
    small = page.locator("#sample-5 .stack").nth(1).bounding_box()
    assert large is not None
    assert small is not None
    assert large["width"] > 1.5 * small["width"]
    dialog.get_by_role("link", name="dog").click()
    dialog.locator("[aria-current]", has_text="dog").wait_for()
    assert query(page) == {"zoom": ["5.0"]}
    dialog.get_by_label("Opacity").fill("90")
    assert query(page) == {"zoom": ["5.0"], "op": ["90"]}
    dialog.get_by_role("link", name="Next").click()
    page.wait_for_url("**zoom=6.6**")
    assert dialog.get_by_role("heading", level=2).inner_text() == "flower.jpg"
    assert page.evaluate("document.activeElement.textContent") == "Next"
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    # Going back and carrying the opacity over are two steps.
    page.wait_for_url(lambda url: "zoom" not in url and "op=90" in url)
    assert query(page) == {"op": ["90"]}
    assert float(style(page, ".map", "opacity")) == pytest.approx(0.9)
    assert is_marked(page)

    page.locator("#sample-5 .tiles a").first.click()
    dialog.wait_for()
    page.go_back()
    dialog.wait_for(state="detached")
    assert is_marked(page)


def test_a_link_opens_the_zoom_dialog(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?zoom=2.2&box=1")
    dialog = page.get_by_role("dialog")
    assert dialog.evaluate("e => e.matches(':modal')")
    assert dialog.get_by_role("heading", level=2).inner_text() == "astronaut"
    assert dialog.get_by_text("512 × 512").is_visible()
    dialog.get_by_role("link", name="Close").click()
    dialog.wait_for(state="detached")
    page.wait_for_url("**?box=1")


def test_the_theme_is_the_systems_or_the_one_chosen(page: Page, base: str) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(base + SALIENCY)
    light = style(page, "body", "backgroundColor")
    page.emulate_media(color_scheme="dark")
    dark = style(page, "body", "backgroundColor")
    assert light != dark
    page.get_by_role("button", name="Light or dark").click()
    assert style(page, "body", "backgroundColor") == light
    page.reload()
    assert style(page, "body", "backgroundColor") == light


def test_the_opacity_slider_keeps_up_with_the_hand(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=24")
    page.wait_for_load_state("networkidle")
    started = time.perf_counter()
    page.evaluate(
        """async () => {
            const slider = document.querySelector('input[type=range]');
            for (let step = 0; step < 20; step++) {
                slider.value = step * 5;
                slider.dispatchEvent(new Event('input', { bubbles: true }));
                await new Promise(requestAnimationFrame);
            }
        }"""
    )
    # A bound for a loaded machine without a graphics card, not a measurement.
    assert (time.perf_counter() - started) / 20 < 0.25
