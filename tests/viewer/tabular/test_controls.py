"""Each control of the tabular pages in a browser, with and without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.viewer.browsing import Theme, check_access, check_width, query, window

from .sample_table import FEATURES, LABELS, rows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROWS = "j/wines/rows"
PLACES = {
    "jobs": "",
    "rows": ROWS,
    "filtered": f"{ROWS}?f.region=1&f.alcohol=-3..3&sort=-f.hue&kind=FP&col=hue",
    "none": f"{ROWS}?q=absent&n=12",
    "row": f"{ROWS}?row=1",
    "bars": f"{ROWS}?row=9&target=1&k=2&chart=bars",
    "not explained": f"{ROWS}?row=1&target=3",
    "houses": "j/houses/rows?sort=-residual",
    "house": "j/houses/rows?row=3",
    "importance": "j/wines/importance?k=3",
    "seen from": f"j/wines/importance?{urlencode({'label': LABELS[1], 'view': LABELS[2]})}",
}


def ids(page: Page) -> list[int]:
    page.wait_for_load_state()
    found = page.locator(".rows tbody tr").evaluate_all("all => all.map(e => e.id)")
    return [int(name.removeprefix("row-")) for name in found]


def test_filters_and_order_without_scripts(plain: Page, table_base: str) -> None:
    plain.goto(f"{table_base}{ROWS}?n=96")
    filters = plain.locator("#filters")
    filters.get_by_text("region", exact=True).click()
    filters.get_by_role("link", name="<i>south</i>").click()
    assert query(plain) == {"f.region": ["1"], "n": ["96"]}
    kept = [row for row in rows() if row.features[2] == 1]
    assert ids(plain) == [row.id for row in kept]
    filters.get_by_text("alcohol", exact=True).click()
    form = filters.get_by_role("form", name="Range of alcohol")
    form.get_by_label("from").fill("-1.5")
    form.get_by_label("to").fill("3")
    form.get_by_role("button", name="Set").click()
    kept = [row for row in kept if -1.5 <= row.features[0] <= 3]
    assert ids(plain) == [row.id for row in kept]
    plain.get_by_role("columnheader", name="alcohol").get_by_role("link").click()
    assert query(plain)["sort"] == ["-f.alcohol"]
    down = sorted(kept, key=lambda row: (-row.features[0], -row.id))
    assert ids(plain) == [row.id for row in down]
    plain.get_by_role("columnheader", name="alcohol").get_by_role("link").click()
    assert query(plain)["sort"] == ["f.alcohol"]
    head = plain.get_by_role("columnheader", name="alcohol")
    assert head.get_attribute("aria-sort") == "ascending"
    plain.get_by_role("list", name="Filters in force").get_by_role("link").first.click()
    assert "f.region" not in query(plain)
    plain.go_back()
    assert "f.region" in query(plain)
    plain.get_by_role("link", name="Drop all").click()
    assert len(ids(plain)) == 60


def test_finding_rows_features_and_labels(page: Page, table_base: str) -> None:
    page.goto(f"{table_base}{ROWS}?kind=TP&n=96")
    page.get_by_label("Find in names of rows").fill("<B>wine")
    page.get_by_label("Find in names of rows").press("Enter")
    page.wait_for_url(re.compile("q="))
    right = [row for row in rows() if row.id % 2 and row.inferences[0].kind == "TP"]
    assert ids(page) == [row.id for row in right]
    page.get_by_label("Find a label").fill("ROSÉ")
    page.get_by_label("Find a label").press("Enter")
    page.wait_for_url(re.compile("find="))
    labels = page.get_by_role("list", name="Labels")
    assert labels.get_by_role("link").count() == 1
    labels.get_by_role("link").click()
    page.wait_for_url(re.compile("label="))
    assert ids(page) == [row.id for row in right if row.inferences[0].label == 1]
    assert page.evaluate("window.hacked") is None


def test_columns_come_and_go(plain: Page, table_base: str) -> None:
    plain.goto(f"{table_base}{ROWS}")
    filters = plain.locator("#filters")
    filters.get_by_text("hue", exact=True).click()
    filters.get_by_role("link", name="Show as a column").click()
    assert plain.get_by_role("columnheader", name="hue").is_visible()
    cell = plain.locator("#row-3 td").last
    assert float(cell.inner_text()) == float(f"{rows()[3].features[5]:.4g}")
    for feature in FEATURES:
        filters.locator("details").filter(
            has=plain.get_by_text(feature.name.strip(), exact=True)
        ).locator("summary").click()
        filters.get_by_role("link", name="Hide the column").first.click()
    assert plain.get_by_role("columnheader").count() == 2


def test_pages_there_and_back(plain: Page, table_base: str) -> None:
    plain.goto(f"{table_base}{ROWS}?sort=-prob&n=12")
    first = ids(plain)
    plain.get_by_role("link", name="Next").click()
    second = ids(plain)
    assert len(first) == len(second) == 12
    assert not set(first) & set(second)
    plain.get_by_role("link", name="Previous").click()
    assert ids(plain) == first


def test_a_row_in_detail(page: Page, table_base: str) -> None:
    page.goto(f"{table_base}{ROWS}?sort=-f.hue&n=12")
    order = ids(page)
    page.locator(f"#row-{order[1]} th a").click()
    page.wait_for_url(re.compile(f"row={order[1]}"))
    labels = page.get_by_role("list", name="Explained label")
    assert labels.get_by_role("link").count() == 3
    labels.get_by_role("link", name=re.compile("שחור")).click()
    page.wait_for_url(re.compile("target=2"))
    page.get_by_role("link", name="bars", exact=True).click()
    page.wait_for_url(re.compile("chart=bars"))
    page.get_by_role("link", name="5", exact=True).click()
    page.wait_for_url(re.compile("k=5"))
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile(f"row={order[2]}&"))
    assert query(page)["target"] == ["2"]
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(f"row={order[1]}&"))
    page.reload()
    assert page.get_by_role("link", name="bars", exact=True).get_attribute("aria-current") == "true"
    page.keyboard.press("h")
    page.wait_for_url(re.compile(f"row={order[1]}&target=[01]"))
    page.keyboard.press("Escape")
    page.wait_for_selector(".rows")
    assert ids(page) == order
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"row={order[1]}"))
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keyboard").get_by_text("Previous row").is_visible()


def test_bars_lie_where_their_values_are(plain: Page, table_base: str) -> None:
    """Each bar begins where the one before ends; those that raise go right, the others left."""
    plain.goto(f"{table_base}{ROWS}?row=9&target=1")
    found = plain.locator("figure").first.locator("rect.bar")
    boxes = [box for bar in found.all() if (box := bar.bounding_box())]
    raises = found.evaluate_all("all => all.map(e => e.classList.contains('for'))")
    at = None
    for box, up in zip(boxes, raises, strict=True):
        left, right = box["x"], box["x"] + box["width"]
        start, end = (left, right) if up else (right, left)
        assert at is None or start == pytest.approx(at, abs=0.2)
        at = end


def test_importance_leads_to_rows(page: Page, table_base: str) -> None:
    page.goto(f"{table_base}j/wines/importance")
    page.get_by_role("list", name="Labels").get_by_role("link", name="red").click()
    page.wait_for_url(re.compile("label=red"))
    figure = page.locator("figure").first
    point = figure.locator(".swarm a").nth(7)
    told = point.locator("title").text_content()
    point.locator("circle").dispatch_event("click")
    page.wait_for_url(re.compile("rows.row=7&target=0"))
    assert told is not None
    assert rows()[7].name in told
    page.go_back()
    page.locator("figure").first.get_by_role("link", name="hue", exact=True).click()
    page.wait_for_url(re.compile("rows.sort=-f.hue"))
    values = [row.features[5] for row in rows()]
    assert rows()[ids(page)[0]].features[5] == max(values)
    page.go_back()
    page.get_by_role("list", name="Seen from").get_by_role("link", name="שחור").click()
    page.wait_for_url(re.compile("view="))
    assert page.get_by_text(f"What leads towards red from {LABELS[2]}").is_visible()


@pytest.mark.parametrize("size", ["phone", "laptop", "wide"])
def test_no_page_is_wider_than_its_window(browser: Browser, table_base: str, size: str) -> None:
    with window(browser, size) as page:
        for place, path in PLACES.items():
            page.goto(table_base + path)
            check_width(page, place)
            small = page.locator("svg text").evaluate_all(
                "all => all.filter(e => parseFloat(getComputedStyle(e).fontSize) < 12).length"
            )
            assert small == 0, place
            strips = page.locator("td:last-child > .strip").evaluate_all(
                "all => all.map(e => e.getBoundingClientRect().width)"
            )
            assert all(wide > 200 for wide in strips), place


@pytest.mark.parametrize(
    ("size", "theme"), [("laptop", "light"), ("laptop", "dark"), ("phone", "dark")]
)
def test_axe_finds_nothing(browser: Browser, table_base: str, size: str, theme: Theme) -> None:
    with window(browser, size, theme) as page:
        for place, path in PLACES.items():
            page.goto(table_base + path)
            page.wait_for_load_state("networkidle")
            check_access(page, place)


def test_on_a_phone_the_filters_are_a_sheet(browser: Browser, table_base: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = context.new_page()
    page.goto(table_base + ROWS)
    assert not page.locator("#filters").is_visible()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("link", name=re.compile("False negative")).click()
    assert page.get_by_role("button", name="Filters (1)").is_visible()
    context.close()


def test_the_keyboard_reaches_everything_and_sees_where_it_is(page: Page, table_base: str) -> None:
    page.goto(f"{table_base}{ROWS}?row=1")
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.goto(f"{table_base}j/wines/importance")
    # Thousands of points are not thousands of stops.
    assert page.locator("main a[href]:not([tabindex='-1'])").count() < 60
