"""The job list: search, order, rates, and two jobs side by side."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import Inference, Sample, read_job
from seewhy.viewer import create_app
from seewhy.viewer.jobs.state import CompareState, JobsState
from seewhy.viewer.query_string import BadQuery
from tests.viewer.browsing import SALIENCY, query
from tests.viewer.sample_job import EXPLAINERS, open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

MORE = "more runs~1no truth"


def ids(client: TestClient, address: str) -> list[str]:
    return [job["id"] for job in client.get(address).json()["jobs"]]


@pytest.mark.parametrize(
    ("find", "found"),
    [
        ("animal", ["animals"]),
        ("TRUTH runs", [MORE]),
        ("occlusion", ["animals"]),
        ("efficientnet gradcam", ["animals", MORE]),
        ("broken", ["broken"]),
        ("wolf", []),
        ("%", []),
        ("<script>", []),
    ],
)
def test_jobs_are_found_by_all_that_they_are(
    client: TestClient, find: str, found: list[str]
) -> None:
    assert ids(client, f"/jobs.json?sort=name&find={quote(find)}") == found
    html = client.get(f"/?find={quote(find)}").text
    assert ("No job is found" in html) == (not found)
    assert "<script>window" not in html


def test_jobs_are_sorted(client: TestClient) -> None:
    assert ids(client, "/jobs.json?sort=name") == ["animals", "broken", MORE]
    assert ids(client, "/jobs.json?sort=-samples") == ["animals", MORE, "broken"]
    assert ids(client, "/jobs.json")[-1] == "broken"
    assert client.get("/?sort=size").status_code == 400


def test_the_list_as_a_table(client: TestClient) -> None:
    answer = client.get("/jobs.csv?sort=name")
    assert answer.headers["content-disposition"].endswith("jobs.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == ["animals", "broken", MORE]
    assert (rows[0]["samples"], rows[0]["state"], rows[1]["samples"]) == ("60", "finished", "")


def test_a_running_job_tells_its_rate(tmp_path: Path) -> None:
    with open_job(tmp_path, total=30) as writer:
        for number in range(12):
            image, found = Image.new("L", (9, 9)), (Inference(0, 0.5, None),)
            writer.add_sample(Sample(number, "x", "", image, None, (), found))
        writer.flush()
        with sqlite3.connect(tmp_path / "animals.seewhy.db") as connection:
            # It began at 1000 with two samples done, and wrote last at 1020.
            connection.execute(
                """UPDATE meta SET value = '{"began": 1000, "done": 2}' WHERE key = 'session'"""
            )
            connection.execute("UPDATE meta SET value = '1020' WHERE key = 'updated'")
        connection.close()
        with read_job(tmp_path / "animals.seewhy.db") as job:
            info = job.info()
        assert info.rate == pytest.approx(0.5)
        assert info.remaining == pytest.approx(36)
        html = TestClient(create_app(tmp_path), base_url="http://localhost").get("/").text
        assert "0.5 a second, about a minute left" in html
    with read_job(tmp_path / "animals.seewhy.db") as job:
        assert job.info().remaining is None


def test_states_come_back_as_they_went() -> None:
    state = JobsState("a b", "name", "x~1y")
    assert JobsState.parse(state.items()) == state
    compare = CompareState("a", "b c", "saliency?label=dog&n=12", "")
    assert compare.frame("left") == "j/a/saliency?label=dog&n=12"
    assert compare.frame("right") == "j/b%20c/"


@pytest.mark.parametrize(
    "page", ["../x", "//evil.example", "https:x", "saliency#x", "saliency?a b", "x/y", "/"]
)
def test_frames_lead_nowhere_else(client: TestClient, page: str) -> None:
    with pytest.raises(BadQuery):
        CompareState.parse([("left", "a"), ("right", "b"), ("left_page", page)])
    answer = client.get("/compare", params={"left": "animals", "right": MORE, "left_page": page})
    assert answer.status_code == 400


def test_both_sides_must_be_jobs(client: TestClient) -> None:
    assert client.get("/compare?left=animals").status_code == 400
    assert client.get("/compare?left=animals&right=none").status_code == 404
    assert client.get("/compare?left=animals&right=..%2Fx").status_code == 404


@pytest.mark.browser
def test_two_jobs_are_opened_side_by_side(page: Page, base: str) -> None:
    page.goto(f"{base}?find=gradcam")
    page.get_by_role("link", name="Open animals beside another job").click()
    page.get_by_text("Choose the job to open beside animals").wait_for()
    assert query(page) == {"find": ["gradcam"], "beside": ["animals"]}
    page.get_by_role("link", name="Open animals beside no truth").click()
    left, right = page.frame_locator("#left"), page.frame_locator("#right")
    left.locator("#sample-0").wait_for()
    right.locator("#sample-0").wait_for()
    left.get_by_role("link", name="12", exact=True).click()
    page.wait_for_url("**left_page=saliency%3Fn%3D12**")
    page.get_by_role("button", name="Show the left view on the right").click()
    page.wait_for_url("**right_page=saliency%3Fn%3D12**")
    page.reload()
    right.locator(".sizes [aria-current]", has_text="12").wait_for()
    page.get_by_role("link", name="Swap").click()
    page.wait_for_url("**left=more**")
    left.get_by_text("3 of 3 samples").wait_for()
    right.get_by_text("12 of 60 samples").wait_for()


@pytest.mark.browser
def test_side_by_side_works_without_scripts(plain: Page, base: str) -> None:
    plain.goto(base)
    plain.get_by_label("Find a job").fill("no truth")
    plain.get_by_role("button", name="Find").click()
    plain.get_by_role("link", name="Open no truth beside another job").click()
    plain.get_by_role("link", name="By name").click()
    plain.goto(f"{base}?beside={quote(MORE)}")
    plain.get_by_role("link", name="Open no truth beside animals").click()
    plain.frame_locator("#right").locator("#sample-0").wait_for()


@pytest.mark.browser
def test_a_search_goes_on_while_runs_write(page: Page, tmp_path: Path) -> None:
    with serving(create_app(tmp_path)) as address:
        with open_job(tmp_path, "cats", explainers=EXPLAINERS), open_job(tmp_path, "dogs"):
            page.goto(address)
            page.get_by_label("Find a job").fill("cat")
            page.get_by_role("button", name="Find").click()
            page.get_by_text("1 of 2 jobs").wait_for()
            page.get_by_role("heading", name="Jobs").click()
            with open_job(tmp_path, "more cats"):
                page.get_by_text("2 of 3 jobs").wait_for()
        page.get_by_role("link", name="cats", exact=True).click()
        page.wait_for_url(f"**/{SALIENCY.replace('animals', 'cats')}")
