"""What the importance page says, against plain Python and against `stored_importance`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from seewhy.runner import stored_importance
from seewhy.store import read_tabular
from seewhy.viewer import create_app
from seewhy.viewer.importance import page as importance_page

from .sample_table import FEATURES, LABELS, attributions, coefficients, rows, write


def ask(client: TestClient, job: str = "wines", **query: Any) -> dict[str, dict[str, Any]]:
    answer = client.get(f"/j/{job}/importance.json?{urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return {one["explainer"]: one for one in answer.json()["explainers"]}


def means(explainer: str, label: int) -> dict[str, float]:
    """Mean |value| of each feature, in plain Python."""
    told = [
        one.values.tolist()
        for row in rows()
        for one in attributions(row, 3)
        if (one.explainer, one.label) == (explainer, label)
    ]
    return {
        feature.name: fmean(abs(values[i]) for values in told) for i, feature in enumerate(FEATURES)
    }


@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.parametrize("explainer", ["SHAPKernel", "LIMETabular"])
def test_mean_sizes(tables: Path, table_client: TestClient, explainer: str, label: int) -> None:
    one = ask(table_client, label=LABELS[label])[explainer]
    shown = {bar["feature"]: bar["value"] for bar in one["bars"]}
    assert shown == pytest.approx(means(explainer, label))
    sizes = list(shown.values())
    assert sizes == sorted(sizes, reverse=True)
    assert (one["rows"], one["count"]) == (60, 60)
    with read_tabular(tables / "wines.seewhy.db") as job:
        reference = dict(stored_importance(job, explainer, label).ranking())
    assert shown == pytest.approx(reference)


def test_the_few_largest_and_the_rest(table_client: TestClient) -> None:
    one = ask(table_client, label=LABELS[1], k=2)["SHAPKernel"]
    sizes = sorted(means("SHAPKernel", 1).values(), reverse=True)
    assert [bar["value"] for bar in one["bars"]] == pytest.approx([*sizes[:2], sum(sizes[2:])])
    assert one["bars"][-1]["text"] == "4 others together"
    html = table_client.get(f"/j/wines/importance?{urlencode({'label': LABELS[1], 'k': 2})}").text
    assert "2 of 6 features are drawn one by one" in html


def test_the_points_are_the_values(table_client: TestClient) -> None:
    one = ask(table_client, label=LABELS[2])["SHAPKernel"]
    for index, feature in enumerate(FEATURES):
        points = one["swarm"]["points"][feature.name]
        assert [point["row"] for point in points] == list(range(60))
        for point, row in zip(points, rows(), strict=True):
            (told,) = (
                a for a in attributions(row, 3) if (a.explainer, a.label) == ("SHAPKernel", 2)
            )
            assert point["value"] == told.values[index]
            assert point["cell"] == row.features[index]
            assert point["href"] == f"rows?row={row.id}&target=2"
        ordered = sorted(points, key=lambda point: point["cell"])
        shades = [point["shade"] for point in ordered]
        assert shades == sorted(shades)
        assert (shades[0], shades[-1]) == (0, 4)


def test_coefficients_of_each_class_and_view(table_client: TestClient) -> None:
    told = coefficients()
    for label in range(4):
        one = ask(table_client, label=LABELS[label])["PseudoLinearCoef"]
        shown = {bar["feature"]: bar["value"] for bar in one["bars"]}
        assert list(shown.values()) == sorted(shown.values(), key=abs, reverse=True)
        assert [shown[feature.name] for feature in FEATURES] == told.overall[label].tolist()
        view = (label + 1) % 4
        one = ask(table_client, label=LABELS[label], view=LABELS[view])["PseudoLinearCoef"]
        shown = {bar["feature"]: bar["value"] for bar in one["bars"]}
        assert [shown[feature.name] for feature in FEATURES] == told.relative[label, view].tolist()
        assert one["view"] == LABELS[view]


def test_a_sample_is_said_to_be_one_and_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance_page, "CELLS_READ", 2 * 6 * 20)
    monkeypatch.setattr(importance_page, "FEWEST_ROWS", 1)
    monkeypatch.setattr(importance_page, "POINTS", 2 * 6 * 8)
    write(tmp_path, "wines", rows()).close()
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    one = ask(client)["SHAPKernel"]
    assert (one["rows"], one["count"], one["swarm"]["rows"]) == (20, 60, 8)
    html = client.get("/j/wines/importance").text
    assert "a sample of 20 of 60 rows" in html
    assert "8 rows of 60" in html
    assert ask(client)["SHAPKernel"] == one
    ids = [point["row"] for point in one["swarm"]["points"]["alcohol"]]
    # Spread over the table, not its beginning.
    assert min(ids) < 20 < 40 < max(ids)


def test_the_table_of_the_page(table_client: TestClient) -> None:
    answer = table_client.get(f"/j/wines/importance.csv?{urlencode({'label': LABELS[0]})}")
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 3 * len(FEATURES)
    shown = {
        line["feature"]: float(line["value"]) for line in lines if line["explainer"] == "SHAPKernel"
    }
    assert shown == pytest.approx(means("SHAPKernel", 0))


@pytest.mark.parametrize("query", ["label=blue", "view=blue", "k=many"])
def test_what_the_job_does_not_have(table_client: TestClient, query: str) -> None:
    for page in ("importance", "importance.json", "importance.csv"):
        assert table_client.get(f"/j/wines/{page}?{query}").status_code == 400


def test_the_label_that_is_met_most_often_comes_first(table_client: TestClient) -> None:
    counts = [sum(i.label == label for row in rows() for i in row.inferences) for label in range(3)]
    usual = LABELS[counts.index(max(counts))]
    assert table_client.get("/j/wines/importance.json").json()["label"] == usual
