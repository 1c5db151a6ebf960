"""What the rows page says, against the rows it was made of."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from scipy.stats import spearmanr
from starlette.testclient import TestClient

from seewhy import store
from seewhy.store import read_tabular, tabular_reader
from seewhy.viewer import create_app

from .sample_table import FEATURES, LABELS, attributions, rows, write


def ask(client: TestClient, job: str = "wines", **query: Any) -> dict[str, Any]:
    answer = client.get(f"/j/{job}/rows.json?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def read_csv(client: TestClient, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).text)))


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def test_a_row_of_the_list(table_client: TestClient) -> None:
    page = ask(table_client)
    assert (page["matching"], len(page["rows"]), page["looked_at"]) == (60, 24, 0)
    for shown, row in zip(page["rows"], rows(), strict=False):
        assert (shown["id"], shown["name"]) == (row.id, row.name)
        assert shown["truth"] == (None if row.truth is None else LABELS[int(row.truth)])
        found = {(LABELS[label], prob, kind) for label, prob, kind, _ in row.inferences}
        assert {(i["label"], i["prob"], i["kind"]) for i in shown["inferences"]} == found
        assert [cell["value"] for cell in shown["cells"]] == row.features[:5].tolist()
        assert shown["cells"][2]["text"] == (FEATURES[2].categories or {})[row.id % 3]


def test_residuals_of_a_regression(table_client: TestClient) -> None:
    page = ask(table_client, "houses", sort="-residual", n=48)
    expected = {
        row.id: float(row.outputs[0]) - row.truth for row in rows(True) if row.truth is not None
    }
    shown = {row["id"]: row["residual"] for row in page["rows"]}
    assert shown == expected
    sizes = [abs(value) for value in shown.values()]
    assert sizes == sorted(sizes, reverse=True)
    html = table_client.get("/j/houses/rows").text
    assert "not known" in html
    assert "False positive" not in html


@pytest.mark.parametrize(
    ("query", "keeps"),
    [
        ({"f.alcohol": "-1..2.5"}, lambda row: -1 <= row.features[0] <= 2.5),
        ({"f.region": ["0", "2"]}, lambda row: row.features[2] in (0, 2)),
        (
            {"f.a=1&b..2": "..0", "q": "wine 1"},
            lambda row: row.features[4] <= 0 and "ine 1" in row.name,
        ),
        (
            {"kind": "FP", "label": LABELS[1]},
            lambda row: any(i[0] == 1 and i[2] == "FP" for i in row.inferences),
        ),
        ({"q": "B>WINE"}, lambda row: row.id % 2 == 1),
    ],
)
def test_filters(table_client: TestClient, query: dict[str, Any], keeps: Any) -> None:
    page = ask(table_client, n=96, **query)
    kept = [row.id for row in rows() if keeps(row)]
    assert [row["id"] for row in page["rows"]] == kept
    assert page["matching"] == len(kept)


@pytest.mark.parametrize(("label", "shown"), [(0, 10), (1, 2), (2, 1)])
@pytest.mark.parametrize("chart", ["waterfall", "bars"])
def test_the_charts_of_a_row(table_client: TestClient, label: int, shown: int, chart: str) -> None:
    row = rows()[9]
    page = ask(table_client, row=9, target=label, k=shown, chart=chart)
    told = {one.explainer: one for one in attributions(row, 3) if one.label == label}
    assert [one["explainer"] for one in page["explainers"]] == list(told)
    for one in page["explainers"]:
        truth = told[one["explainer"]]
        weights = np.array([rule.weight for rule in truth.rules]) if truth.rules else truth.values
        assert one["base"] + weights.sum() == pytest.approx(one["total"])
        assert one["adds_up"] is (not truth.rules)
        bars = one["bars"]
        sizes = sorted(weights.tolist(), key=abs, reverse=True)
        if len(weights) > shown + 1:
            assert len(bars) == shown + 1
            assert bars[-1]["feature"] is None
            assert bars[-1]["value"] == pytest.approx(sum(sizes[shown:]))
            assert one["drawn"] == shown
        else:
            assert one["drawn"] == len(bars) == len(weights)
        singles = [bar["value"] for bar in bars if bar["feature"]]
        assert singles == pytest.approx(sizes[: len(singles)])
        at = truth.base
        for bar in bars:
            assert bar["start"] == pytest.approx(at if chart == "waterfall" else 0)
            assert bar["end"] - bar["start"] == pytest.approx(bar["value"])
            at += bar["value"]
        assert at == pytest.approx(one["total"])


def test_the_sum_is_said_and_shown(table_client: TestClient) -> None:
    html = text(table_client.get("/j/wines/rows?row=9&target=1").text)
    said = re.search(r"Base (\S+) and values (\S+) make the output, (\S+)\.", html)
    assert said
    base, values, output = (float(number.replace("−", "-")) for number in said.groups())
    assert base + values == pytest.approx(output, abs=0.0011)
    rules = re.search(r"Intercept (\S+) and rules (\S+) make (\S+); the model says (\S+)\.", html)
    assert rules
    assert "R² = 0.75" in html
    # Cells and categories, not values, stand at the bars.
    assert "region = north" in html
    assert f"alcohol = {rows()[9].features[0]:.4g}" in html


def test_previous_and_next_follow_the_order(table_client: TestClient) -> None:
    query = {"sort": "-f.alcohol", "f.region": "0"}
    ids = [row["id"] for row in ask(table_client, n=96, **query)["rows"]]
    for before, at, after in zip([None, *ids], ids, [*ids[1:], None], strict=False):
        page = ask(table_client, row=at, **query)
        assert (page["previous"], page["next"]) == (before, after)


def test_tables_of_the_page(table_client: TestClient) -> None:
    lines = read_csv(table_client, "/j/wines/rows.csv?n=96")
    assert len(lines) == sum(len(row.inferences) for row in rows())
    assert {line["id"] for line in lines} == {str(row.id) for row in rows()}
    assert float(lines[0]["alcohol"]) == rows()[0].features[0]
    values = read_csv(table_client, "/j/wines/rows.csv?row=4&target=0")
    assert {line["explainer"] for line in values} == {"SHAPKernel", "LIMETabular"}
    houses = read_csv(table_client, "/j/houses/rows.csv")
    assert float(houses[1]["residual"]) == float(houses[1]["output"]) - float(houses[1]["truth"])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("empty/rows", "No rows yet"),
        ("empty/importance", "Nothing is explained"),
        ("unexplained/rows?row=1", "Not explained"),
        ("unexplained/importance", "Nothing is explained"),
        ("no truth/rows?sort=residual", "No row can be sorted so"),
        ("no truth/rows?row=0", "truth not known"),
        ("wines/rows?q=absent", "No row matches"),
        ("wines/rows?after=9999", "Nothing further"),
    ],
)
def test_when_there_is_nothing(table_client: TestClient, address: str, words: str) -> None:
    answer = table_client.get(f"/j/{address}")
    assert answer.status_code == 200
    assert words in text(answer.text)


@pytest.mark.parametrize(
    "query",
    [
        "label=blue",
        "f.none=1",
        "sort=f.none",
        "col=none",
        "row=60",
        "row=1&target=4",
        "sort=residual",
    ],
)
def test_what_the_job_does_not_have(table_client: TestClient, query: str) -> None:
    for page in ("rows", "rows.json", "rows.csv"):
        answer = table_client.get(f"/j/wines/{page}?{query}")
        assert answer.status_code == 400
        assert "cannot be shown" in answer.text


def test_names_are_text(table_client: TestClient) -> None:
    for address in (
        "rows",
        "rows?row=1",
        "rows?row=1&target=1",
        "importance",
        "rows?f.region=1&sort=f.hue",
    ):
        html = table_client.get(f"/j/wines/{address}").text
        for markup in ("<b>white", "<b>Wine", "<script>window", "<i>south"):
            assert markup not in html, address


def test_a_search_of_a_part_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "wines", rows()).close()
    monkeypatch.setattr(tabular_reader, "row_budget", lambda features: 15)
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    address, found = "/j/wines/rows.json?q=b%3Ewine&n=12", []
    for _ in range(9):
        page = client.get(address).json()
        assert page["matching"] is None
        assert page["looked_at"] <= 15
        found += [row["id"] for row in page["rows"]]
        if not page["next"]:
            break
        address = "/j/wines/rows.json" + page["next"]
    assert found == list(range(1, 60, 2))
    html = text(client.get("/j/wines/rows?q=b%3Ewine").text)
    assert "15 of 60 rows for this page. Go on from there" in html
    assert "Nothing among these rows" in text(client.get("/j/wines/rows?q=wine+58").text)
    html = text(client.get("/j/wines/rows?sort=f.hue").text)
    assert "Only the first 15 of 60 rows" in html


def test_a_running_job_is_followed(tmp_path: Path) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    with write(tmp_path, "wines", rows(count=5), total=60) as writer:
        writer.flush()
        html = client.get("/j/wines/rows").text
        assert 'data-live="live?seen=5"' in html
        assert 'data-live="live?seen=5"' in client.get("/j/wines/rows?row=1").text
        assert 'data-live="live?seen=5"' in client.get("/j/wines/importance").text
        for row in rows()[5:7]:
            writer.add_row(row)
        writer.flush()
        live = text(client.get("/j/wines/live?seen=5").text)
        assert "7 of 60 rows" in live
        assert "2 new rows: show" in live


def test_many_features_and_labels(tmp_path: Path) -> None:
    width, size = 2000, 10_000
    features = [store.FeatureInfo(f"feature {number}") for number in range(width)]
    with store.TabularWriter(
        tmp_path,
        "wide",
        settings={"kind": "tabular classification", "predictor": "f"},
        labels=[f"label {number}" for number in range(size)],
        features=features,
        explainers=[store.ExplainerInfo("SHAPKernel", True, {})],
        total=3,
    ) as writer:
        for number in range(3):
            outputs = np.zeros(size)
            outputs[number] = 0.75
            cells = np.arange(width) + number
            found = (store.Inference(number, 0.75, "TP"),)
            writer.add_row(store.TabularRow(number, "", str(number), cells, outputs, number, found))
            values = np.full(width, 0.75 / width)
            writer.add_attributions(
                [store.Attribution(number, number, "SHAPKernel", 0.0, 0.75, values)]
            )
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    for address in (
        "rows",
        "rows?row=1",
        "importance",
        "rows?f.feature+1999=2000..&sort=-f.feature+7",
    ):
        answer = client.get(f"/j/wide/{address}")
        assert answer.status_code == 200
        assert len(answer.content) < 300_000
    assert "12 of 2,000 features; find others by name" in client.get("/j/wide/rows").text
    html = text(client.get("/j/wide/rows?row=1").text)
    assert "The 10 largest of 2,000 values are drawn one by one" in html
    assert "1,990 others together" in html
    assert client.get("/j/wide/rows?row=1&k=2000").status_code == 200
    assert [row["id"] for row in ask(client, "wide", **{"f.feature 1999": "2000.."})["rows"]] == [
        1,
        2,
    ]


def test_one_feature(tmp_path: Path) -> None:
    with store.TabularWriter(
        tmp_path,
        "narrow",
        settings={"kind": "tabular regression", "predictor": "f"},
        labels=["y"],
        features=[store.FeatureInfo("x")],
        explainers=[store.ExplainerInfo("SHAPKernel", True, {})],
        total=1,
    ) as writer:
        one = np.array([0.0])
        writer.add_row(
            store.TabularRow(0, "only", "", one, one, None, (store.Inference(0, 0.0, None),))
        )
        writer.add_attributions([store.Attribution(0, 0, "SHAPKernel", 0.0, 0.0, one)])
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    for address in ("rows", "rows?row=0", "rows?row=0&chart=bars", "importance"):
        assert client.get(f"/j/narrow/{address}").status_code == 200
    with read_tabular(tmp_path / "narrow.seewhy.db") as job:
        assert job.attribution_count("SHAPKernel") == 1


@pytest.mark.parametrize("page", ["rows.html?kind=FP", "rows.html?row=1", "importance.html"])
def test_pages_as_one_file(table_client: TestClient, page: str) -> None:
    answer = table_client.get(f"/j/wines/{page}")
    assert answer.status_code == 200
    assert 'href="rows' not in answer.text
    assert '<link rel="stylesheet"' not in answer.text
    for control in (">All rows<", ">Previous<", "Drop the filter", "Features in a chart"):
        assert control not in answer.text


@pytest.mark.parametrize("number", [4, 9])
def test_whether_the_explainers_agree(table_client: TestClient, number: int) -> None:
    told = [one.values for one in attributions(rows()[number], 3) if one.label == 2]
    expected = float(spearmanr(*told).statistic)
    agreement = ask(table_client, row=number, target=2)["agreement"]
    assert agreement["mean"] == pytest.approx(expected)
    html = text(table_client.get(f"/j/wines/rows?row={number}&target=2").text)
    assert f"On average {expected:.2f}: {agreement['word']}".replace("-", "−") in html


def test_scores_stand_with_their_explanation(tmp_path: Path) -> None:
    metric = store.MetricInfo("Faith & <hope>", True, 0.0, 1.0, {})
    with write(tmp_path, "wines", rows(count=3), metrics=[metric]) as writer:
        writer.add_scores(
            store.Score(row.id, row.inferences[0].label, "SHAPKernel", metric.name, row.id / 8)
            for row in rows(count=3)
        )
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    shap, lime = ask(client, row=2)["explainers"]
    assert [score["value"] for score in shap["scores"]] == [2 / 8]
    assert lime["scores"] == []
    html = client.get("/j/wines/rows?row=2").text
    assert "Faith & <hope> of these values: 0.250 , higher is better" in text(html)
    assert "<hope>" not in html
    link = re.search(r'href="(assessment.metric=[^"]*)"', html)
    assert link is not None
    assert client.get(f"/j/wines/{unescape(link[1])}").status_code == 200


def test_numbers_at_the_ends_of_the_range(tmp_path: Path) -> None:
    huge = [1e308, -1e308, 5e-324, -0.0, 1e-300, 1e300]
    with store.TabularWriter(
        tmp_path,
        "huge",
        settings={"kind": "tabular regression", "predictor": "f"},
        labels=["y"],
        features=[store.FeatureInfo("a"), store.FeatureInfo("b", {0: "x", 10**18: "y"})],
        explainers=[store.ExplainerInfo("SHAPKernel", True, {})],
        total=len(huge),
    ) as writer:
        for number, value in enumerate(huge):
            cells, outputs = np.array([value, 1e18 * (number % 2)]), np.array([value])
            found = (store.Inference(0, value, None),)
            row = store.TabularRow(number, "", str(number), cells, outputs, -value, found)
            writer.add_row(row)
            values = np.array([value, value])
            writer.add_attributions(
                [store.Attribution(number, 0, "SHAPKernel", value, value, values)]
            )
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    places = [
        f"?row={number}&chart={chart}" for number in range(6) for chart in ("waterfall", "bars")
    ]
    for address in [*places, "", "?sort=-residual", "?sort=f.a&f.a=..1e308", "?f.b=1e18"]:
        for page in ("rows", "rows.json", "rows.csv"):
            assert client.get(f"/j/huge/{page}{address}").status_code == 200, address
    for page in ("importance", "importance.json"):
        assert client.get(f"/j/huge/{page}").status_code == 200
    assert [row["id"] for row in ask(client, "huge", sort="f.a")["rows"]] == [1, 3, 2, 4, 5, 0]
