"""Rank correlations against SciPy's, and what the page says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy import stats
from starlette.testclient import TestClient

from seewhy.store import ExplainerInfo, Inference, MetricInfo, SaliencyMap, Sample, Score
from seewhy.viewer import create_app
from seewhy.viewer.saliency.agreement import GRID, rank_correlations, word
from tests.viewer.sample_job import EXPLAINERS, open_job

# Few different values, so that ties are common.
maps = arrays.arrays(np.float32, (GRID, GRID), elements=st.sampled_from([0.0, 0.25, 0.5, -1.0]))


@given(maps, maps)
def test_correlations_are_those_of_scipy(one: np.ndarray, other: np.ndarray) -> None:
    table = rank_correlations({"one": one, "other": other})
    if one.min() == one.max() or other.min() == other.max():
        assert np.isnan(table[0, 1])
        return
    wanted = stats.spearmanr(one.ravel(), other.ravel()).statistic
    assert table[0, 1] == pytest.approx(wanted, abs=1e-9)
    assert table[1, 0] == table[0, 1]


def test_maps_of_any_size_are_compared_on_one_grid() -> None:
    # The same slope, seen at four resolutions; and its opposite.
    sizes = ((7, 7), (14, 20), (56, 56), (224, 160))
    found = {
        str(size): np.add.outer(np.linspace(0, 2, size[0]), np.linspace(0, 1, size[1]))
        for size in sizes
    }
    table = rank_correlations(found | {"opposite": -found["(56, 56)"]})
    assert (table[:4, :4] > 0.99).all()
    assert (table[4, :4] < -0.99).all()


def test_words() -> None:
    assert [word(value) for value in (1.0, 0.8, 0.5, 0.2, 0.0, -0.2, -0.21, -1.0, None)] == [
        *["strong", "strong", "moderate", "weak", "none", "none", "opposite", "opposite"],
        "undefined",
    ]


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    baseline = ExplainerInfo("Random", False, {}, baseline=True)
    metric = MetricInfo("DeletionAUC", True, 0, 1, {})
    whole = MetricInfo("ClassSensitivity", True, 0, 1, {})
    explainers = [*EXPLAINERS, baseline]
    with open_job(tmp_path, explainers=explainers, metrics=[metric, whole]) as writer:
        found = (Inference(0, 0.9, "TP"), Inference(1, 0.6, "FP"))
        writer.add_sample(Sample(0, "0", "x", Image.new("RGB", (8, 8)), (0,), (), found))
        slope = np.add.outer(np.arange(8.0), np.arange(8.0))
        writer.add_maps([SaliencyMap(0, 0, "GradCAM", slope)])
        writer.add_maps([SaliencyMap(0, 0, "Gradient", np.repeat(np.repeat(slope, 2, 0), 2, 1))])
        writer.add_maps([SaliencyMap(0, 0, "Occlusion", np.zeros((4, 4)))])
        writer.add_maps([SaliencyMap(0, 1, "GradCAM", slope)])
        writer.add_scores([Score(0, 0, "GradCAM", "DeletionAUC", 0.75)])
        writer.add_scores([Score(0, 1, "GradCAM", "DeletionAUC", 0.25)])
        writer.add_scores([Score(0, 0, "Random", "DeletionAUC", 0.1)])
        writer.add_scores([Score(0, None, "Gradient", "ClassSensitivity", 0.5)])
    return TestClient(create_app(tmp_path), base_url="http://localhost")


def test_the_dialog_says_how_far_explainers_agree(client: TestClient) -> None:
    zoom = client.get("/j/animals/saliency.json?zoom=0.0").json()["zoom"]
    agreement = zoom["agreement"]
    assert agreement["explainers"] == ["GradCAM", "Gradient", "Occlusion"]
    assert agreement["correlations"][0][1]["value"] > 0.95
    # A map that is the same everywhere has no ranks.
    assert agreement["correlations"][0][2] is None
    assert agreement["word"] == "strong"
    html = client.get("/j/animals/saliency?zoom=0.0").text
    assert "<strong>strong</strong> agreement" in html
    assert "undefined" in html
    # A single map has nothing to agree with.
    assert client.get("/j/animals/saliency.json?zoom=0.1").json()["zoom"]["agreement"] is None


def test_the_dialog_shows_the_scores_of_its_label(client: TestClient) -> None:
    zoom = client.get("/j/animals/saliency.json?zoom=0.0").json()["zoom"]
    assert [(row["metric"], row["values"]) for row in zoom["scores"]] == [
        ("DeletionAUC", [0.75, None, None]),
        ("ClassSensitivity", [None, 0.5, None]),
    ]
    html = client.get("/j/animals/saliency?zoom=0.0").text
    assert "0.750" in html
    assert "not scored" in html
