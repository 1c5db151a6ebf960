"""One job as the folder that MindInsight reads."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from seewhy.store.counterfactuals import CounterfactualRecord
from seewhy.store.export.counterfactuals import to_hoc
from seewhy.store.export.frames import frame
from seewhy.store.export.inferences import to_message
from seewhy.store.export.messages import Benchmark, Event, Explain, Explanation, Metadata
from seewhy.store.export.names import folder_names, safe_explainers, safe_labels, safe_metrics
from seewhy.store.export.pictures import grey_picture
from seewhy.store.export.report import JobReport, Tally, in_sentences
from seewhy.store.export.scores import Means, benchmarks
from seewhy.store.export.wire import encode
from seewhy.store.job_records import JobInfo
from seewhy.store.reader import JobReader
from seewhy.store.sample_records import MapRecord, SampleRecord

BUCKET = 1000
"""Samples whose pictures share a folder."""
LAST_ID = 2**31 - 1
PAGE = 50
LAST_STAMP = 9_999_999_999
"""MindInsight's job list breaks on file names with more digits."""


class JobExport:
    """Writes a job into a folder; use it within a snapshot of the reader."""

    def __init__(self, reader: JobReader, info: JobInfo, folder: Path) -> None:
        self._reader, self._info, self._folder = reader, info, folder
        self._stamp = int(min(max(info.created, 0), LAST_STAMP))
        self._images = f"_explain_{self._stamp}"
        self._signed = {explainer.name: explainer.signed for explainer in info.explainers}
        folders = folder_names(self._signed)
        self._map_folders = dict(zip(self._signed, folders, strict=True))
        methods = [*self._signed, *reader.baselines]
        self._explainers = dict(zip(methods, safe_explainers(methods), strict=True))
        self._tally: Tally = Tally()
        self._written = Tally(samples=0, maps=0, scores=0, counterfactuals=0)
        self._uncertain = self._all_uncertain()

    def write(self, tell: Callable[[], None]) -> JobReport:
        """Write everything; `tell` is called after each sample."""
        labels = self._safe_labels()
        measures = self._reader.metrics()
        metrics = dict(zip((m.name for m in measures), safe_metrics(measures), strict=True))
        means = self._reader.mean_scores()
        path = self._folder / f"events.out.events.summary.{self._stamp}.0.seewhy_explain"
        (self._folder / self._images).mkdir(parents=True)
        with path.open("xb") as stream:
            methods = [self._explainers[name] for name in self._signed]
            measured = list(metrics.values()) if means else []
            metadata = Metadata(list(labels.values()), methods, measured)
            self._put(stream, Explain(metadata=metadata))
            for explain in self._samples(tell):
                self._put(stream, explain)
            for scores in self._scores(metrics, means):
                self._put(stream, Explain(benchmark=scores))
        self._write_manifest(bool(means))
        os.utime(path, (self._info.updated, self._info.updated))
        names_by_kind = {"label": labels, "explainer": self._explainers, "metric": metrics}
        return JobReport(
            name=self._info.name,
            folder=self._folder.name,
            **self._written,
            uncertainty=self._uncertain,
            renamed={
                kind: {old: new for old, new in names.items() if old != new}
                for kind, names in names_by_kind.items()
            },
            notes=in_sentences(self._tally),
        )

    def _put(self, stream: BinaryIO, explain: Explain) -> None:
        stream.write(frame(encode(Event(wall_time=self._info.created, step=1, explain=explain))))

    def _safe_labels(self) -> dict[str, str]:
        """Names of labels; only pictures of counterfactuals, if there are any, need safe ones."""
        names = list(self._reader.labels)
        found, _ = self._info.counterfactuals
        settings = self._info.hierarchical_occlusion or {}
        shown = found and settings.get("direction", "reveal") == "reveal"
        return dict(zip(names, safe_labels(names) if shown else names, strict=True))

    def _all_uncertain(self) -> bool:
        """Whether every inference has an uncertainty: with gaps the old page breaks."""
        some, all_of_them = self._reader.uncertainties()
        if 0 < some < all_of_them:
            self._tally[
                f"uncertainties left out altogether, as {all_of_them - some} are missing"
            ] = some
        return 0 < some == all_of_them

    def _scores(self, metrics: dict[str, str], means: Means) -> Iterator[list[Benchmark]]:
        """Scores by explainer: all of them, and the baselines that were scored."""
        scored = {explainer for explainer, _, _ in means}
        chosen = {
            name: new
            for name, new in self._explainers.items()
            if name in scored or (means and name in self._signed)
        }
        self._written["scores"] = sum(label is None for _, _, label in means)
        yield from benchmarks(chosen, metrics, self._info.labels, means, self._tally)

    def _samples(self, tell: Callable[[], None]) -> Iterator[Explain]:
        samples = self._reader.samples()
        while page := list(islice(samples, PAGE)):
            found: dict[int, list[CounterfactualRecord]] = {sample.id: [] for sample in page}
            for record in self._reader.counterfactuals(list(found)):
                found[record.sample_id].append(record)
            for sample in page:
                explain = self._sample(sample, found[sample.id])
                if explain is not None:
                    yield explain
                tell()

    def _sample(self, sample: SampleRecord, found: list[CounterfactualRecord]) -> Explain | None:
        if not 0 <= sample.id <= LAST_ID:
            self._tally["samples with a number beyond 32 bits, left out"] += 1
            return None
        size = self._write_original(sample.id)
        if size is None:
            self._tally["samples without a picture that can be read, left out"] += 1
            return None
        truth, inference = to_message(sample, self._uncertain, self._tally)
        explanations = [
            Explanation(self._explainers[saliency.explainer], saliency.label, path)
            for saliency in sample.maps
            if (path := self._write_map(sample.id, saliency, size)) is not None
        ]
        hocs = [hoc for record in found if (hoc := to_hoc(record, size, self._tally)) is not None]
        self._written.update(samples=1, maps=len(explanations), counterfactuals=len(hocs))
        self._tally.update(self._not_carried(sample))
        return Explain(
            sample_id=sample.id,
            image_path=self._path("origin_images", sample.id, f"{sample.id}.jpg"),
            ground_truth_label=truth,
            inference=inference,
            explanation=explanations,
            hoc=hocs,
        )

    def _not_carried(self, sample: SampleRecord) -> Tally:
        signed = sum(self._signed[saliency.explainer] for saliency in sample.maps)
        return +Tally(
            {
                "names of samples, shown by their numbers": int(sample.name != str(sample.id)),
                "boxes of the ground truth": len(sample.boxes),
                "signed maps, of which only what speaks for the label is left": signed,
            }
        )

    def _write_original(self, number: int) -> tuple[int, int] | None:
        """Write the original as it is stored; its width and height, None if there is none."""
        try:
            jpeg = self._reader.image_jpeg(number)
            with Image.open(io.BytesIO(jpeg)) as image:
                size = image.size
        except (KeyError, OSError):
            return None
        self._write(self._path("origin_images", number, f"{number}.jpg"), jpeg)
        return size

    def _write_map(self, number: int, saliency: MapRecord, size: tuple[int, int]) -> str | None:
        png = self._reader.map_png(saliency.id)
        signed = self._signed[saliency.explainer]
        try:
            picture = grey_picture(png, size, signed, saliency.vmin == saliency.vmax)
        except (OSError, SyntaxError):
            self._tally["maps that cannot be read, left out"] += 1
            return None
        folder = f"heatmap/{self._map_folders[saliency.explainer]}"
        path = self._path(folder, number, f"{number}_{saliency.label}.png")
        self._write(path, picture)
        return path

    def _path(self, kind: str, number: int, name: str) -> str:
        return f"{self._images}/{kind}/{number // BUCKET * BUCKET}/{name}"

    def _write(self, path: str, content: bytes) -> None:
        # Not with pathlib, which keeps the name of every file that it has seen in memory.
        file = os.path.join(self._folder, path)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "xb") as stream:
            stream.write(content)

    def _write_manifest(self, scored: bool) -> None:
        manifest = {
            "saliency_map": self._written["maps"] > 0,
            "benchmark": scored,
            "uncertainty": self._uncertain,
            "hierarchical_occlusion": self._written["counterfactuals"] > 0,
        }
        text = json.dumps(manifest, indent=4)
        (self._folder / self._images / "manifest.json").write_text(text, encoding="utf-8")
