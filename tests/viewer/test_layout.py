"""Sizes, themes, keyboard and screen readers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .browsing import SALIENCY, Theme, check_access, check_width, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


PLACES = {
    "jobs": "",
    "saliency": f"{SALIENCY}?box=1",
    "long": f"{SALIENCY}?after=3&n=12&pick=6.6&label=dog&kind=TP",
    "zoom": f"{SALIENCY}?zoom=4.4",
    "empty": f"{SALIENCY}?label=never+seen&kind=FP",
    "error": "j/none/saliency",
}


@pytest.mark.parametrize("size", ["phone", "laptop", "wide"])
def test_no_page_is_wider_than_its_window(browser: Browser, base: str, size: str) -> None:
    with window(browser, size) as page:
        for place, path in PLACES.items():
            page.goto(base + path)
            check_width(page, place)


def test_on_a_phone_the_filters_are_a_sheet(browser: Browser, base: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(base + SALIENCY)
    filters = page.locator("#filters")
    assert not filters.is_visible()
    page.get_by_role("button", name="Filters").click()
    assert filters.is_visible()
    page.get_by_role("button", name="Close").click()
    assert not filters.is_visible()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("link", name=re.compile("False negative")).click()
    assert page.get_by_role("button", name="Filters (1)").is_visible()
    context.close()


@pytest.mark.parametrize(
    ("size", "theme"), [("laptop", "light"), ("laptop", "dark"), ("phone", "dark")]
)
def test_axe_finds_nothing(browser: Browser, base: str, size: str, theme: Theme) -> None:
    with window(browser, size, theme) as page:
        for place, path in PLACES.items():
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            check_access(page, place)


def test_the_keyboard_reaches_everything_and_sees_where_it_is(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('content').contains(document.activeElement)")
    for _ in range(30):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none"
