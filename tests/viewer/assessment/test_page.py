"""The assessment page and its twins, in process, against plain dictionaries of scores."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from seewhy.store import (
    Attribution,
    ExplainerInfo,
    FeatureInfo,
    Inference,
    MetricInfo,
    Sample,
    Score,
    TabularRow,
    TabularWriter,
)
from seewhy.viewer import create_app
from tests.viewer.sample_job import LABELS, inferences, open_job, pictures, sample

from .scored_job import (
    BOXED,
    DOWN,
    FREE,
    HOSTILE,
    METRICS,
    NAMES,
    OPEN,
    PERCENT,
    SCORED,
    SILENT,
    UP,
    WHOLE,
    label_counts,
    mean,
    scores,
)

PAGE, TWIN = "/j/scored/assessment", "/j/scored/assessment.json"
EXPLAINED = {LABELS[i.label] for number in range(20) for i in inferences(number)}


def twin(client: TestClient, *pairs: tuple[str, Any]) -> Any:
    answer = client.get(f"{TWIN}?{urlencode(pairs)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


class Hrefs(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for key, value in attrs if key == "href" and value]


def worth(metric: str, value: float) -> float:
    """What the rules of the docs say, once more, for the metrics of this job."""
    if metric in (UP, BOXED):
        return value
    if metric == PERCENT:
        return value / 100
    if metric == WHOLE:
        return 1 - value / 5
    if metric == OPEN:
        return 0.75 / (0.75 + 1 - value)
    if metric == DOWN:
        half = mean(DOWN, "RandomMap") or 0
        return half / (half + value)
    ends = [found for name in NAMES if (found := mean(FREE, name)) is not None]
    return (max(ends) - value) / (max(ends) - min(ends))


def test_means_are_those_of_the_scores(scored_client: TestClient) -> None:
    rows = twin(scored_client)["explainers"]
    assert {row["explainer"] for row in rows} == set(NAMES)
    for row in rows:
        for metric, cell in zip(SCORED, row["cells"], strict=True):
            expected = mean(metric, row["explainer"])
            if expected is None:
                assert (cell, metric, row["explainer"]) == (None, OPEN, "Occlusion")
                continue
            assert cell["mean"] == pytest.approx(expected)
            assert cell["worth"] == pytest.approx(worth(metric, expected))
            assert cell["low"] <= cell["mean"] <= cell["high"]
            assert cell["worth_low"] <= cell["worth"] <= cell["worth_high"]
            count = sum(key[:2] == (metric, row["explainer"]) for key in scores())
            assert cell["n"] == count


@pytest.mark.parametrize(
    "weights", [{}, {UP: 100, DOWN: 0}, {OPEN: 100, UP: 0}, dict.fromkeys(SCORED[1:], 0)]
)
def test_the_comprehensive_score(scored_client: TestClient, weights: dict[str, int]) -> None:
    page = twin(scored_client, *((f"w.{name}", weight) for name, weight in weights.items()))
    by_weight = {name: weights.get(name, 50) for name in SCORED}
    for row in page["explainers"]:
        known = {
            name: worth(name, found)
            for name in SCORED
            if (found := mean(name, row["explainer"])) is not None
        }
        expected = np.average(list(known.values()), weights=[by_weight[name] for name in known])
        assert row["score"] == pytest.approx(expected)
        assert row["low"] <= row["score"] <= row["high"]
        assert row["without"] == ([OPEN] if row["explainer"] == "Occlusion" else [])
    ranked = [row["score"] for row in page["explainers"]]
    assert ranked == sorted(ranked, reverse=True)
    assert [row["place"] for row in page["explainers"]] == [1, 2, 3, 4]
    assert sum(row["wins"] for row in page["explainers"]) == pytest.approx(1)
    metrics = {metric["name"]: metric for metric in page["metrics"]}
    assert sum(metrics[name]["share"] for name in SCORED) == 100
    assert metrics[SILENT]["share"] is None


def test_an_interval_is_the_weighted_mean_of_intervals(scored_client: TestClient) -> None:
    rows = twin(scored_client, (f"w.{UP}", 100))["explainers"]
    row = next(row for row in rows if row["explainer"] == HOSTILE)
    weights = [100] + [50] * (len(SCORED) - 1)
    for end in ("low", "high"):
        ends = [cell[f"worth_{end}"] for cell in row["cells"]]
        assert row[end] == pytest.approx(np.average(ends, weights=weights))


def test_without_any_weight_there_is_no_score(scored_client: TestClient) -> None:
    weights = [(f"w.{name}", 0) for name in SCORED]
    rows = twin(scored_client, *weights)["explainers"]
    assert {row["score"] for row in rows} == {row["place"] for row in rows} == {None}
    html = scored_client.get(f"{PAGE}?{urlencode(weights)}").text
    assert '<p class="unweighted" role="status">All weights are 0' in html
    assert '<p class="unweighted" role="status" hidden>' in scored_client.get(PAGE).text


@pytest.mark.parametrize("turned", [False, True])
def test_the_ranking_is_sorted_by_any_column(scored_client: TestClient, turned: bool) -> None:
    sign = "-" if turned else ""

    def order(rank: str) -> list[str]:
        page = twin(scored_client, ("rank", sign + rank))
        return [row["explainer"] for row in page["explainers"]]

    for metric in METRICS:
        if metric.name == SILENT:
            continue
        up = 1 if metric.higher_is_better else -1
        means = {name: found for name in NAMES if (found := mean(metric.name, name)) is not None}
        best_first = sorted(means, key=lambda name: -up * means[name])
        missing = [name for name in NAMES if name not in means]
        assert order(f"m.{metric.name}") == (best_first[::-1] if turned else best_first) + missing
    names = sorted(NAMES, key=str.casefold)
    assert order("name") == (names[::-1] if turned else names)
    wins = {row["explainer"]: row["wins"] for row in twin(scored_client)["explainers"]}
    found = [wins[name] for name in order("wins")]
    assert found == sorted(found, reverse=not turned)


def test_what_the_comparisons_say(scored_client: TestClient) -> None:
    found = twin(scored_client)["comparisons"]
    assert found["metrics"] == list(SCORED)
    rows = {row["explainer"]: row for row in found["rows"]}
    assert set(rows) == set(NAMES[:-1])
    assert rows[HOSTILE]["cells"][0] == {"verdict": "better", "baselines": ["RandomMap"]}
    assert rows["Occlusion"]["cells"][SCORED.index(OPEN)] is None
    assert "better than every baseline under" in rows[HOSTILE]["said"]
    assert [of["metric"] for of in found["sentences"]] == list(SCORED)


@pytest.mark.parametrize("metric", [UP, DOWN, BOXED])
@pytest.mark.parametrize("turned", [False, True])
def test_one_metric_of_all_explainers_label_by_label(
    scored_client: TestClient, metric: str, turned: bool
) -> None:
    sign = "-" if turned else ""
    page = twin(scored_client, ("metric", metric), ("sort", f"{sign}c.Occlusion"))
    assert page["columns"] == list(NAMES)
    for row in page["labels"]:
        index = LABELS.index(row["label"])
        expected = [mean(metric, name, index) for name in NAMES]
        assert [cell["mean"] for cell in row["cells"]] == pytest.approx(expected)
        assert row["n"] == label_counts(metric)[row["label"]]
    assert {row["label"] for row in page["labels"]} == set(label_counts(metric))
    assert set(page["labels_without_score"]) == EXPLAINED - set(label_counts(metric))
    sorted_by = [row["cells"][1]["mean"] for row in page["labels"]]
    assert sorted_by == sorted(sorted_by, reverse=(metric != DOWN) != turned)
    heats = [cell["heat"] for row in page["labels"] for cell in row["cells"]]
    assert (min(heats), max(heats)) == (0, 1)


def test_all_metrics_of_one_explainer_label_by_label(scored_client: TestClient) -> None:
    page = twin(scored_client, ("across", "metrics"), ("explainer", HOSTILE), ("hide", UP))
    columns = [PERCENT, DOWN, OPEN, FREE, BOXED]
    assert page["columns"] == columns
    for row in page["labels"]:
        for name, cell in zip(columns, row["cells"], strict=True):
            expected = mean(name, HOSTILE, row["index"])
            assert (cell and cell["mean"]) == pytest.approx(expected)


def test_labels_are_found_counted_and_paged(scored_client: TestClient) -> None:
    counts = label_counts(UP)
    page = twin(scored_client)
    found = [row["n"] for row in page["labels"]]
    assert found == sorted(counts.values(), reverse=True)
    names = [row["label"] for row in twin(scored_client, ("sort", "name"))["labels"]]
    assert names == sorted(counts, key=str.casefold)
    backwards = [row["label"] for row in twin(scored_client, ("sort", "-name"))["labels"]]
    assert backwards == names[::-1]
    matching = twin(scored_client, ("find", "A"), ("sort", "name"))
    assert [row["label"] for row in matching["labels"]] == [n for n in names if "a" in n.casefold()]
    rest = twin(scored_client, ("sort", "name"), ("skip", 5))
    assert [row["label"] for row in rest["labels"]] == names[5:]
    assert rest["labels_found"] == len(names)
    assert twin(scored_client, ("skip", 10**9))["labels"] == []
    html = scored_client.get(f"{PAGE}?skip=5&sort=name").text
    assert f"<strong>6 to {len(names)} of {len(names)}</strong> labels, by name." in html


@pytest.mark.parametrize("end", ["lowest", "highest"])
@pytest.mark.parametrize("metric", [UP, WHOLE])
@pytest.mark.parametrize("label", ["", LABELS[2]])
def test_samples_behind_a_number(
    scored_client: TestClient, end: str, metric: str, label: str
) -> None:
    page = twin(
        scored_client, ("metric", metric), ("explainer", HOSTILE), ("label", label), ("end", end)
    )
    values = sorted(
        value
        for (of, by, _, index), value in scores().items()
        if (of, by) == (metric, HOSTILE) and (not label or index == LABELS.index(label))
    )
    expected = (values if end == "lowest" else values[::-1])[:12]
    assert [found["score"] for found in page["samples"]] == pytest.approx(expected)
    for found in page["samples"]:
        assert found["index"] in {inference.label for inference in inferences(found["id"])}
        if label:
            assert found["label"] == label


def test_every_link_of_the_page_leads_somewhere(scored_client: TestClient) -> None:
    """All states that one click reaches, and the samples and labels they lead to."""
    html = scored_client.get(f"{PAGE}?{urlencode({'label': LABELS[2], 'n': 12})}").text
    hrefs = [href for href in Hrefs(html).found if not href.startswith(("#", "../../static"))]
    assert any(href.startswith("saliency?zoom=") for href in hrefs)
    assert any(parse_qsl(href[9:]) == [("label", LABELS[2])] for href in hrefs)
    for href in hrefs:
        address = f"{PAGE}{href}" if href.startswith("?") else f"/j/scored/{href}"
        answer = scored_client.get(address)
        assert answer.status_code == 200, address


def test_metrics_that_cannot_be_told_label_by_label_say_why(scored_client: TestClient) -> None:
    html = scored_client.get(PAGE).text
    assert f"{WHOLE} (scores a sample whatever the label)</option>" in html
    assert f"{SILENT} (no scores yet)</option>" in html
    assert "No scores yet. It scores only labels of which a box is known." in html
    told = scored_client.get(f"{PAGE}?{urlencode({'metric': WHOLE})}").text
    assert f"{WHOLE} scores a sample whatever the label: there is nothing" in told
    across = scored_client.get(f"{PAGE}?across=metrics").text
    assert f"<bdi>{WHOLE}</bdi> scores a sample whatever the label, and has no column" in across
    boxed = scored_client.get(f"{PAGE}?{urlencode({'metric': BOXED})}").text
    assert "explained but have no score here, as no box is known" in boxed


def test_hostile_names_stay_text(scored_client: TestClient) -> None:
    for query in ("", "?across=metrics", f"?{urlencode({'label': LABELS[2]})}", "?form=heat"):
        html = scored_client.get(PAGE + query).text
        assert "<b>&?#/%" not in html
        assert "<i>cent" not in html
        assert "<script>window" not in html


def test_the_table_twin_has_the_same_numbers(scored_client: TestClient) -> None:
    answer = scored_client.get(f"/j/scored/assessment.csv?{urlencode({'metric': DOWN})}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == ["explainer", "metric", "label", "mean", "low", "high", "n"]
    for row in rows:
        label = LABELS.index(row["label"]) if row["label"] else None
        expected = mean(row["metric"], row["explainer"], label)
        assert (float(row["mean"]) if row["mean"] else None) == pytest.approx(expected)
    labelled = [row for row in rows if row["label"]]
    assert {row["metric"] for row in labelled} == {DOWN}
    assert len(labelled) == len(NAMES) * len(label_counts(DOWN))
    assert len(rows) - len(labelled) == len(NAMES) * len(SCORED)


@pytest.mark.parametrize(
    "pair",
    [
        ("metric", "none such"), ("explainer", "none such"), ("label", "none such"),
        ("w.none such", "9"), ("rank", "m.none such"), ("rank", f"m.{SILENT}"),
        ("sort", "c.none such"), ("sort", f"c.{UP}"),
    ],
)  # fmt: skip
def test_what_the_job_does_not_have_is_refused(
    scored_client: TestClient, pair: tuple[str, str]
) -> None:
    answer = scored_client.get(f"{PAGE}?{urlencode([pair])}")
    assert answer.status_code == 400
    assert "This link cannot be shown: this job has no" in answer.text


def test_jobs_without_scores_say_so(scored_client: TestClient) -> None:
    none = scored_client.get("/j/none/assessment")
    assert none.status_code == 200
    assert "This run scored no explanations" in none.text
    assert "register_saliency(explainers, [Faithfulness(...)])" in none.text
    assert 'href="assessment"' not in scored_client.get("/j/none/saliency").text
    assert 'href="assessment"' in scored_client.get("/j/bare/saliency").text
    bare = scored_client.get("/j/bare/assessment").text
    assert "This run ended before its first score was made" in bare
    for job in ("none", "bare"):
        page = scored_client.get(f"/j/{job}/assessment.json").json()
        assert page["labels"] == page["samples"] == []
        assert scored_client.get(f"/j/{job}/assessment.csv").status_code == 200


def test_one_explainer_and_one_metric(scored_client: TestClient) -> None:
    (row,) = scored_client.get("/j/alone/assessment.json").json()["explainers"]
    assert (row["score"], row["low"], row["high"]) == (0.75, None, None)
    assert (row["place"], row["wins"], row["cells"][0]["n"]) == (1, 1, 1)
    html = scored_client.get("/j/alone/assessment").text
    assert "There is only one explainer: nothing to compare it with." in html
    assert "This job has no baselines" in html
    assert "too few samples for an interval" in html


def test_a_running_job_shows_new_scores(tmp_path: Any) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    metric = MetricInfo("Only", True, 0, 1, {})
    explainers = [ExplainerInfo("One", False, {})]
    with open_job(tmp_path, "live", metrics=[metric], explainers=explainers) as writer:
        writer.add_sample(sample(0, pictures()[0]))
        writer.flush()
        assert "The run has begun" in client.get("/j/live/assessment").text
        for number, expected in ((0, 0.5), (1, 0.75)):
            writer.add_sample(sample(number, pictures()[0]))
            writer.add_scores([Score(number, number, "One", "Only", 0.5 + number / 2)])
            writer.flush()
            # A summary may be older than the job by a moment, never by more.
            for _ in range(200):
                rows = client.get("/j/live/assessment.json").json()["explainers"]
                if rows and rows[0]["score"] == pytest.approx(expected):
                    break
            assert rows[0]["score"] == pytest.approx(expected)


@pytest.mark.parametrize(("explainers", "labels"), [(30, 1200), (1, 3)])
def test_many_explainers_and_labels(tmp_path: Any, explainers: int, labels: int) -> None:
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    names = [f"Explainer {number}" for number in range(explainers)]
    metric = MetricInfo("Only", True, 0, 100, {})
    image = Image.new("RGB", (8, 8))
    with open_job(
        tmp_path,
        "many",
        labels=[f"label {number:04d}" for number in range(labels)],
        explainers=[ExplainerInfo(name, False, {}) for name in names],
        metrics=[metric],
    ) as writer:
        for number in range(labels):
            found = (Inference(number, 0.5, None),)
            writer.add_sample(Sample(number, f"no. {number}", "", image, None, (), found))
            writer.add_scores(
                Score(number, number, name, "Only", (number * 7 + rank) % 101)
                for rank, name in enumerate(names)
            )
    page = client.get("/j/many/assessment.json?sort=c.Explainer+0&n=12").json()
    expected = sorted(((number * 7) % 101 for number in range(labels)), reverse=True)[:12]
    assert [row["cells"][0]["mean"] for row in page["labels"]] == expected
    assert page["labels_found"] == labels
    html = client.get("/j/many/assessment").text
    if labels > 24:
        assert "Drawn: <strong>1 to 24 of 1,200</strong> labels" in html


def test_a_tabular_job_has_the_page_and_leads_to_its_rows(tmp_path: Any) -> None:
    with TabularWriter(
        tmp_path,
        "wines",
        settings={"kind": "tabular classification"},
        labels=["red", "white"],
        features=[FeatureInfo("alcohol")],
        explainers=[ExplainerInfo("SHAPKernel", True, {}), ExplainerInfo("Random", True, {}, True)],
        metrics=[MetricInfo("Faithfulness", True, -1, 1, {})],
        total=3,
    ) as writer:
        for number in range(3):
            found = (Inference(1, 0.9, "TP"),)
            outputs = np.array([0.1, 0.9])
            writer.add_row(
                TabularRow(number, f"wine {number}", "", np.array([13.0]), outputs, 1, found)
            )
            writer.add_attributions(
                [Attribution(number, 1, "SHAPKernel", 0.5, 0.9, np.array([0.4]))]
            )
            writer.add_scores(
                Score(number, 1, name, "Faithfulness", value / 4)
                for name, value in (("SHAPKernel", number), ("Random", -number))
            )
    client = TestClient(create_app(tmp_path), base_url="http://127.0.0.1:8421")
    page = client.get("/j/wines/assessment.json").json()
    assert [tab["address"] for tab in page["job"]["tabs"]] == ["rows", "importance", "assessment"]
    assert [row["explainer"] for row in page["explainers"]] == ["SHAPKernel", "Random"]
    assert page["explainers"][0]["score"] == pytest.approx((1 + 0.25) / 2)
    assert [found["href"] for found in page["samples"]][:2] == [
        "rows?row=0&target=1",
        "rows?row=1&target=1",
    ]
    html = client.get("/j/wines/assessment?label=white").text
    assert 'href="rows?label=white"' in html
    assert "saliency" not in html
    for found in page["samples"]:
        assert client.get(f"/j/wines/{found['href']}").status_code == 200
