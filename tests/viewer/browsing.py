"""What the browser tests ask of a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlsplit

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Theme = Literal["light", "dark"]

SALIENCY = "j/animals/saliency"
SIZES = {"phone": (390, 844), "tablet": (768, 1024), "laptop": (1280, 800), "wide": (1920, 1080)}


@contextmanager
def window(browser: Browser, size: str, theme: Theme = "light") -> Iterator[Page]:
    """A page in a window of its own, of one of `SIZES`."""
    width, height = SIZES[size]
    with browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=theme
    ) as context:
        yield context.new_page()


def check_width(page: Page, name: str) -> None:
    """Neither the page nor what it opened is wider than its window."""
    excess = page.locator("html, dialog").evaluate_all(
        "all => all.map(e => e.scrollWidth - e.clientWidth)"
    )
    assert max(excess) <= 0, f"{name}: {excess}"


def check_access(page: Page, name: str) -> None:
    """Axe finds nothing."""
    results = Axe().run(page)
    assert results.violations_count == 0, f"{name}: {results.generate_report()}"


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def mark(page: Page) -> None:
    """Note something that a new page would forget."""
    page.evaluate("window.mark = 1")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.mark === 1"))


def style(page: Page, selector: str, name: str) -> str:
    return str(page.locator(selector).first.evaluate(f"e => getComputedStyle(e)['{name}']"))


def ids(page: Page) -> list[int]:
    page.wait_for_load_state()
    texts = page.locator(".sample").evaluate_all("all => all.map(e => e.id)")
    return [int(text.removeprefix("sample-")) for text in texts]


def shown_probs(page: Page) -> list[float]:
    page.wait_for_load_state()
    chosen = page.locator(".sample .labels a[aria-current] .prob")
    return [float(text) for text in chosen.all_text_contents()]
