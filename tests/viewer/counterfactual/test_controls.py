"""Every control of the counterfactual page, in a real Chromium."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from seewhy.viewer.export import export_html
from tests.viewer.browsing import is_marked, mark, query

from .searches import MOMENTS, NUM_SAMPLES, PAGE, STEPS, searches

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

# A sample whose first label has all steps.
NUMBER = next(n for n in range(NUM_SAMPLES) if searches(n)[0][0].steps == STEPS)
TARGET = searches(NUMBER)[0][0].label
WHOLE = f"sample={NUMBER}&target={TARGET}"


def check_moment(page: Page, at: int) -> None:
    """The moment is what all parts of the page show, and what the address says."""
    moment, title, boxes = MOMENTS[at]
    page.locator("#moment-title", has_text=re.compile(f"^{title}$")).wait_for()
    key, _, value = moment.partition("=")
    found = query(page)
    assert {key: found[key] for key in ("step", "layer") if key in found} == (
        {key: [value]} if key else {}
    )
    for group in ("#edited", "#original .outlines"):
        drawn = page.locator(f"{group} rect").evaluate_all(
            "all => all.map(e => ['x','y','width','height'].map(k => Number(e.getAttribute(k))))"
        )
        assert drawn == [list(box) for box in boxes], group
    current = page.locator("[data-moment][aria-current]").evaluate_all(
        "all => all.map(e => Number(e.dataset.moment))"
    )
    assert set(current) == {at}
    assert len(current) == (3 if moment.startswith("step") and at else 2)
    point = page.locator(f"#curve [data-moment='{at}']").get_attribute("data-x")
    assert page.locator("#curve .now").get_attribute("x1") == point
    assert page.locator("#scrub").input_value() == str(at)


def test_moments_are_scrubbed_by_keys_slider_and_buttons(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?{WHOLE}&sort=id")
    mark(page)
    last = len(MOMENTS) - 1
    check_moment(page, last)
    for at in range(last - 1, -1, -1):
        page.keyboard.press("ArrowLeft")
        check_moment(page, at)
    page.keyboard.press("ArrowLeft")
    check_moment(page, 0)
    page.keyboard.press("ArrowRight")
    check_moment(page, 1)
    page.keyboard.press("End")
    check_moment(page, last)
    page.keyboard.press("Home")
    check_moment(page, 0)
    page.get_by_label("Moment of the search").fill("4")
    check_moment(page, 4)
    page.get_by_label("Moment of the search").press("ArrowRight")
    check_moment(page, 5)
    page.get_by_role("link", name="Step on").click()
    check_moment(page, 6)
    page.get_by_role("link", name="Step back").click()
    check_moment(page, 5)
    page.locator(".strip a").nth(3).click()
    check_moment(page, 3)
    page.locator(".tree a").nth(0).click()
    check_moment(page, 1)
    page.locator("#curve a").nth(7).click()
    check_moment(page, 7)
    assert is_marked(page)
    page.reload()
    check_moment(page, 7)
    assert not is_marked(page)


def test_play_runs_to_the_region_and_stops(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?{WHOLE}&step=5")
    button = page.locator("[data-play]")
    button.click()
    assert button.inner_text() == "Pause"
    button.click()
    assert button.inner_text() == "Play"
    page.keyboard.press("End")
    button.click()
    page.locator("#moment-title", has_text="Start").wait_for()
    page.locator("#moment-title", has_text="The region").wait_for()
    assert button.inner_text() == "Play"
    assert button.get_attribute("aria-pressed") == "false"


def test_a_box_of_the_tree_is_lit(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?{WHOLE}")
    lit = page.locator("#original .lit rect")
    assert lit.count() == 0
    page.locator(".tree a").nth(2).hover()
    assert lit.get_attribute("x") == str(STEPS[3].x)
    page.locator(".tree a").nth(4).focus()
    assert lit.get_attribute("x") == str(STEPS[1].x)
    page.locator("#view-name").hover()
    assert lit.count() == 0


def test_the_original_is_swiped_over_the_outcome(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?{WHOLE}")
    swipe = page.get_by_label("Original over it")
    swipe.fill("40")
    assert query(page)["swipe"] == ["40"]
    shown = page.locator(".swiped img").evaluate("e => getComputedStyle(e).clipPath")
    assert "60%" in shown
    page.keyboard.press("Escape")
    page.locator("#view-name").click()
    page.keyboard.press("ArrowLeft")
    assert query(page)["swipe"] == ["40"]
    twin = page.get_by_role("link", name="JSON").get_attribute("href")
    assert str(twin).endswith(f"/{PAGE}.json?{urlsplit(page.url).query}")
    order = page.get_by_role("link", name="Most steps first").get_attribute("href")
    assert "swipe=40" in str(order)
    page.keyboard.press("n")
    page.wait_for_url(lambda url: f"sample={NUMBER}&" not in url)
    assert query(page)["swipe"] == ["40"]
    page.reload()
    assert page.get_by_label("Original over it").input_value() == "40"


def test_samples_and_labels_change_without_leaving(page: Page, base: str) -> None:
    wanted = [n for n in range(NUM_SAMPLES) if any(one.region for one, _ in searches(n))]
    page.goto(f"{base}{PAGE}?n=12")
    mark(page)
    for number in wanted[1:14]:
        page.keyboard.press("n")
        page.wait_for_url(re.compile(rf"sample={number}(&|$)"))
        page.locator(f"#rail [aria-current][href*='sample={number}&']").wait_for()
    counted = page.locator(".bar .count strong").inner_text()
    assert counted.split(" of ") == [str(min(12, len(wanted) - 12)), str(len(wanted))]
    page.keyboard.press("p")
    page.wait_for_url(re.compile(rf"sample={wanted[12]}(&|$)"))
    page.keyboard.press("p")
    page.wait_for_url(re.compile(rf"sample={wanted[11]}(&|$)"))
    page.locator("#rail a").nth(0).click()
    page.wait_for_url(re.compile(rf"sample={wanted[0]}(&|$)"))
    assert is_marked(page)
    page.go_back()
    page.wait_for_url(re.compile(rf"sample={wanted[11]}(&|$)"))
    page.locator(f".facts >> text=no. {wanted[11]} ").wait_for()
    assert is_marked(page)


def test_labels_of_a_sample_are_switched(page: Page, base: str) -> None:
    number = next(n for n in range(NUM_SAMPLES) if len(searches(n)) == 3)
    page.goto(f"{base}{PAGE}?sample={number}&empty=1")
    mark(page)
    chips = page.locator("#view .labels a")
    first = page.locator("#view .labels a[aria-current]")
    at = chips.evaluate_all("all => all.findIndex(e => e.hasAttribute('aria-current'))")
    other = (at + 1) % 3
    chips.nth(other).click()
    target = re.search(r"target=(\d+)", str(chips.nth(other).get_attribute("href")))
    assert target is not None
    page.wait_for_url(f"**target={target[1]}*")
    chips.nth(other).and_(first).wait_for()
    assert page.evaluate("document.activeElement.dataset.go") == "label"
    saliency = page.get_by_role("link", name="Saliency maps of this label")
    assert saliency.get_attribute("href") == f"saliency?zoom={number}.{target[1]}"
    for key, to in (("h", 0), ("h", 0), ("l", 1), ("l", 2), ("l", 2)):
        before = chips.evaluate_all("all => all.findIndex(e => e.hasAttribute('aria-current'))")
        if abs(before - to) > 1:
            continue
        page.keyboard.press(key)
        chips.nth(to).and_(first).wait_for()
    assert is_marked(page)


def test_the_keys_are_listed(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?{WHOLE}")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    for said in ("Step back", "The region", "Next sample", "Label before"):
        assert keys.get_by_text(said).is_visible()
    page.keyboard.press("ArrowLeft")
    assert "layer" not in query(page)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    assert query(page)["layer"] == ["2"]


def test_what_an_uncertainty_means_is_one_click_away(page: Page, base: str) -> None:
    page.goto(f"{base}{PAGE}?sample={NUMBER if NUMBER % 2 else 1}")
    assert page.locator("#view .labels .spread").first.is_visible()
    page.get_by_role("button", name="What do ± and [ ] mean?").click()
    assert page.get_by_text("It is not the chance that the answer is right").is_visible()


def test_filters_and_order(page: Page, base: str) -> None:
    page.goto(base + PAGE)
    filters = page.get_by_role("complementary")
    filters.get_by_role("link", name=re.compile("False positive")).click()
    page.wait_for_url("**kind=FP")
    filters.get_by_role("link", name="Smallest region first").click()
    page.wait_for_url("**sort=area")
    areas = [float(text.split()[-2]) for text in page.locator("#rail ol .quiet").all_inner_texts()]
    assert areas == sorted(areas)
    assert len(areas) > 3
    count = page.locator(".bar .count strong").inner_text()
    filters.get_by_role("link", name="Data set order").click()
    page.wait_for_url("**kind=FP")
    filters.get_by_role("link", name="Hide them").click()
    page.wait_for_url("**empty=1")
    assert page.locator(".bar .count strong").inner_text() != count
    assert page.locator("#rail ol", has_text="no region").count() == 1
    filters.get_by_label("Find a label").fill("do")
    filters.get_by_role("button", name="Find").click()
    page.wait_for_url("**find=do**")
    filters.get_by_role("link", name=re.compile("^dog")).click()
    page.wait_for_url("**label=dog**")
    wanted = sum(
        any(one.label == 0 and kind == "FP" for one, kind in searches(n))
        for n in range(NUM_SAMPLES)
    )
    assert page.locator("#rail ol li").count() == wanted
    page.get_by_role("link", name="Drop all filters").click()
    page.wait_for_url(lambda url: "label" not in url)


def test_everything_works_without_scripts(plain: Page, base: str) -> None:
    page = plain
    page.goto(f"{base}{PAGE}?{WHOLE}")
    for at in range(len(MOMENTS) - 2, 2, -1):
        page.get_by_role("link", name="Step back").click()
        assert page.locator("#moment-title").inner_text() == MOMENTS[at][1]
    page.locator(".tree a").nth(2).click()
    assert query(page)["step"] == ["4"]
    page.get_by_label("Original over it").fill("55")
    page.get_by_role("button", name="Set").click()
    assert query(page) == {
        "sample": [str(NUMBER)], "target": [str(TARGET)], "step": ["4"], "swipe": ["55"],
    }  # fmt: skip
    page.locator("#curve a").nth(0).click()
    assert query(page)["step"] == ["0"]
    page.get_by_role("link", name="Next sample").click()
    assert query(page)["sample"] != [str(NUMBER)]
    page.get_by_text("What does this say, and what not?").click()
    assert page.get_by_text("that the network looks only there").is_visible()
    assert not page.locator("[data-play]").is_visible()
    page.get_by_role("link", name="Most steps first").click()
    page.locator("#view .labels a").first.click()
    assert query(page)["sort"] == ["-steps"]
    page.get_by_role("link", name="Saliency maps of this label").click()
    assert page.locator("dialog").is_visible()
    page.get_by_role("link", name="Counterfactual of this label").click()
    assert {*query(page)} == {"sample", "target"}


def test_a_file_has_every_moment(browser: Browser, jobs: Path, tmp_path: Path) -> None:
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    query = f"sample={NUMBER}&target={TARGET}&step=3"
    job, target = jobs / "regions.seewhy.db", tmp_path / "regions.html"
    page.goto(export_html(job, target, "counterfactual", query).as_uri())
    assert page.locator("#moment-title").inner_text() == "Step 3 of 5"
    for at in (5, 6):
        page.keyboard.press("ArrowRight")
        assert page.locator("#moment-title").inner_text() == MOMENTS[at][1]
        assert page.locator("#edited rect").count() == len(MOMENTS[at][2])
    page.locator(".strip a").nth(1).click()
    assert page.locator("#moment-title").inner_text() == "Step 1 of 5"
    page.get_by_label("Original over it").fill("30")
    assert "70%" in page.locator(".swiped img").evaluate("e => getComputedStyle(e).clipPath")
    for picture in page.locator("image, .swiped img").all():
        source = picture.get_attribute("href") or picture.get_attribute("src")
        assert str(source).startswith("data:image/")
    page.keyboard.press("l")
    page.keyboard.press("n")
    page.get_by_text("This file holds no other label or sample").wait_for()
    assert page.locator("#moment-title").inner_text() == "Step 1 of 5"
    page.close()
    assert wrong == []
