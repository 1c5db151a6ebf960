"""The zoom dialog: moved, enlarged, and on to other samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.viewer.browsing import SALIENCY, is_marked, mark, query, style

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

pytestmark = pytest.mark.browser


def boxes(page: Page) -> list[Any]:
    return list(
        page.locator("#zoom .stack").evaluate_all(
            """all => all.map(e => {
                const own = e.getBoundingClientRect();
                const frame = e.closest('.frame').getBoundingClientRect();
                return [own.left - frame.left, own.top - frame.top, own.width].map(Math.round);
            })"""
        )
    )


def frame(page: Page, number: int = 1) -> FloatRect:
    box = page.locator("#zoom .frame").nth(number).bounding_box()
    assert box is not None
    return box


def test_wheel_drag_keys_and_buttons_move_all_maps_together(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?zoom=2.2")
    page.get_by_role("dialog").wait_for()
    whole = boxes(page)
    assert len(whole) == 4
    box = frame(page)
    at = (box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    page.mouse.move(*at)
    page.mouse.wheel(0, -500)
    page.wait_for_url("**at=**")
    large = boxes(page)
    assert large[0] == large[1] == large[2] == large[3]
    assert large[0][2] == pytest.approx(whole[0][2] * 2.718, rel=0.02)
    # What lay under the pointer still does.
    assert large[0][0] + 0.25 * large[0][2] == pytest.approx(box["width"] * 0.25, abs=3)
    page.mouse.down()
    page.mouse.move(at[0] + 40, at[1] - 30, steps=4)
    page.mouse.up()
    moved = boxes(page)
    assert moved[3][0] - large[3][0] == pytest.approx(40, abs=2)
    assert moved[3][1] - large[3][1] == pytest.approx(-30, abs=2)
    page.wait_for_function("() => location.search.split('_').length === 3")
    page.wait_for_timeout(200)
    page.reload()
    page.get_by_role("dialog").wait_for()
    assert boxes(page)[1] == pytest.approx(moved[1], abs=2)
    # Edges stay outside.
    page.keyboard.press("Shift+ArrowRight")
    for _ in range(40):
        page.keyboard.press("Shift+ArrowLeft")
    assert boxes(page)[1][0] == 0
    page.keyboard.press("0")
    assert boxes(page) == whole
    page.wait_for_url(lambda url: "at=" not in url)
    page.get_by_role("button", name="Larger").click()
    assert boxes(page)[2][2] == pytest.approx(whole[2][2] * 1.5, abs=2)
    page.keyboard.press("-")
    assert boxes(page) == whole
    page.keyboard.press("+")
    assert page.get_by_role("button", name="150 %").is_visible()
    page.get_by_role("button", name="150 %").click()
    assert boxes(page) == whole


def test_two_fingers_enlarge(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?zoom=2.2")
    page.get_by_role("dialog").wait_for()
    box = frame(page, 0)
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def fingers(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        points = [] if kind == "touchEnd" else points
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    whole = boxes(page)[0][2]
    fingers("touchStart", 30)
    for apart in (40, 50, 60):
        fingers("touchMove", apart)
    fingers("touchEnd", 0)
    assert boxes(page)[3][2] == pytest.approx(whole * 2, rel=0.1)


def test_space_shows_the_original_while_it_is_held(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?zoom=2.2")
    page.get_by_role("dialog").wait_for()
    assert style(page, "#zoom .map", "visibility") == "visible"
    page.keyboard.down(" ")
    assert style(page, "#zoom .map", "visibility") == "hidden"
    page.keyboard.up(" ")
    assert style(page, "#zoom .map", "visibility") == "visible"
    button = page.get_by_role("button", name="Original")
    button.hover()
    page.mouse.down()
    assert style(page, "#zoom .map", "visibility") == "hidden"
    page.mouse.up()
    assert style(page, "#zoom .map", "visibility") == "visible"


def test_samples_follow_each_other_across_pages_and_filters(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12&kind=FP&label=dog&sort=-prob")
    dialog = page.get_by_role("dialog")
    listed = page.locator(".count").inner_text()
    total = int(listed.split(" of ")[1].split()[0])
    page.locator(".sample a[data-zoom]").first.click()
    dialog.wait_for()
    mark(page)
    seen = [query(page)["zoom"][0]]
    while dialog.locator("a[rel=next]").count():
        page.keyboard.press("ArrowRight")
        page.wait_for_function("zoom => !location.search.includes('zoom=' + zoom)", arg=seen[-1])
        seen.append(query(page)["zoom"][0])
    assert len(set(seen)) == total
    assert all(zoom.endswith(".0") for zoom in seen)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**zoom={seen[-2]}**")
    assert is_marked(page)


def test_labels_follow_each_other_and_keep_the_view(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?zoom=5.5")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("+")
    enlarged = boxes(page)
    page.wait_for_url("**at=**")
    page.keyboard.press("l")
    page.wait_for_url("**zoom=5.0**")
    assert boxes(page) == enlarged
    page.keyboard.press("h")
    page.wait_for_url("**zoom=5.5**")
    page.keyboard.press("2")
    assert dialog.locator("figure:visible").count() == 3
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.wait_for_url(re.compile(r"\?hide=Gradient$"))


def test_without_scripts_the_dialog_leads_on(plain: Page, base: str) -> None:
    plain.goto(f"{base}{SALIENCY}?zoom=11.4&n=12")
    dialog = plain.get_by_role("dialog")
    assert dialog.get_by_text("Do the explainers agree?").is_visible()
    assert not dialog.get_by_role("button", name="Larger").is_visible()
    dialog.get_by_role("link", name="Next").click()
    assert query(plain)["zoom"] == ["12.5"]
    dialog.get_by_role("link", name="Previous").click()
    dialog.get_by_role("link", name="Close").click()
    assert not dialog.is_visible()
