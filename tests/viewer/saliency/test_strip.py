"""All maps of a row as one picture."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import read_job
from seewhy.viewer import create_app
from tests.viewer.browsing import SALIENCY, query
from tests.viewer.sample_job import open_job, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.mark.browser
def test_a_strip_draws_what_single_maps_draw(page: Page, base: str) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    tiles = []
    for strip in ("0", "1"):
        requests.clear()
        page.goto(f"{base}{SALIENCY}?op=100&n=12&strip={strip}")
        page.wait_for_load_state("networkidle")
        row = page.locator("#sample-1 .stack")
        found = [
            Image.open(io.BytesIO(row.nth(n).screenshot())).convert("RGB") for n in range(1, 4)
        ]
        tiles.append([np.asarray(picture, int) for picture in found])
        maps, strips = (sum(f"/{kind}/" in url for url in requests) for kind in ("map", "strip"))
        assert bool(strips) == (strip == "1")
        assert bool(maps) == (strip == "0")
    for one, other in zip(*tiles, strict=True):
        assert np.abs(one - other).mean() < 1
    assert page.get_by_role("img", name="GradCAM map for").first.is_visible()
    # Enlarged, each map comes by itself.
    page.locator("#sample-1 a[data-zoom]").first.click()
    page.get_by_role("dialog").locator("img.map").first.wait_for()


@pytest.mark.browser
def test_far_away_the_next_page_has_strips(page: Page, jobs: Path) -> None:
    app = create_app(jobs)

    async def far(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(0.25)
        await app(scope, receive, send)

    with serving(far) as address:
        page.goto(f"{address}{SALIENCY}?n=12&kind=TP")
        page.wait_for_url("**strip=1")
        assert query(page) == {"n": ["12"], "kind": ["TP"], "strip": ["1"]}
        link = page.locator("#filters .kinds a").first.get_attribute("href")
        assert link == "?n=12&strip=1"
        page.goto("about:blank")


def test_a_strip_holds_the_maps_with_their_borders(jobs: Path) -> None:
    client = TestClient(create_app(jobs), base_url="http://localhost")
    answer = client.get("/j/animals/strip/1.3.2.png")
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    strip = np.asarray(Image.open(io.BytesIO(answer.content)))
    with read_job(jobs / "animals.seewhy.db") as job:
        maps = [np.asarray(Image.open(io.BytesIO(job.map_png(number)))) for number in (1, 3, 2)]
    left = 0
    for each in maps:
        height, width = each.shape
        part = strip[: height + 2, left : left + width + 2]
        assert (part == np.pad(each, 1, mode="edge")).all()
        left += width + 2
    assert strip.shape == (58, left)


def test_in_a_file_pictures_stand_by_themselves(jobs: Path) -> None:
    client = TestClient(create_app(jobs), base_url="http://localhost")
    answer = client.get("/j/animals/saliency.html?n=12&strip=1&label=dog")
    assert answer.status_code == 200
    assert "url(strip/" in client.get("/j/animals/saliency?strip=1").text
    assert "strip/" not in answer.text.split("<script")[0]
    assert "12 of" in answer.text


@pytest.mark.parametrize("numbers", ["999999", "1.x", "1..2", "", "-1", ".".join(["1"] * 65)])
def test_other_strips_are_refused(jobs: Path, numbers: str) -> None:
    client = TestClient(create_app(jobs), base_url="http://localhost")
    assert client.get(f"/j/animals/strip/{numbers}.png").status_code in (400, 404)


def test_deep_maps_are_flattened(tmp_path: Path) -> None:
    from seewhy.store import Inference, SaliencyMap, Sample

    with open_job(tmp_path, bits=16) as writer:
        image = Image.new("RGB", (8, 8))
        writer.add_sample(Sample(0, "x", "", image, None, (), (Inference(0, 0.5, None),)))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", np.array([[0.0, 0.5, 1.0]]))])
    client = TestClient(create_app(tmp_path), base_url="http://localhost")
    strip = np.asarray(Image.open(io.BytesIO(client.get("/j/animals/strip/1.png").content)))
    assert strip.tolist() == [[0, 0, 128, 255, 255]] * 3
