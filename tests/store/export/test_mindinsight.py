"""What is written, read again event by event and beside the store; the format's traps."""

from __future__ import annotations

import io
import json
import math
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seewhy.store import Inference, MetricInfo, SaliencyMap, Score, TabularWriter, read_job
from seewhy.store.export import ExportReport, export_mindinsight
from seewhy.store.export.frames import Frame, read_frames
from seewhy.store.export.messages import Event, Explain
from seewhy.store.export.names import folder_names, safe_labels
from seewhy.store.export.wire import decode
from seewhy.visual import resize_bilinear
from tests.store.export import example

Factory = Callable[..., Any]


def events(job: Path) -> list[Explain]:
    """All events of a job's folder; every checksum must be right."""
    (path,) = job.glob("events.*")
    data = path.read_bytes()
    *found, end = read_frames(io.BytesIO(data), len(data))
    assert end == (len(data), 0)
    made = []
    for one in found:
        assert isinstance(one, Frame)
        assert one.sound
        assert one.body
        event = decode(Event, one.body)
        assert event.wall_time is not None
        assert event.explain is not None
        made.append(event.explain)
    return made


@pytest.fixture
def job(exported: ExportReport) -> Path:
    return exported.out / "everything"


@pytest.fixture
def samples(job: Path) -> dict[int, Explain]:
    found = [event for event in events(job) if event.sample_id is not None]
    return {event.sample_id or 0: event for event in found}


def test_the_folder(job: Path, exported: ExportReport, everything: Path) -> None:
    (path,) = job.glob("events.*")
    match = re.fullmatch(r"events\.out\.events\.summary\.(\d{10})\.0\.seewhy_explain", path.name)
    assert match
    manifest = json.loads((job / f"_explain_{match[1]}" / "manifest.json").read_text())
    names = ("saliency_map", "benchmark", "uncertainty", "hierarchical_occlusion")
    assert manifest == dict.fromkeys(names, True)
    assert {entry.name for entry in exported.out.iterdir()} == {"everything", "seewhy-export.json"}
    assert exported.out.stat().st_mode & 0o777 == 0o777 & ~umask()
    with read_job(everything) as reader:
        assert path.stat().st_mtime == pytest.approx(reader.info().updated, abs=1e-3)
        assert int(match[1]) == int(reader.info().created)


def umask() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if "Umask" in x)
    return int(line.split()[1], 8)


def test_names_come_first(job: Path) -> None:
    first, *rest = events(job)
    assert first.metadata is not None
    assert tuple(first.metadata.label) == example.SHOWN
    assert tuple(first.metadata.explain_method) == example.COLUMNS
    assert first.metadata.benchmark_method == [
        "PointingGame", "Infidelity (lower is better)", "ClassSensitivity", "never scored",
    ]  # fmt: skip
    assert all(event.metadata is None for event in rest)


def test_samples(samples: dict[int, Explain]) -> None:
    assert list(samples) == list(range(example.SAMPLES))
    for number, event in samples.items():
        sample, message = example.sample(number), event.inference
        assert message is not None
        assert tuple(event.ground_truth_label) == (sample.ground_truth or ())
        stored = {i.label: i for i in sample.inferences}
        predicted = [label for label, i in stored.items() if i.kind in ("TP", "FP", None)]
        assert sorted(message.predicted_label) == sorted(predicted)
        for labels, probs, sds, lows, highs in (
            (
                event.ground_truth_label, message.ground_truth_prob, message.ground_truth_prob_sd,
                message.ground_truth_prob_itl95_low, message.ground_truth_prob_itl95_hi,
            ),
            (
                message.predicted_label, message.predicted_prob, message.predicted_prob_sd,
                message.predicted_prob_itl95_low, message.predicted_prob_itl95_hi,
            ),
        ):  # fmt: skip
            expected = [(stored[i].prob, *example.uncertainty(number, i)[1:]) for i in labels]
            found = np.reshape(list(zip(probs, sds, lows, highs, strict=True)), (-1, 4))
            np.testing.assert_allclose(found, np.float32(expected).reshape(-1, 4))


def test_originals_are_the_stored_bytes(
    samples: dict[int, Explain], job: Path, everything: Path
) -> None:
    with read_job(everything) as reader:
        for number, event in samples.items():
            assert event.image_path
            assert (job / event.image_path).read_bytes() == reader.image_jpeg(number)


def test_maps(samples: dict[int, Explain], job: Path, everything: Path) -> None:
    """Beside our own resizing of the stored values."""
    names = dict(zip(example.COLUMNS, (e.name for e in example.EXPLAINERS), strict=False))
    for number, event in samples.items():
        expected = {(m.label, m.explainer): m for m in example.maps(number)}
        found = {
            (e.label, names[e.explain_method or ""]): e.heatmap_path for e in event.explanation
        }
        assert found.keys() == expected.keys()
        with read_job(everything) as reader:
            size = reader.image(number).size
            for (label, explainer), path in found.items():
                with Image.open(job / (path or "")) as picture:
                    assert (picture.mode, picture.size) == ("L", size)
                    grey = np.asarray(picture) / 255
                values = reader.saliency(number, label or 0, explainer)
                check_map(grey, values, explainer == "Occlusion")


def check_map(grey: np.ndarray[Any, Any], values: np.ndarray[Any, Any], signed: bool) -> None:
    span = np.ptp(values)
    if signed:
        scaled = values / np.abs(values).max()
    else:
        scaled = (values - values.min()) / span if span else values * 0
    size = grey.shape
    # Pillow averages where it shrinks; the peers differ there.
    if size[0] >= values.shape[0] and size[1] >= values.shape[1]:
        expected = np.clip(resize_bilinear(scaled, size), 0, 1)
        assert np.abs(grey - expected).max() <= 0.5 / 255 + 2e-3


def test_scores(job: Path, everything: Path) -> None:
    found = [event.benchmark for event in events(job) if event.benchmark]
    assert [rows[0].explain_method for rows in found] == list(example.ROWS)
    originals = [e.name for e in example.EXPLAINERS]
    with read_job(everything) as reader:
        means = {(s.explainer, s.metric, s.label): s.mean for s in reader.scores()}
    for explainer, rows in zip(originals, found, strict=False):
        metrics = [row.benchmark_method for row in rows]
        assert metrics == [row.benchmark_method for row in found[0]]
        for row, metric in zip(rows, example.METRICS, strict=True):
            expected = means.get((explainer, metric.name, None), math.nan)
            assert row.total_score == pytest.approx(expected, nan_ok=True)
            by_label = metric.name in ("PointingGame", "Infidelity")
            assert len(row.label_score) == (len(example.LABELS) if by_label else 0)
            for label, score in enumerate(row.label_score):
                expected = means.get((explainer, metric.name, label), math.nan)
                assert score == pytest.approx(expected, nan_ok=True)


def test_counterfactuals(samples: dict[int, Explain], everything: Path) -> None:
    for number, event in samples.items():
        with read_job(everything) as reader:
            width, height = reader.image(number).size
        carried = [
            r for r in example.counterfactuals(number)
            if r.reason is None and r.direction == "reveal" and r.mask.startswith("gaussian")
        ]  # fmt: skip
        assert [hoc.label for hoc in event.hoc] == [record.label for record in carried]
        for hoc, record in zip(event.hoc, carried, strict=True):
            outputs = [*(layer.output for layer in record.layers), 0.55]
            assert [layer.prob for layer in hoc.layer] == pytest.approx(outputs)
            expected = [*map(record.layer_boxes, range(2)), record.region_boxes]
            across, down = width / record.width, height / record.height
            assert hoc.mask == f"gaussian:{max(1, round(3 * math.sqrt(across * down)))}"
            for layer, boxes in zip(hoc.layer, expected, strict=True):
                found = np.reshape(layer.box, (-1, 4))
                scaled = np.array(boxes) * [across, down, across, down]
                assert np.abs(found - scaled).max() <= 1
                assert (found[:, 2:] >= 1).all()
                assert ((found[:, :2] + found[:, 2:]) <= [width, height]).all()


def test_the_report(exported: ExportReport) -> None:
    (job,) = exported.jobs
    assert (job.samples, job.maps, job.scores, job.counterfactuals) == (18, 67, 11, 13)
    assert job.uncertainty
    assert job.renamed == {
        "label": {"sea_lion": "sea lion (2)", "חתול_שחור": "חתול שחור"},
        "explainer": {"../a name/of_[a] folder": "--/a name/of_-a- folder"},
        "metric": {"Infidelity": "Infidelity (lower is better)"},
    }
    assert set(job.notes) == {
        "names of samples, shown by their numbers: 18",
        "boxes of the ground truth: 12",
        "samples with an empty ground truth, shown as if it were not known: 5",
        "signed maps, of which only what speaks for the label is left: 25",
        "counterfactuals with a layer more, the last one without the boxes it does not need: 13",
        "labels without a counterfactual (below threshold): 8",
        "counterfactuals that hide a region, which MindInsight cannot show, left out: 2",
        "counterfactuals with mask '0.5,0.5,0.5', which MindInsight cannot draw, left out: 2",
    }
    written = json.loads((exported.out / "seewhy-export.json").read_text())
    assert written["jobs"][0]["notes"] == list(job.notes)
    assert written["jobs"][0]["renamed"] == job.renamed
    assert len(written["never_carried"]) == 5


def test_the_same_store_gives_the_same_bytes(
    exported: ExportReport, everything: Path, tmp_path: Path
) -> None:
    export_mindinsight(everything, tmp_path / "again")
    once, again = (
        {path.relative_to(base): path.read_bytes() for path in base.rglob("*") if path.is_file()}
        for base in (exported.out, tmp_path / "again")
    )
    assert once == again


# ---- traps


def export(writer: Any, tmp_path: Path) -> tuple[Any, list[Explain]]:
    writer.close()
    report = export_mindinsight(writer.path, tmp_path / "out")
    return report.jobs[0], events(tmp_path / "out" / report.jobs[0].folder)


def test_labels_keep_their_underscores_without_counterfactuals(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    writer = open_writer(labels=("a_b", "a b"))
    writer.add_sample(make_sample(0))
    job, (first, *_) = export(writer, tmp_path)
    assert first.metadata.label == ["a_b", "a b"]
    assert not any(job.renamed.values())


def test_labels_keep_their_underscores_where_regions_are_hidden(
    open_writer: Factory, tmp_path: Path
) -> None:
    hidden = {"direction": "hide"}
    writer = open_writer(labels=example.LABELS, hierarchical_occlusion=hidden)
    writer.add_sample(example.sample(1))
    writer.add_counterfactuals([example.counterfactual(1, 1)._replace(direction="hide")])
    job, (first, *_) = export(writer, tmp_path)
    assert tuple(first.metadata.label) == example.LABELS
    assert (job.counterfactuals, job.renamed["label"]) == (0, {})


@pytest.mark.parametrize(
    ("names", "safe"),
    [
        (["a_b", "a b", "a_b (2)", "a b (2)"], ["a b (3)", "a b", "a b (2) (2)", "a b (2)"]),
        (["_", "__", "-"], ["- (2)", "- (3)", "-"]),
        (["_a", "a_", "b"], ["a", "a (2)", "b"]),
    ],
)
def test_safe_labels_are_distinct(names: list[str], safe: list[str]) -> None:
    assert safe_labels(names) == safe
    assert not any("_" in name for name in safe)


def test_folder_names() -> None:
    found = folder_names(["a/b", "a\\b", "..", ".hidden", "e\u0301", "x" * 300, ""])
    assert found == ["a-b", "a-b (2)", "-", "hidden", "é", "x" * 80, "- (2)"]


def test_partial_uncertainty_is_left_out_and_said(open_writer: Factory, tmp_path: Path) -> None:
    writer = open_writer(labels=example.LABELS)
    for number in range(4):
        writer.add_sample(example.sample(number, uncertain=number != 2))
    job, found = export(writer, tmp_path)
    assert not job.uncertainty
    assert "uncertainties left out altogether, as 2 are missing: 4" in job.notes
    assert not any(e.inference and e.inference.predicted_prob_sd for e in found)
    (manifest,) = tmp_path.glob("out/*/_explain_*/manifest.json")
    assert json.loads(manifest.read_text()) == {
        "saliency_map": False, "benchmark": False, "uncertainty": False,
        "hierarchical_occlusion": False,
    }  # fmt: skip


def test_ground_truth_without_a_probability(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    writer = open_writer()
    writer.add_sample(make_sample(0, ground_truth=(0, 2)))
    job, found = export(writer, tmp_path)
    assert found[1].ground_truth_label == [0]
    words = "labels of a ground truth without a probability, left out of the ground truth: 1"
    assert words in job.notes


def test_kinds_that_mindinsight_decides_otherwise(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    """A softmax over many classes: the most probable one is predicted with 0.3."""
    writer = open_writer()
    writer.add_sample(make_sample(0, inferences=(Inference(0, 0.3, "TP"), Inference(1, 0.2, "FP"))))
    writer.add_sample(make_sample(1, inferences=(Inference(0, 0.5, "TP"), Inference(1, 0.2, "FN"))))
    job, _ = export(writer, tmp_path)
    assert "labels whose TP, FN or FP MindInsight decides otherwise (it takes 0.5): 2" in job.notes


def test_scores_beyond_single_precision(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    writer = open_writer(metrics=[MetricInfo("Infidelity", True, 0, math.inf, {})])
    writer.add_sample(make_sample(0))
    writer.add_scores([Score(0, 0, "GradCAM", "Infidelity", 1e39)])
    job, found = export(writer, tmp_path)
    assert all(math.isnan(row.total_score) for e in found for row in e.benchmark)
    assert "scores beyond single precision, left out: 2" in job.notes


@pytest.mark.parametrize("number", [-1, 2**31])
def test_numbers_beyond_32_bits(
    open_writer: Factory, make_sample: Factory, tmp_path: Path, number: int
) -> None:
    writer = open_writer()
    writer.add_sample(make_sample(number))
    writer.add_sample(make_sample(2**31 - 1))
    job, found = export(writer, tmp_path)
    assert [e.sample_id for e in found] == [None, 2**31 - 1]
    assert "samples with a number beyond 32 bits, left out: 1" in job.notes


def test_damaged_pictures(open_writer: Factory, make_sample: Factory, tmp_path: Path) -> None:
    writer = open_writer()
    for number in range(3):
        writer.add_sample(make_sample(number))
        writer.add_maps([SaliencyMap(number, 0, "GradCAM", np.eye(3))])
    writer.close()
    with closing(sqlite3.connect(writer.path)) as connection, connection:
        connection.execute("UPDATE image SET jpeg = x'00' WHERE sample_id = 0")
        connection.execute("DELETE FROM image WHERE sample_id = 1")
        connection.execute("UPDATE map SET png = substr(png, 1, 40) WHERE sample_id = 2")
    job, found = export(writer, tmp_path)
    assert [(e.sample_id, len(e.explanation)) for e in found] == [(None, 0), (2, 0)]
    assert "samples without a picture that can be read, left out: 2" in job.notes
    assert "maps that cannot be read, left out: 1" in job.notes


def test_sixteen_bit_maps(open_writer: Factory, make_sample: Factory, tmp_path: Path) -> None:
    values = np.linspace(0, 1, 64 * 48).reshape(48, 64)
    writer = open_writer(bits=16)
    writer.add_sample(make_sample(0))
    writer.add_maps([SaliencyMap(0, 0, "GradCAM", values)])
    export(writer, tmp_path)
    (path,) = tmp_path.glob("out/job/*/heatmap/GradCAM/0/0_0.png")
    with Image.open(path) as picture:
        assert np.abs(np.asarray(picture) - 255 * values).max() <= 0.51


def test_a_running_job(open_writer: Factory, make_sample: Factory, tmp_path: Path) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
        writer.flush()
        report = export_mindinsight(writer.path, tmp_path / "out")
        writer.add_sample(make_sample(1))
    assert report.jobs[0].samples == 1


# ---- which jobs, which folder


def test_all_jobs_of_images_below_a_folder(
    open_writer: Factory, make_sample: Factory, tmp_path: Path
) -> None:
    base = tmp_path / "jobs"
    for place, name in ((base, "one"), (base / "deeper", "one"), (base, "empty")):
        with open_writer(summary_dir=place, job=name) as writer:
            if name != "empty":
                writer.add_sample(make_sample(0))
    write_table(base)
    (base / "broken.seewhy.db").write_bytes(b"no database" * 99)
    told: list[tuple[int, int]] = []
    report = export_mindinsight(base, base / "out", tell=lambda *now: told.append(now))
    assert [job.folder for job in report.jobs] == ["deeper-1one", "one"]
    assert list(report.left_out) == [str(base / "empty.seewhy.db"), str(base / "rows.seewhy.db")]
    assert list(report.unreadable) == [str(base / "broken.seewhy.db")]
    assert told == [(1, 2), (2, 2)]


def write_table(folder: Path) -> Path:
    settings = {"kind": "tabular classification"}
    with TabularWriter(
        folder, "rows", settings=settings, labels=["a"], explainers=[], features=[], total=0
    ) as writer:
        return writer.path


def test_what_cannot_be_exported(open_writer: Factory, tmp_path: Path) -> None:
    with open_writer() as writer:
        empty = writer.path
    (tmp_path / "nothing").mkdir()
    (tmp_path / "broken.seewhy.db").write_bytes(b"no database" * 99)
    for source, message in (
        (empty, "holds no samples"),
        (write_table(tmp_path), "explains a table"),
        (tmp_path / "nothing", "holds no explanations"),
        (tmp_path / "missing", "does not exist"),
        (tmp_path / "broken.seewhy.db", "is corrupt or not a SeeWhy store"),
    ):
        with pytest.raises(ValueError, match=message):
            export_mindinsight(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def store(open_writer: Factory, make_sample: Factory) -> Path:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
    return Path(writer.path)


def test_an_export_is_replaced_only_on_demand(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()  # an empty folder is no loss
    export_mindinsight(store, out)
    (out / "job" / "old").touch()
    with pytest.raises(FileExistsError, match="--force"):
        export_mindinsight(store, out)
    assert (out / "job" / "old").exists()
    export_mindinsight(store, out, force=True)
    assert not (out / "job" / "old").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_nothing_but_an_export_is_replaced(store: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "me.jpg").touch()
    with pytest.raises(FileExistsError, match="no export"):
        export_mindinsight(store, photos, force=True)
    with pytest.raises(FileExistsError, match="holds what is to be exported"):
        export_mindinsight(store, store.parent, force=True)
    with pytest.raises(NotADirectoryError, match="not a folder"):
        export_mindinsight(store, photos / "me.jpg", force=True)
    with pytest.raises(OSError, match="cannot be written"):
        export_mindinsight(store, photos / "me.jpg" / "below")
    assert list(photos.iterdir()) == [photos / "me.jpg"]
