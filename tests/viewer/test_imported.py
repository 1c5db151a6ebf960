"""An imported summary in the pages: only what is known is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from seewhy.store.importer import import_mindinsight
from seewhy.viewer import create_app
from tests.store.importer import summary


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder = tmp_path_factory.mktemp("summaries") / "old"
    summary.write(folder, summary.records(summary.events(folder)))
    stores: Path = tmp_path_factory.mktemp("stores")
    import_mindinsight(folder, stores)
    return TestClient(create_app(stores), base_url="http://127.0.0.1:8421")


def test_saliency(client: TestClient) -> None:
    html = client.get("/j/old/saliency").text
    for words in ("dog", "GradCAM", "RISE"):
        assert words in html
    samples = client.get("/j/old/saliency.json").json()["samples"]
    assert [sample["id"] for sample in samples] == [0, 1, 2]


def test_scores_have_no_numbers_of_samples(client: TestClient) -> None:
    html = client.get("/j/old/assessment").text
    assert "0.5" in html
    assert "of which samples is not known" in html
    for words in (">n 0<", "over 0 explanations", "too few samples"):
        assert words not in html
    assert "only the means are known" in client.get("/j/old/assessment").text
    rows = client.get("/j/old/assessment?metric=Faithfulness").text
    assert "nothing to tell label by label" not in rows


def test_counterfactuals_have_layers_but_no_steps(client: TestClient) -> None:
    answer = client.get("/j/old/counterfactual?sample=0&target=0")
    assert answer.status_code == 200
    html = " ".join(answer.text.split())
    for words in ("Outcome of layer 1 of 2", "The region", "single steps of the search are not"):
        assert words in html
    for words in ("Step 1", "Start: all is covered", "Tree of boxes", "asked about 0"):
        assert words not in html
    found = client.get("/j/old/counterfactual.json?sample=0&target=0").json()
    frames = found["shown"]["frames"] if "shown" in found else None
    assert frames is None or [frame["kind"] for frame in frames] == ["layer", "layer", "region"]
