"""Old summaries into stores: whole ones, ours there and back, and damaged ones."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from seewhy.store import Inference, JobReader, Uncertainty, read_job
from seewhy.store.export import ExportReport
from seewhy.store.export.frames import frame
from seewhy.store.export.messages import Benchmark, Explain, Explanation, Hoc, HocLayer, Metadata
from seewhy.store.importer import ImportedJob, import_mindinsight, pictures
from seewhy.store.importer.counterfactuals import to_record
from tests.store.export import example
from tests.store.importer import summary

Change = Callable[[list[Explain]], list[Explain]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "base" / "old run"


def imported(folder: Path, explains: list[Explain], **options: Any) -> ImportedJob:
    summary.write(folder, summary.records(explains), **options)
    return import_mindinsight(folder, folder.parents[1] / "stores").jobs[0]


def notes(job: ImportedJob) -> dict[str, int]:
    pairs = [note.rpartition(": ") for note in job.notes]
    return {words: int(count) for words, _, count in pairs}


def check_whole(job: JobReader, folder: Path) -> None:
    """Everything of `summary.events` is in the store."""
    assert job.labels == tuple(summary.LABELS)
    assert [explainer.name for explainer in job.explainers] == summary.EXPLAINERS
    samples = list(job.samples())
    assert [sample.id for sample in samples] == [0, 1, 2]
    for sample in samples:
        assert (sample.width, sample.height) == summary.SIZE
        assert sample.ground_truth == (0,)
        assert sample.inferences == (
            Inference(0, 0.75, "TP", Uncertainty(0.75, 0.125, 0.5, 0.875)),
            Inference(1, 0.625, "FP", Uncertainty(0.625, 0.25, 0.25, 1.0)),
        )
        assert [(m.explainer, m.label) for m in sample.maps] == [
            (explainer, label) for explainer in summary.EXPLAINERS for label in (0, 1)
        ]
        for explainer in summary.EXPLAINERS:
            path = f"_explain_{summary.STAMP}/heatmap/{explainer}/0/{sample.id}_1.png"
            grey = np.asarray(Image.open(folder / path)) / 255
            found = job.saliency(sample.id, 1, explainer)
            assert np.abs(found - grey).max() <= 0.51 / 255
        (record,) = job.counterfactuals([sample.id])
        check_counterfactual(record)
    check_scores(job)


def check_counterfactual(record: Any) -> None:
    assert (record.direction, record.mask, record.reason) == ("reveal", "gaussian:3", None)
    assert (record.width, record.height) == summary.SIZE
    assert (record.output, record.target, record.images) == (0.75, 0.5, 0)
    layers = [
        [(0, 0, 42, 42), (60, 30, 42, 42)],
        [(3, 5, 21, 21), (18, 20, 21, 21), (60, 30, 42, 42)],
    ]
    assert [layer.output for layer in record.layers] == [0.5625, 0.6875]
    for number, boxes in enumerate(layers):
        assert sorted(record.layer_boxes(number)) == boxes
        covered = {
            (column, row)
            for x, y, w, h in boxes
            for column in range(x, x + w)
            for row in range(y, y + h)
        }
        assert record.layers[number].area == pytest.approx(len(covered) / math.prod(summary.SIZE))
    assert sorted(record.region_boxes) == layers[1]
    assert record.region == record.layers[1]
    assert [step.parent for step in record.steps] == [None, None, 0, 0]


def check_scores(job: JobReader) -> None:
    found = {(s.explainer, s.metric, s.label): (s.mean, s.n) for s in job.scores()}
    assert found == {
        (explainer, "Faithfulness", label): (value, 0)
        for explainer in summary.EXPLAINERS
        for label, value in ((None, 0.5), (0, 0.25), (1, 0.75))
    }
    assert all(math.isnan(s.low) and math.isnan(s.high) for s in job.scores())
    (ranking,) = job.sanity_report()
    assert [(s.explainer, s.score.mean, s.score.n) for s in ranking.standings] == [
        ("GradCAM", 0.5, 0),
        ("RISE", 0.5, 0),
    ]
    assert {s.label for s in job.label_scores("Faithfulness", "RISE")} == {0, 1}
    assert [s.mean for s in job.label_scores("Faithfulness", "RISE", [1])] == [0.75]
    assert len(job.scores(by_label=False)) == 2


def test_a_summary_of_the_old_runner(folder: Path) -> None:
    job = imported(folder, summary.events(folder))
    assert job.path == folder.parents[1] / "stores" / "old run.seewhy.db"
    assert (job.samples, job.maps, job.scores, job.counterfactuals) == (3, 12, 6, 3)
    assert (job.complete, job.notes) == (True, ())
    with read_job(job.path) as reader:
        check_whole(reader, folder)
        info = reader.info()
    assert (info.state, info.kind, info.is_tabular) == ("finished", "image classification", False)
    assert info.settings["written"] == "2021-03-29 06:40:00 UTC"
    assert info.uncertainty is not None
    assert info.hierarchical_occlusion is not None
    with closing(sqlite3.connect(job.path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def reverse(explains: list[Explain]) -> list[Explain]:
    """Maps and scores before their samples, metadata last."""
    return explains[::-1]


def together(explains: list[Explain]) -> list[Explain]:
    """All of a sample in one event."""
    made: dict[int | None, Explain] = {}
    rest = []
    for event in explains:
        if event.sample_id is None:
            rest.append(event)
            continue
        one = made.setdefault(event.sample_id, Explain(sample_id=event.sample_id))
        one.image_path = one.image_path or event.image_path
        one.ground_truth_label += event.ground_truth_label
        one.inference = one.inference or event.inference
        one.explanation += event.explanation
        one.hoc += event.hoc
    return [*rest[:1], *made.values(), *rest[1:]]


def twice(explains: list[Explain]) -> list[Explain]:
    return [event for event in explains for _ in range(2)]


@pytest.mark.parametrize("change", [reverse, together, twice])
def test_any_order_of_events(folder: Path, change: Change) -> None:
    job = imported(folder, change(summary.events(folder)))
    with read_job(job.path) as reader:
        check_whole(reader, folder)


def test_importing_again_adds_what_is_new(folder: Path) -> None:
    explains = summary.events(folder)
    first = imported(folder, [explains[0], *explains[1:5], explains[-1]], manifest=False)
    assert (first.samples, first.complete) == (2, False)
    assert notes(first) == {"manifests missing, as while a summary is being written": 1}
    with read_job(first.path) as reader:
        assert reader.info().state == "interrupted"
    again = imported(folder, explains)
    assert again.complete
    with read_job(again.path) as reader:
        assert reader.info().state == "finished"
        assert reader.info().samples == 3
        check_scores(reader)


def test_more_than_fits_at_once(folder: Path) -> None:
    """Maps are looked up some hundreds at a time."""
    explains = summary.events(folder)
    many = [Explain(sample_id=0, explanation=[Explanation("RISE", 2, "none")]) for _ in range(1200)]
    job = imported(folder, [*many, *explains])
    assert notes(job) == {"maps and counterfactuals of labels without a probability": 1200}
    with read_job(job.path) as reader:
        check_whole(reader, folder)


# ---- there and back


def test_there_and_back(exported: ExportReport, everything: Path, tmp_path: Path) -> None:
    (job,) = import_mindinsight(exported.out, tmp_path).jobs
    assert (job.samples, job.maps, job.counterfactuals) == (18, 67, 13)
    assert job.notes == ()
    with read_job(everything) as before, read_job(job.path) as after:
        assert after.labels == example.SHOWN
        assert after.baselines == ("RandomMap",)
        for old, new in zip(before.samples(), after.samples(), strict=True):
            check_same(old, new)
            check_same_maps(before, after, old)
            check_same_picture(before, after, old.id)
            for record in after.counterfactuals([old.id]):
                check_same_layers(before, record)
        means = before.mean_scores()
        names = dict(zip(example.ROWS, (e.name for e in example.EXPLAINERS), strict=False))
        again = {(names[e], m, label): v for (e, m, label), v in after.mean_scores().items()}
        assert again == pytest.approx(means, rel=1e-6)
        better = {metric.name: metric.higher_is_better for metric in before.metrics()}
        assert {metric.name: metric.higher_is_better for metric in after.metrics()} == better


def check_same(old: Any, new: Any) -> None:
    assert (new.id, new.name) == (old.id, str(old.id))
    assert new.ground_truth == (old.ground_truth or None)
    kinds = {i.label: i.kind if old.ground_truth else None for i in old.inferences}
    assert {i.label: i.kind for i in new.inferences} == kinds
    spreads = {i.label: (i.prob, *i.uncertainty[1:]) for i in old.inferences}
    again = {i.label: (i.prob, *i.uncertainty[1:]) for i in new.inferences}
    assert again.keys() == spreads.keys()
    for label, values in spreads.items():
        assert again[label] == pytest.approx(values, rel=1e-6)


def check_same_maps(before: JobReader, after: JobReader, old: Any) -> None:
    """Equal up to 8 bit, at the size of the original."""
    names = dict(zip((e.name for e in example.EXPLAINERS), example.COLUMNS, strict=False))
    for one in old.maps:
        values = before.saliency(old.id, one.label, one.explainer).astype(np.float32)
        if one.explainer == "Occlusion":
            scaled = values / one.vmax
        else:
            scaled = (values - one.vmin) / (one.vmax - one.vmin or 1)
        size = before.image(old.id).size
        expected = np.clip(Image.fromarray(scaled).resize(size, Image.Resampling.BILINEAR), 0, 1)
        found = after.saliency(old.id, one.label, names[one.explainer])
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 1.01 / 255


def check_same_picture(before: JobReader, after: JobReader, number: int) -> None:
    old, new = (np.asarray(job.image(number).convert("RGB"), float) for job in (before, after))
    assert old.shape == new.shape
    assert np.sqrt(np.square(old - new).mean()) < 4  # of 255: it is a JPEG once more


def check_same_layers(before: JobReader, new: Any) -> None:
    (old,) = (r for r in before.counterfactuals([new.sample_id]) if r.label == new.label)
    size = before.image(new.sample_id).size
    across, down = size[0] / old.width, size[1] / old.height
    assert [x.output for x in new.layers] == pytest.approx([x.output for x in old.layers])
    assert new.region.output == pytest.approx(old.region.output)
    for now, then in (
        *((new.layer_boxes(n), old.layer_boxes(n)) for n in range(len(old.layers))),
        (new.region_boxes, old.region_boxes),
    ):
        scaled = np.array(then) * [across, down, across, down]
        assert np.abs(np.array(sorted(now)) - sorted(scaled.tolist())).max() <= 1
    assert new.region.area == pytest.approx(old_area(old, across, down, size), abs=0.02)


def old_area(old: Any, across: float, down: float, size: tuple[int, int]) -> float:
    covered = np.zeros((old.height, old.width), bool)
    for x, y, w, h in old.region_boxes:
        covered[y : y + h, x : x + w] = True
    return float(covered.mean())


# ---- damage


def test_a_cut_tail(folder: Path) -> None:
    content = b"".join(summary.records(summary.events(folder)))
    summary.write(folder, [content[:-7]])
    (job,) = import_mindinsight(folder).jobs
    assert (job.samples, job.complete) == (3, False)
    (words,) = notes(job)
    assert words == "bytes at the end that are no whole record"
    with read_job(job.path) as reader:
        assert reader.info().state == "interrupted"
        # The record that is cut off holds the scores of the last explainer.
        assert {s.explainer for s in reader.scores()} == {"GradCAM"}


def test_wrong_checksums_and_records_that_are_none(folder: Path) -> None:
    content = summary.records(summary.events(folder))
    bad = bytearray(content[1])
    bad[-1] ^= 255
    unknown = [frame(b"\xff" * 20), frame(b"\x0a\x05a")]
    summary.write(folder, [*content[:1], *unknown, bytes(bad), *content[2:]])
    (job,) = import_mindinsight(folder).jobs
    assert notes(job) == {
        "records that cannot be decoded, passed over": 2,
        "records with a wrong checksum, taken as they are": 1,
    }
    assert not job.complete
    with read_job(job.path) as reader:
        check_whole(reader, folder)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_damage_gives_a_store_or_a_message(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = tmp_path_factory.mktemp("damage")
    folder = base / "run"
    content = bytearray(b"".join(summary.records(summary.events(folder, samples=1))))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    summary.write(folder, [bytes(content[: data.draw(st.integers(1, len(content)))])])
    try:
        (job,) = import_mindinsight(folder).jobs
    except ValueError as error:
        assert "cannot be read" in str(error) or "`labels`" in str(error)  # noqa: PT017
        return
    with read_job(job.path) as reader:
        for sample in reader.samples():
            reader.counterfactuals([sample.id])
        reader.sanity_report()


@pytest.mark.parametrize(
    "path",
    [
        "../../secret.png", "/etc/passwd", "{secret}", "link.png", "linked/secret.png",
        "a/../../../secret.png", "\0", "../old run 2/secret.png",
    ],
)  # fmt: skip
def test_no_picture_is_read_from_elsewhere(folder: Path, path: str) -> None:
    base = folder.parents[1]
    secret = base / summary.picture(base, "secret.png", 5, "L")
    summary.picture(folder.parent / "old run 2", "secret.png", 5, "L")
    explains = summary.events(folder)
    (folder / "link.png").symlink_to(secret)
    (folder / "linked").symlink_to(base)
    path = path.format(secret=secret)
    explains[1].image_path = path  # of sample 0
    explains[-2].explanation[0].heatmap_path = path  # of sample 2
    job = imported(folder, explains)
    assert (job.samples, job.maps) == (2, 7)
    why = (
        "pictures that cannot be read"
        if path == "\0"
        else "pictures outside the job's folder, not read"
    )
    assert notes(job) == {
        why: 2,
        "samples without a picture, left out": 1,
        "maps without a picture, left out": 1,
        # Two explainers, two labels, one counterfactual of the sample that is left out.
        "maps and counterfactuals of labels without a probability": 5,
    }


def test_missing_and_damaged_and_absurd_pictures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_PIXELS", 20_000)
    monkeypatch.setattr(pictures, "MOST_BYTES", 300_000)
    explains = summary.events(folder)
    maps = [one for event in explains for one in event.explanation]
    Image.new("L", (200, 101)).save(folder / "many pixels.png")
    (folder / "many bytes.png").write_bytes(bytes(300_001))
    (folder / "no picture.png").write_text("hello")
    Image.new("1", (9, 9)).save(folder / "black and white.png")
    Image.new("L", (9, 9)).save(folder / "another format.tiff")
    cut = (folder / (maps[0].heatmap_path or "")).read_bytes()[:3000]
    (folder / "cut.png").write_bytes(cut)
    os.mkfifo(folder / "pipe.png")
    names = ["many pixels.png", "many bytes.png", "no picture.png", "black and white.png",
             "another format.tiff", "cut.png", "pipe.png", "none.png", "", "."]  # fmt: skip
    for one, name in zip(maps, names, strict=False):
        one.heatmap_path = name
    job = imported(folder, explains)
    assert job.maps == len(maps) - len(names)
    assert notes(job) == {
        "pictures that are too large, not read": 2,
        "pictures that cannot be read": 3,
        "pictures that are missing": 4,
        "maps without a picture, left out": 10,
    }


def test_pictures_of_other_modes(folder: Path) -> None:
    """Red stands for the map in colours, and opacity in pictures that are coloured already."""
    explains = summary.events(folder)
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    other = values[::-1]
    Image.merge("RGB", [Image.fromarray(x) for x in (values, other, other)]).save(folder / "a.png")
    opaque = [Image.fromarray(x) for x in (other, other, other, values)]
    Image.merge("RGBA", opaque).save(folder / "b.png")
    maps = [one for event in explains for one in event.explanation]
    maps[0].heatmap_path, maps[1].heatmap_path = "a.png", "b.png"
    job = imported(folder, explains)
    with read_job(job.path) as reader:
        for label in (0, 1):
            found = reader.saliency(0, label, "GradCAM")
            np.testing.assert_allclose(found, values / 255, atol=1e-6)


def test_large_pictures_become_small(folder: Path) -> None:
    explains = summary.events(folder)
    Image.new("L", (1024, 2048), 77).save(folder / "large.png")
    explains[1].image_path = "large.png"
    maps = [one for event in explains for one in event.explanation]
    maps[0].heatmap_path = "large.png"
    job = imported(folder, explains)
    with read_job(job.path) as reader:
        assert (reader.sample(0).width, reader.sample(0).height) == (1024, 2048)
        assert reader.image(0).size == (256, 512)
        assert reader.saliency(0, 0, "GradCAM").shape == (512, 256)


def test_labels_and_probabilities_that_make_no_sense(folder: Path) -> None:
    explains = summary.events(folder)
    event = explains[2]
    assert event.inference is not None
    event.ground_truth_label = [0, 9, -1]
    event.inference.ground_truth_prob = [float("nan"), 0.5]
    event.inference.predicted_label = [0, 1, 77, 2]
    event.inference.predicted_prob = [1.5, 0.5, 0.5, float("inf")]
    event.inference.predicted_prob_sd = [0.1, float("nan")]
    job = imported(folder, explains)
    with read_job(job.path) as reader:
        sample = reader.sample(0)
    assert sample.ground_truth == (0,)
    assert sample.inferences == (Inference(1, 0.5, "FP"),)
    found = notes(job)
    assert found["labels of a ground truth that do not exist, left out"] == 2
    assert found["probabilities of labels that do not exist, left out"] == 2
    assert found["probabilities that are not within 0 and 1, left out"] == 3


def test_names_that_make_no_sense(folder: Path) -> None:
    explains = summary.events(folder)
    explains[0] = Explain(metadata=Metadata(["dog", " ", "dog"], ["RISE", ""], [""]))
    score = float("inf")
    more = [
        Explain(sample_id=0, explanation=[Explanation("", 0, "x"), Explanation(None, 0, "x")]),
        Explain(benchmark=[
            Benchmark("", "RISE", 0.5, []), Benchmark("Faithfulness", "", 0.5, []),
            Benchmark("Infinite", "RISE", score, [score] * 5),
        ]),
    ]  # fmt: skip
    job = imported(folder, [*explains, *more])
    with read_job(job.path) as reader:
        assert reader.labels == ("dog", "label 1", "dog (2)")
        assert {e.name for e in reader.explainers} == {"RISE", "GradCAM"}
    assert notes(job) == {
        "labels with a blank name or that of another one, renamed": 2,
        "maps of an explainer without a name": 2,
        "scores without names, left out": 2,
        "scores of labels that do not exist, left out": 1,
    }


@pytest.mark.parametrize("number", [2**40, -5])
def test_numbers_of_any_size(folder: Path, number: int) -> None:
    explains = [summary.metadata(), *summary.sample_events(folder, 0)]
    for event in explains[1:]:
        event.sample_id = number
    job = imported(folder, explains)
    with read_job(job.path) as reader:
        assert reader.sample(number).id == number


# ---- counterfactuals


def hoc(*layers: list[int], mask: str | None = "gaussian:3") -> Hoc:
    return Hoc(0, mask, [HocLayer(0.5 + n / 10, boxes) for n, boxes in enumerate(layers)])


@pytest.mark.parametrize(
    "message",
    [
        hoc(), hoc([]), hoc([0, 0, 9]), hoc([0, 0, 0, 9]), hoc([200, 0, 9, 9]),
        hoc([0, 0, 9, 9], mask=None), hoc([0, 0, 9, 9], mask="gaussian:0"),
        hoc([0, 0, 9, 9], mask="gaussian:99999999"), hoc([0, 0, 9, 9], mask="0.5"),
        Hoc(0, "gaussian:3", [HocLayer(None, [0, 0, 9, 9])]),
        Hoc(0, "gaussian:3", [HocLayer(float("nan"), [0, 0, 9, 9])]),
        hoc([n for x in range(50) for y in range(50) for n in (x, y, 2, 2)]),
    ],
)  # fmt: skip
def test_counterfactuals_that_make_no_sense(message: Hoc) -> None:
    assert to_record(0, message, 0.9, summary.SIZE) is None


def test_boxes_are_kept_within_the_image() -> None:
    record = to_record(0, hoc([-5, -5, 15, 15, 100, 80, 99, 99]), 0.9, summary.SIZE)
    assert record is not None
    assert record.layer_boxes(0) == [(0, 0, 10, 10), (100, 80, 12, 4)]


def test_layers_of_which_nothing_can_be_told_are_left_to_the_last() -> None:
    """Two boxes go, one comes that lies in neither."""
    record = to_record(0, hoc([0, 0, 9, 9, 20, 0, 9, 9], [60, 60, 5, 5]), 0.9, summary.SIZE)
    assert record is not None
    assert len(record.layers) == 1
    assert record.layer_boxes(0) == record.region_boxes == [(60, 60, 5, 5)]


boxes = st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 40)] * 2)


@settings(deadline=None)
@given(st.lists(st.lists(boxes, min_size=1, max_size=6, unique=True), min_size=1, max_size=4))
def test_layers_come_back_as_they_were(layers: list[list[tuple[int, ...]]]) -> None:
    flat = [[n for box in layer for n in box] for layer in layers]
    record = to_record(0, hoc(*flat), 0.9, (112, 112))
    assert record is not None
    pruned = len(layers) > 1 and set(layers[-1]) < set(layers[-2])
    expected = layers[:-1] if pruned else layers
    assert sorted(record.region_boxes) == sorted(layers[-1])
    found = [sorted(record.layer_boxes(n)) for n in range(len(record.layers))]
    if len(found) == len(expected):
        assert found == [sorted(layer) for layer in expected]
    else:
        assert found == [sorted(layers[-1])]


# ---- which folders


def test_all_summaries_of_a_folder(folder: Path) -> None:
    base = folder.parent
    for name in ("one", "two"):
        summary.write(base / name, summary.records(summary.events(base / name, 1)))
    (base / "linked").symlink_to(base / "one")
    (base / "empty").mkdir()
    summary.write(base / "broken", [b"hello"])
    told: list[tuple[int, int]] = []
    report = import_mindinsight(base, tell=lambda *now: told.append(now))
    assert [job.path.name for job in report.jobs] == ["one.seewhy.db", "two.seewhy.db"]
    assert list(report.unreadable) == [str(base / "broken")]
    assert told == [(n, 8) for n in range(1, 9)] * 2


def test_the_newest_event_file_counts(folder: Path) -> None:
    file = summary.write(folder, summary.records(summary.events(folder)))
    (folder / "events.summary.1500000000_explain").write_bytes(b"older")
    (folder / "summary.1800000000_other").write_bytes(b"not of the explainer")
    (folder / "summary.1900000000_explain").mkdir()
    (folder / "summary.2000000000_explain").symlink_to(file)
    (job,) = import_mindinsight(folder).jobs
    with read_job(job.path) as reader:
        assert reader.info().settings["event file"] == file.name


def test_what_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    summary.write(tmp_path / "broken", [b"hello"])
    summary.write(tmp_path / "nameless", summary.records([Explain(sample_id=3)]))
    for name, message in (
        ("empty", "holds no explain summary"),
        ("missing", "does not exist"),
        ("file", "is not a folder"),
        ("broken", "cannot be read: there are no names of labels"),
        ("nameless", "cannot be read: there are no names of labels"),
    ):
        with pytest.raises(ValueError, match=message):
            import_mindinsight(tmp_path / name)


def test_a_store_of_something_else_is_left_alone(folder: Path, tmp_path: Path) -> None:
    path = example.write(tmp_path, "old run", samples=1)
    summary.write(folder, summary.records(summary.events(folder)))
    with pytest.raises(ValueError, match="is no import of"):
        import_mindinsight(folder, tmp_path)
    with read_job(path) as reader:
        assert reader.labels == example.LABELS
        assert "source" not in reader.info().settings
        assert reader.info().samples == 1
