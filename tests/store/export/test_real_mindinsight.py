"""An unmodified MindInsight 2.3.1 opens what was exported: every answer, picture and page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import ScoreSummary, read_job
from seewhy.store.export import ExportReport
from tests.store.export import example
from tests.store.export.mindinsight_server import MindInsight, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.mindinsight

JOB = "./everything"
# How MindInsight colours a map: from dark purple to yellow, as opaque as the map is bright.
LOW, HIGH = np.array([55, 25, 86]), np.array([255, 255, 0])


@pytest.fixture(scope="module")
def server(
    exported: ExportReport, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MindInsight]:
    with serving(exported.out, tmp_path_factory.mktemp("mindinsight")) as running:
        running.loaded(JOB)
        yield running


def picture(server: MindInsight, url: str) -> Image.Image:
    answer = server.ask(url)
    assert answer.status == 200, (url, answer)
    return Image.open(io.BytesIO(answer.body))


def test_the_job_is_listed_with_both_buttons(server: MindInsight) -> None:
    (job,) = server.explain_jobs()
    assert job["train_id"] == JOB
    assert job["saliency_map"] is True
    assert job["hierarchical_occlusion"] is True


def test_the_job_is_loaded(server: MindInsight) -> None:
    meta = server.loaded(JOB)
    assert meta["sample_count"] == example.SAMPLES
    assert meta["uncertainty"] == {"enabled": True}
    assert tuple(meta["saliency"]["explainers"]) == example.COLUMNS
    assert len(meta["saliency"]["metrics"]) == len(example.METRICS)
    assert tuple(label["label"] for label in meta["classes"]) == example.SHOWN
    for number, label in enumerate(meta["classes"]):
        having = [n for n in range(example.SAMPLES) if number in example.labels_of(n)]
        assert label["sample_count"] == label["saliency_sample_count"] == len(having)


def test_every_sample(server: MindInsight) -> None:
    found = server.samples("saliency", JOB)
    assert sorted(sample["id"] for sample in found) == list(range(example.SAMPLES))
    for sample in found:
        number = sample["id"]
        inferences = {example.SHOWN.index(i["label"]): i for i in sample["inferences"]}
        assert sorted(inferences) == sorted(example.labels_of(number))
        for label, inference in inferences.items():
            spread = example.uncertainty(number, label)
            numbers = [inference["confidence"], inference["confidence_sd"]]
            numbers += inference["confidence_itl95"]
            expected = [example.prob(number, label), *spread[1:]]
            assert numbers == pytest.approx(expected, abs=1e-6)
            has_truth = bool(example.sample(number).ground_truth)
            kind = example.kind(number, label) if has_truth else None
            assert inference["prediction_type"] == kind
            explainers = [m["explainer"] for m in inference["saliency_maps"]]
            assert tuple(explainers) == example.COLUMNS[: 2 + number % 2]


def test_every_original_and_every_map(server: MindInsight, everything: Path) -> None:
    with read_job(everything) as reader:
        for sample in server.samples("saliency", JOB):
            number = sample["id"]
            original = server.ask(sample["image"])
            assert (original.status, original.body) == (200, reader.image_jpeg(number))
            size = reader.image(number).size
            for inference in sample["inferences"]:
                for one in inference["saliency_maps"]:
                    overlay = picture(server, one["overlay"])
                    assert (overlay.mode, overlay.size) == ("RGBA", size)
                    pixels = np.asarray(overlay, float)
                    share = pixels[..., 3:] / 255
                    colours = share * HIGH + (1 - share) * LOW
                    assert np.abs(pixels[..., :3] - colours).max() <= 1


@pytest.mark.parametrize("kind", ["TP", "FN", "FP"])
def test_filters_and_orders(server: MindInsight, kind: str) -> None:
    found = server.samples("saliency", JOB, prediction_types=[kind], labels=["sea lion (2)"])
    expected = [
        n
        for n in range(example.SAMPLES)
        if 1 in example.labels_of(n)
        and kind in [example.kind(n, label) for label in example.labels_of(n)]
    ]
    assert sorted(sample["id"] for sample in found) == expected
    for name, key in (("confidence", "confidence"), ("uncertainty", "confidence_sd")):
        ordered = server.samples("saliency", JOB, sorted_name=name, sorted_type="descending")
        tops = [max((i[key] for i in s["inferences"]), default=-1) for s in ordered]
        assert tops == sorted(tops, reverse=True)


def test_every_score(server: MindInsight, everything: Path) -> None:
    with read_job(everything) as reader:
        summaries = {(s.explainer, s.metric, s.label): s for s in reader.scores()}
    found = server.scores(JOB)
    assert tuple(of["explainer"] for of in found) == example.ROWS
    for explainer, of in zip(example.EXPLAINERS, found, strict=False):
        check_scores(of["evaluations"], summaries, explainer.name, None)
        for label, by_label in enumerate(of["class_scores"]):
            assert by_label["label"] == example.SHOWN[label]
            check_scores(by_label["evaluations"], summaries, explainer.name, label)


def check_scores(
    rows: list[dict[str, Any]],
    summaries: dict[tuple[str, str, int | None], ScoreSummary],
    explainer: str,
    label: int | None,
) -> None:
    metrics = example.METRICS if label is None else example.METRICS[:2]
    for metric, row in zip(metrics, rows, strict=True):
        assert row["metric"].startswith(metric.name)
        summary = summaries.get((explainer, metric.name, label))
        assert row["score"] == (pytest.approx(summary.mean, abs=2e-6) if summary else "NaN")


def test_every_counterfactual(server: MindInsight, everything: Path) -> None:
    found = server.samples("hoc", JOB)
    carried = [n for n in range(example.SAMPLES) if example.labels_of(n)]
    assert sorted(sample["id"] for sample in found) == carried
    for sample in found:
        with read_job(everything) as reader:
            original = np.asarray(reader.image(sample["id"]).convert("RGB"), int)
        for inference in sample["inferences"]:
            record = example.counterfactual(sample["id"], example.SHOWN.index(inference["label"]))
            outputs = [*(layer.output for layer in record.layers), 0.55]
            layers = inference["hoc_layers"]
            assert [layer["confidence"] for layer in layers] == pytest.approx(outputs)
            for layer in layers:
                outcome = picture(server, layer["outcome"]).convert("RGB")
                shown = np.asarray(outcome, int)
                inside = np.zeros(shown.shape[:2], bool)
                for x, y, width, height in layer["boxes"]:
                    inside[y : y + height, x : x + width] = True
                assert (shown[inside] == original[inside]).all()
                assert np.ptp(shown[~inside], axis=-1).max() <= 2  # grey


# ---- pages


@pytest.fixture
def old_page(browser: Browser, server: MindInsight) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    context.add_init_script("localStorage.setItem('milang', 'en-us')")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    page.on(
        "response",
        lambda answer: wrong.append(answer.url) if answer.status >= 400 else None,
    )
    page.set_default_timeout(30_000)
    yield page
    context.close()
    assert wrong == []


def test_list_and_saliency_pages(old_page: Page, server: MindInsight) -> None:
    old_page.goto(f"{server.url}/#/explain")
    old_page.get_by_text("./everything").wait_for()
    old_page.wait_for_load_state("networkidle")  # a page that is left too early complains
    for link in ("Saliency Map Visualization", "Counterfactual Explanation"):
        assert "disabled" not in (old_page.get_by_text(link).get_attribute("class") or "")
    turn(old_page, old_page.get_by_text("Saliency Map Visualization"))
    text = ""
    for number in range(1, 1 + example.SAMPLES // 2):  # two samples a page
        if number > 1:
            turn(old_page, old_page.locator(".el-pager .number", has_text=str(number)).first)
        rows = old_page.locator(".el-table__row")
        rows.nth(1).wait_for()
        text += "".join(rows.nth(place).inner_text() for place in range(rows.count()))
    for label in ("dog", "sea lion (2)", "חתול", "🐈 emoji", "ends in"):
        assert label in text


def turn(page: Page, control: Locator) -> None:
    """Click, and wait for the samples and pictures that this brings."""
    with page.expect_response(lambda answer: answer.url.endswith("/explainer/saliency")):
        control.click()
    page.wait_for_load_state("networkidle")


def test_score_page(old_page: Page, server: MindInsight) -> None:
    old_page.goto(f"{server.url}/#/explain/xai-metric?id={JOB}")
    names = old_page.locator(".el-table__fixed-body-wrapper .el-table__row")
    scores = old_page.locator(".el-table__body-wrapper .el-table__row")
    scores.nth(len(example.METRICS) - 1).wait_for()
    for place, metric in enumerate(example.METRICS):
        assert names.nth(place).inner_text().startswith(metric.name)
        # Behind the name and the weight a column for each explainer: none must be empty.
        cells = [cell.strip() for cell in scores.nth(place).locator("td").all_inner_texts()]
        assert len(cells[2:]) == len(example.ROWS)
        assert all(cells[2:])
    old_page.get_by_text("Classification Assessment").first.click()
    old_page.get_by_text("Single method and multiple indicators").wait_for()


def test_counterfactual_page(old_page: Page, server: MindInsight) -> None:
    old_page.goto(f"{server.url}/#/explain/conterfactual-interpretation?id={JOB}")
    old_page.get_by_text("Layer-by-layer Masking Process").wait_for()
    old_page.wait_for_load_state("networkidle")
    outcomes = old_page.locator("img[src*='type=outcome']")
    outcomes.first.wait_for()
    widths = outcomes.evaluate_all("images => images.map(image => image.naturalWidth)")
    assert len(widths) >= 3
    assert all(widths)
