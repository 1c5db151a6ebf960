"""The controls of the assessment page in a real browser, with and without scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from seewhy.store import Score
from seewhy.viewer import create_app, export_html
from tests.viewer.browsing import Theme, check_access, check_width, is_marked, mark, query, window
from tests.viewer.sample_job import LABELS, open_job, pictures, sample, serving

from .scored_job import (
    DOWN,
    EXPLAINERS,
    HOSTILE,
    METRICS,
    NAMES,
    OPEN,
    SCORED,
    UP,
    scores,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

PAGE = "j/scored/assessment"
PLACES = {
    "start": PAGE,
    "heat": f"{PAGE}?form=heat&across=metrics&label=dog&rank=name",
    "zero": PAGE + "?" + "&".join(f"w.{name}=0" for name in (UP, DOWN, OPEN)),
    "alone": "j/alone/assessment",
    "none": "j/none/assessment",
}


def until(page: Page, text: str) -> None:
    """Wait for the address to contain something."""
    expect(page).to_have_url(re.compile(re.escape(text)))


def weight(page: Page, metric: str) -> Locator:
    return page.locator(f'[data-metric="{metric}"]')


def table(page: Page) -> list[list[str]]:
    """Place, explainer and comprehensive score with its interval, row by row."""
    page.wait_for_load_state()
    rows = page.locator(".ranking tbody tr")
    texts = rows.evaluate_all(
        "all => all.map(row => ['.place', '.who bdi', '.total .numbers']"
        ".map(part => row.querySelector(part).innerText.trim()))"
    )
    return [list(map(str, row)) for row in texts]


def served(client: TestClient, page: Page) -> list[list[str]]:
    """The same, as the server says it for the address of the page."""
    answer = client.get(
        page.url[page.url.index("/j/") :].replace("assessment", "assessment.json", 1)
    )
    return [
        [
            str(row["place"] or "–"),
            row["explainer"],
            f"{row['score']:.3f} [{row['low']:.3f}, {row['high']:.3f}]",
        ]
        for row in answer.json()["explainers"]
    ]


def test_weights_act_at_once_and_live_in_the_address(
    page: Page, scored_base: str, scored_client: TestClient
) -> None:
    page.goto(scored_base + PAGE)
    before = table(page)
    assert before == served(scored_client, page)
    mark(page)
    slider = weight(page, UP).get_by_role("slider")
    slider.focus()
    page.keyboard.press("End")
    assert weight(page, UP).get_by_role("spinbutton").input_value() == "100"
    until(page, "w.Insertion=100")
    assert query(page) == {f"w.{UP}": ["100"]}
    weight(page, DOWN).get_by_role("spinbutton").fill("0")
    page.keyboard.press("Tab")
    until(page, "w.Sensitivity=0")
    assert weight(page, DOWN).get_by_role("slider").input_value() == "0"
    shares = page.locator(".weights output").all_text_contents()
    assert sum(int(share.removesuffix(" %")) for share in shares) == 100
    after = table(page)
    assert after != before
    assert after == served(scored_client, page)
    assert is_marked(page)
    page.reload()
    assert table(page) == after
    assert weight(page, UP).get_by_role("slider").input_value() == "100"


def test_back_takes_weights_back(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    before = table(page)
    weight(page, OPEN).get_by_role("spinbutton").fill("7")
    page.keyboard.press("Enter")
    until(page, "Deletion=7")
    changed = table(page)
    page.get_by_role("link", name="Equal weights").click()
    expect(page).to_have_url(scored_base + PAGE)
    assert table(page) == before
    page.go_back()
    until(page, "Deletion=7")
    assert table(page) == changed
    assert weight(page, OPEN).get_by_role("slider").input_value() == "7"
    page.go_back()
    expect(page).to_have_url(scored_base + PAGE)
    assert table(page) == before


def test_all_weights_zero_is_said(page: Page, scored_base: str) -> None:
    page.goto(f"{scored_base}{PAGE}?" + "&".join(f"w.{n}=0" for n in SCORED if "&" not in n))
    assert page.locator(".unweighted").is_hidden()
    last = weight(page, next(name for name in SCORED if "&" in name))
    last.get_by_role("spinbutton").fill("0")
    assert page.locator(".unweighted").is_visible()
    assert {row[2] for row in table(page)} == {"–"}
    assert {row[0] for row in table(page)} == {"–"}


def test_links_change_the_page_without_loading_it(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    weight(page, UP).get_by_role("spinbutton").fill("9")
    page.keyboard.press("Enter")
    mark(page)
    page.get_by_role("link", name="One explainer, all metrics").click()
    until(page, "across=metrics")
    page.wait_for_selector("#explainer")
    page.locator("#explainer").select_option(HOSTILE)
    until(page, "explainer")
    page.get_by_role("link", name="Colours").click()
    page.wait_for_selector(".heat")
    assert query(page) == {
        "w.Insertion": ["9"], "across": ["metrics"], "explainer": [HOSTILE], "form": ["heat"],
    }  # fmt: skip
    assert is_marked(page)
    page.go_back()
    page.wait_for_selector(".heat", state="detached")
    assert is_marked(page)
    assert page.locator("#explainer").input_value() == HOSTILE
    page.reload()
    assert weight(page, UP).get_by_role("slider").input_value() == "9"


def test_columns_sort_both_ways(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    head = page.locator(".ranking th", has_text=UP)
    for order in ("descending", "ascending"):
        head.get_by_role("link").click()
        page.wait_for_selector(f".ranking th[aria-sort={order}]:has-text('{UP}')")
    assert query(page) == {"rank": [f"-m.{UP}"]}
    labels = page.locator(".labels-table th", has_text="Occlusion")
    labels.get_by_role("link").click()
    page.wait_for_selector(".labels-table th[aria-sort=descending]:has-text('Occlusion')")
    assert page.get_by_text("those with the best score in Occlusion first").is_visible()


def test_labels_are_found_and_columns_hidden(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    page.get_by_label("Find a label").fill("חתול")
    page.keyboard.press("Enter")
    expect(page.locator(".labels-table tbody tr")).to_have_count(1)
    page.get_by_label("Find a label").fill("nothing like it")
    page.keyboard.press("Enter")
    page.get_by_text("No label with a score contains").wait_for()
    page.get_by_label("Find a label").fill("")
    page.keyboard.press("Enter")
    page.wait_for_selector(".labels-table")
    page.locator("summary", has_text="Columns").click()
    page.locator(".columns").get_by_role("link", name="Occlusion").click()
    page.wait_for_selector("summary:has-text('Columns (3 of 4)')")
    heads = page.locator(".labels-table thead th bdi").all_inner_texts()
    assert heads == ["Label", "n", HOSTILE, NAMES[2], "RandomMap"]


def test_a_click_on_a_number_leads_to_its_samples(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    row = page.locator(".labels-table tbody tr", has_text=LABELS[4])
    row.locator(".cell").nth(1).click()
    until(page, "label")
    page.wait_for_selector("#samples li")
    assert query(page)["explainer"] == ["Occlusion"]
    said = page.locator("#samples .hint").inner_text()
    assert said == f"{UP} of Occlusion for {LABELS[4]}: the explanations scored lowest."
    values = [float(text) for text in page.locator(".behind b").all_text_contents()]
    assert values == sorted(values)
    page.get_by_role("link", name="Highest scores").click()
    until(page, "end=highest")
    page.get_by_text("the explanations scored highest").wait_for()
    page.locator(".behind a").first.click()
    page.wait_for_url("**/saliency?zoom=*")
    assert page.locator("dialog[open]").is_visible()
    page.go_back()
    page.get_by_role("link", name="All samples with this label").click()
    page.wait_for_url("**/saliency?label=*")
    assert query(page) == {"label": [LABELS[4]]}


def test_everything_works_without_scripts(
    plain: Page, scored_base: str, scored_client: TestClient
) -> None:
    plain.goto(scored_base + PAGE)
    assert plain.get_by_role("slider").count() == 0
    weight(plain, UP).get_by_role("spinbutton").fill("100")
    weight(plain, DOWN).get_by_role("spinbutton").fill("0")
    plain.get_by_role("button", name="Apply").click()
    until(plain, "w.Insertion=100")
    assert query(plain)["w.Insertion"] == ["100"]
    assert table(plain) == served(scored_client, plain)
    plain.get_by_role("link", name="One explainer, all metrics").click()
    until(plain, "across=metrics")
    plain.locator("#explainer").select_option("Occlusion")
    plain.get_by_label("Find a label").fill("dog")
    plain.get_by_role("button", name="Show").click()
    until(plain, "find=dog")
    shown = plain.locator(".labels-table tbody th").all_inner_texts()
    assert shown == ["dog"]
    assert query(plain)["w.Insertion"] == ["100"]
    plain.locator(".labels-table .cell").first.click()
    until(plain, "label=dog")
    assert plain.locator("#samples .hint").inner_text().startswith(f"{UP} of Occlusion for dog")
    plain.get_by_role("link", name="Equal weights").click()
    expect(plain).not_to_have_url(re.compile("w\\."))
    assert not any(key.startswith("w.") for key in query(plain))


def test_on_a_phone_the_weights_are_a_sheet_below_what_they_change(
    browser: Browser, scored_base: str
) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(scored_base + PAGE)
        sheet = page.locator("#weights")
        assert not sheet.is_visible()
        page.get_by_role("button", name="Weights").click()
        assert sheet.is_visible()
        before = page.locator(".ranking tbody tr .total b").first.inner_text()
        weight(page, UP).get_by_role("slider").fill("0")
        assert page.locator(".ranking tbody tr .total b").first.inner_text() != before
        top = sheet.bounding_box()
        assert top
        assert top["y"] > 844 / 2
        page.get_by_role("button", name="Close").click()
        assert not sheet.is_visible()


@pytest.mark.parametrize("size", ["phone", "laptop", "wide"])
def test_no_page_is_wider_than_its_window(browser: Browser, scored_base: str, size: str) -> None:
    with window(browser, size) as page:
        for place, path in PLACES.items():
            page.goto(scored_base + path)
            check_width(page, place)


@pytest.mark.parametrize(
    ("size", "theme"), [("laptop", "light"), ("laptop", "dark"), ("phone", "dark")]
)
def test_axe_finds_nothing(browser: Browser, scored_base: str, size: str, theme: Theme) -> None:
    with window(browser, size, theme) as page:
        for place, path in PLACES.items():
            page.goto(scored_base + path)
            page.wait_for_load_state("networkidle")
            check_access(page, place)


def test_the_keyboard_reaches_every_control(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE)
    page.keyboard.press("Tab")
    names = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(e => e.getAttribute('aria-label') || e.innerText || e.name || e.id)"
            "(document.activeElement)"
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        names.add(re.sub(r"\s+", " ", str(found)).strip())
    assert {f"Weight of {UP}", f"w.{UP}", "Equal weights", "Wins"} <= names


def test_in_a_file_the_weights_still_work(
    browser: Browser, scored: Path, tmp_path: Path, scored_client: TestClient
) -> None:
    query = f"w.{DOWN}=0&label=dog&explainer=Occlusion"
    file = export_html(scored / "scored.seewhy.db", tmp_path / "scores.html", "assessment", query)
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(file.as_uri())
        before = table(page)
        weight(page, UP).get_by_role("slider").fill("100")
        changed = table(page)
        assert changed != before
        rows = scored_client.get(f"/{PAGE}.json?{query}&w.{UP}=100").json()["explainers"]
        assert [row[1] for row in changed] == [row["explainer"] for row in rows]
        assert [row[2][:5] for row in changed] == [f"{row['score']:.3f}" for row in rows]
        assert page.locator("#samples img").count() > 0
        assert not page.locator("#find").is_visible()
        page.get_by_role("link", name="Equal weights").click()
        assert table(page) != changed
        assert wrong == []


def test_keys(page: Page, scored_base: str) -> None:
    page.goto(scored_base + PAGE + "?n=12&sort=name")
    page.keyboard.press("w")
    page.keyboard.press("End")
    until(page, f"w.{UP}=100")
    page.keyboard.press("Escape")
    page.locator("#content").focus()
    page.keyboard.press("e")
    expect(page).not_to_have_url(re.compile(r"w\."))
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("n")
    assert page.locator("#find").input_value() == "n"
    page.locator("#content").focus()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("Equal weights").is_visible()


def test_the_page_follows_a_run(page: Page, tmp_path: Path) -> None:
    photographs = pictures()
    with (
        open_job(tmp_path, "live", explainers=EXPLAINERS, metrics=METRICS, total=20) as writer,
        serving(create_app(tmp_path)) as address,
    ):
        writer.add_sample(sample(0, photographs[0]))
        writer.flush()
        page.goto(f"{address}j/live/assessment")
        assert page.get_by_text("The run has begun").is_visible()
        for number in range(1, 20):
            writer.add_sample(sample(number, photographs[number % len(photographs)]))
        writer.add_scores(
            Score(number, label, explainer, metric, value)
            for (metric, explainer, number, label), value in scores().items()
        )
        writer.flush()
        page.get_by_text("new samples: show").click()
        expect(page.locator(".ranking tbody tr")).to_have_count(len(NAMES))
        assert page.get_by_text("20 of 20 samples").is_visible()
