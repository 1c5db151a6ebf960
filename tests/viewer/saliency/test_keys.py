"""The keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.viewer.browsing import SALIENCY, ids, is_marked, mark, query, style

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('.sample')?.id || ''"))


def test_keys_lead_from_sample_to_sample_and_label_to_label(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    mark(page)
    for key, wanted in (("j", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0), ("k", 0)):
        page.keyboard.press(key)
        assert focused(page) == f"sample-{wanted}", key
    for _ in range(5):
        page.keyboard.press("j")
    assert focused(page) == "sample-5"
    chosen = page.locator("#sample-5 .labels a")
    assert chosen.nth(0).get_attribute("aria-current") == "true"
    page.keyboard.press("l")
    page.wait_for_url("**pick=5.0")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**pick=5.5")
    page.keyboard.press("z")
    page.get_by_role("dialog").wait_for()
    assert query(page)["zoom"] == ["5.5"]
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert is_marked(page)


def test_keys_change_the_look(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    mark(page)
    for key, wanted in (
        ("o", {"ov": ["0"]}),
        ("o", {}),
        ("[", {"op": ["50"]}),
        ("]", {}),
        ("b", {"box": ["1"]}),
        ("b", {}),
        ("c", {"cmap": ["cividis"]}),
        ("2", {"hide": ["Gradient"]}),
        ("2", {}),
    ):
        page.keyboard.press(key)
        found = {name: value for name, value in query(page).items() if name != "n"}
        assert wanted.items() <= found.items(), key
    assert page.locator("main").get_attribute("data-cmap") == "cividis"
    assert is_marked(page)


def test_keys_turn_pages_and_find_labels(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    page.keyboard.press("n")
    page.wait_for_url("**after=11**")
    assert ids(page) == list(range(12, 24))
    page.keyboard.press("p")
    page.wait_for_url("**before=12**")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    # Whoever types, types.
    page.keyboard.type("no")
    assert page.locator("#find").input_value() == "no"
    assert "before=12" in page.url


def test_the_question_mark_lists_the_keys(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    dialog.wait_for()
    assert dialog.get_by_text("Next colour map").is_visible()
    # What lies below it keeps still.
    before = style(page, "main", "--op")
    page.keyboard.press("o")
    page.keyboard.press("n")
    assert query(page) == {"n": ["12"]}
    assert style(page, "main", "--op") == before
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.get_by_role("button", name="Keyboard").click()
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached")


def test_the_link_is_copied(page: Page, base: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{base}{SALIENCY}?n=12&label=dog")
    page.keyboard.press("y")
    page.get_by_text("Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
