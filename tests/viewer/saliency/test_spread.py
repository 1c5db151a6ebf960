"""Uncertainties beside the probabilities, where they are stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import Inference, Sample, Uncertainty
from seewhy.viewer import create_app
from tests.viewer.sample_job import open_job

SETTINGS = {"passes": 50, "interval": "beta"}


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    with open_job(tmp_path, uncertainty=SETTINGS) as writer:
        picture = Image.new("RGB", (8, 8))
        found = (Inference(0, 0.9, "TP"), Inference(1, 0.6, "FP"))
        writer.add_sample(Sample(0, "0", "x", picture, (0,), (), found))
        writer.add_uncertainties([(0, 0, Uncertainty(0.88, 0.01234, 0.8519, 0.9211))])
    return TestClient(create_app(tmp_path), base_url="http://localhost")


def test_the_page_shows_them_where_they_are_known(client: TestClient) -> None:
    html = client.get("/j/animals/saliency").text
    assert html.count('class="spread"') == 1
    assert "±0.012" in html
    assert "[0.85, 0.93]" in html  # rounded outwards
    title = "Standard deviation 0.0123, 95 % interval 0.8519 to 0.9211, mean 0.8800"
    assert title in html
    assert client.get("/j/animals/saliency?zoom=0.0").text.count('class="spread"') == 2


def test_the_twin_holds_them(client: TestClient) -> None:
    twin = client.get("/j/animals/saliency.json").json()
    assert twin["job"]["uncertainty"] == SETTINGS
    known, unknown = twin["samples"][0]["inferences"]
    assert known["uncertainty"] == {"mean": 0.88, "std": 0.01234, "low": 0.8519, "high": 0.9211}
    assert unknown["uncertainty"] is None
