"""What the browser tests ask of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page

SALIENCY = "j/animals/saliency"


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
