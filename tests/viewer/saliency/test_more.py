"""Endless paging, labels suggested while typing, and the table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import Inference, Sample
from seewhy.viewer import create_app
from tests.viewer.browsing import SALIENCY, ids, is_marked, mark, query
from tests.viewer.sample_job import NUM_SAMPLES, inferences, open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

MANY = 3000


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with thousands of labels: of the samples, every third is a "bird 0"."""
    directory = tmp_path_factory.mktemp("labels")
    names = [f"bird {number}" for number in range(MANY)]
    image = Image.new("RGB", (4, 4))
    with open_job(directory, labels=names) as writer:
        for number in range(600):
            label = 0 if number % 3 == 0 else number
            found = (Inference(label, 0.5, "TP" if number % 2 else "FP"),)
            writer.add_sample(Sample(number, f"no. {number}", "", image, None, (), found))
    return directory


@pytest.fixture
def client(labelled: Path) -> TestClient:
    return TestClient(create_app(labelled), base_url="http://localhost")


@pytest.fixture(scope="module")
def many(labelled: Path) -> Iterator[str]:
    with serving(create_app(labelled)) as address:
        yield address


def loaded(page: Page, count: int) -> None:
    page.wait_for_function("n => document.querySelectorAll('.sample').length >= n", arg=count)


@pytest.mark.browser
def test_the_next_page_comes_by_itself(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12&sort=-prob")
    mark(page)
    assert page.locator(".count strong").inner_text() == f"12 of {NUM_SAMPLES}"
    for count in (24, 36, 48, 60):
        page.locator(".sample").last.scroll_into_view_if_needed()
        loaded(page, count)
    assert ids(page) == list(range(59, -1, -1))
    assert page.locator(".count strong").inner_text() == f"60 of {NUM_SAMPLES}"
    assert page.get_by_role("link", name="Next").count() == 0
    assert is_marked(page)


@pytest.mark.browser
def test_the_place_is_not_lost(page: Page, base: str) -> None:
    page.goto(f"{base}{SALIENCY}?n=12")
    page.locator(".sample").last.scroll_into_view_if_needed()
    loaded(page, 24)
    page.locator("#sample-17").evaluate("e => e.scrollIntoView({ block: 'start' })")
    page.wait_for_url(re.compile(r"after=11.*#sample-17$"))
    # Labels switched on a page that came later belong to that page.
    page.locator("#sample-17 .labels a").nth(1).click()
    page.wait_for_url("**pick=17.**")
    assert page.locator("#sample-17 .labels a").nth(1).get_attribute("aria-current") == "true"
    page.locator("#sample-17").evaluate("e => e.scrollIntoView({ block: 'start' })")
    page.wait_for_url(re.compile(r"#sample-17$"))
    for leave in (lambda: page.reload(), lambda: (page.goto(base), page.go_back())):
        leave()
        page.wait_for_load_state()
        assert ids(page)[0] == 12
        assert query(page)["after"] == ["11"]
        page.wait_for_function(
            "() => Math.abs(document.getElementById('sample-17').getBoundingClientRect().top) < 250"
        )
        assert page.locator("#sample-17 .labels a").nth(1).get_attribute("aria-current") == "true"
    before = page.get_by_role("navigation", name="Samples before")
    before.get_by_role("link", name="Previous").click()
    page.wait_for_url("**before=12**")
    assert ids(page)[:12] == list(range(12))


@pytest.mark.browser
def test_labels_are_suggested_while_typing(page: Page, many: str) -> None:
    page.goto(f"{many}{SALIENCY}?op=30&n=12")
    box = page.get_by_role("combobox", name="Find a label")
    box.press_sequentially("bird 1")
    options = page.get_by_role("option")
    options.first.wait_for()
    page.get_by_text(re.compile("^and .* more$")).wait_for()
    assert options.count() == 12
    box.press_sequentially("00")
    page.wait_for_function("() => document.querySelectorAll('[role=option]').length === 1")
    assert box.get_attribute("aria-expanded") == "true"
    box.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == "suggestion-0"
    assert options.first.get_attribute("aria-selected") == "true"
    box.press("Escape")
    assert not options.first.is_visible()
    box.fill("bird 0")
    options.first.wait_for()
    box.press("ArrowUp")
    box.press("Enter")
    page.wait_for_url("**label=bird+0**")
    assert query(page) == {"label": ["bird 0"], "op": ["30"], "n": ["12"]}
    assert page.locator(".count").inner_text().startswith("12 of 200")
    box.fill("bird 0")
    options.first.click()
    page.wait_for_url(lambda url: "label" not in url)


@pytest.mark.browser
def test_without_scripts_the_form_finds_labels(plain: Page, many: str) -> None:
    plain.goto(f"{many}{SALIENCY}?kind=TP")
    plain.get_by_label("Find a label").fill("BIRD 599")
    plain.get_by_role("button", name="Find").click()
    plain.get_by_role("link", name=re.compile("^bird 599")).click()
    assert query(plain)["label"] == ["bird 599"]
    assert plain.locator(".count").inner_text().startswith("1 of 1")


def test_suggestions_count_within_the_other_filters(client: TestClient) -> None:
    found = client.get("/j/animals/labels.json?find=bird 0&kind=TP&sort=-prob").json()
    assert found["found"] == 1
    (row,) = found["labels"]
    assert (row["label"], row["count"]) == ("bird 0", 100)
    assert row["href"] == "?label=bird+0&kind=TP&sort=-prob"
    # A chosen label that does not contain the text is no suggestion.
    found = client.get("/j/animals/labels.json?find=bird 59&label=bird 0").json()
    assert [row["label"] for row in found["labels"]] == [
        *["bird 59"],
        *[f"bird 59{n}" for n in range(10) if (590 + n) % 3],
    ]
    assert client.get("/j/animals/labels.json?find=wolf").json() == {"labels": [], "found": 0}
    assert client.get("/j/animals/labels.json?sort=x").status_code == 400


def test_the_table_has_a_row_for_each_label(base: str, jobs: Path) -> None:
    client = TestClient(create_app(jobs), base_url="http://localhost")
    answer = client.get("/j/animals/saliency.csv?n=12&sort=-prob&kind=FP")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    twin = client.get("/j/animals/saliency.json?n=12&sort=-prob&kind=FP").json()
    assert [int(row["sample"]) for row in rows if row["shown"] == "1"] == [
        sample["id"] for sample in twin["samples"]
    ]
    first = [row for row in rows if int(row["sample"]) == twin["samples"][0]["id"]]
    wanted = sorted(inferences(int(first[0]["sample"])), key=lambda each: -each.prob)
    assert [float(row["probability"]) for row in first] == [each.prob for each in wanted]
    assert {row["standard deviation"] for row in rows} == {""}
    links = client.get("/j/animals/saliency?kind=FP").text
    assert 'href="saliency.csv?kind=FP"' in links
    assert 'href="saliency.json?kind=FP"' in links
