"""A tabular job among others: it is listed, and has pages of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from seewhy import cli
from seewhy.store import (
    Attribution,
    ExplainerInfo,
    FeatureInfo,
    Inference,
    TabularRow,
    TabularWriter,
)
from seewhy.viewer import create_app

from .sample_job import open_job, pictures, sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with open_job(tmp_path) as writer:
        writer.add_sample(sample(0, pictures()[0]))
    with TabularWriter(
        tmp_path,
        "wines",
        settings={"kind": "tabular classification", "predictor": "Forest.predict_proba"},
        labels=["red", "white"],
        features=[FeatureInfo("alcohol"), FeatureInfo("hue")],
        explainers=[ExplainerInfo("SHAPKernel", True, {"seed": 0})],
        total=1,
    ) as writer:
        cells, outputs = np.array([13.0, 1.1]), np.array([0.9, 0.1])
        found = (Inference(0, 0.9, "TP"),)
        writer.add_row(TabularRow(0, "wine", "", cells, outputs, 0, found))
        writer.add_attributions([Attribution(0, 0, "SHAPKernel", 0.5, 0.9, np.array([0.3, 0.1]))])
    return tmp_path


def test_it_is_listed_beside_image_jobs(folder: Path) -> None:
    client = TestClient(create_app(folder), base_url="http://127.0.0.1:8421")
    html = client.get("/").text
    assert "2 jobs" in html
    assert "Tabular classification" in html
    assert 'href="j/wines/rows"' in html
    assert 'href="j/animals/saliency"' in html
    assert 'href="j/wines/saliency"' not in html
    assert "1 of 1 rows" in html
    jobs = {job["id"]: job for job in client.get("/jobs.json").json()["jobs"]}
    assert (jobs["wines"]["kind"], jobs["wines"]["tabular"]) == ("tabular classification", True)
    assert jobs["animals"]["tabular"] is False


def test_each_kind_of_job_has_its_pages(folder: Path) -> None:
    client = TestClient(create_app(folder), base_url="http://127.0.0.1:8421")
    assert client.get("/j/wines").url.path == "/j/wines/rows"
    assert client.get("/j/wines/").url.path == "/j/wines/rows"
    assert client.get("/j/animals").url.path == "/j/animals/saliency"
    assert client.get("/j/wines/importance").status_code == 200
    for page in ("saliency", "saliency.json"):
        answer = client.get(f"/j/wines/{page}")
        assert answer.status_code == 404
        assert "This is a tabular job" in answer.text
    for page in ("rows", "rows.json", "rows.csv", "importance", "importance.json"):
        answer = client.get(f"/j/animals/{page}")
        assert answer.status_code == 404
        assert "This job is of images" in answer.text


def test_info_tells_what_it_holds(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["seewhy", "info", str(folder)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    out, err = capfd.readouterr()
    assert (caught.value.code or 0, err) == (0, "")
    told = " ".join(out.split())
    for words in (
        "rows 1 of 1",
        "features 2: alcohol, hue",
        "explained 1 outputs by SHAPKernel",
        "kind tabular classification",
        "predictor Forest.predict_proba",
        "samples 1 of 60",
    ):
        assert words in told
