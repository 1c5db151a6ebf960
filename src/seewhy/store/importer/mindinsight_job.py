"""One explain summary into a store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from seewhy.store.export.messages import Explain, Explanation, Hoc
from seewhy.store.importer.counterfactuals import to_record
from seewhy.store.importer.names import Names
from seewhy.store.importer.pictures import map_values, open_picture
from seewhy.store.importer.samples import Partial, has_sample, make_sample
from seewhy.store.importer.summaries import Summary
from seewhy.store.reader import JobReader
from seewhy.store.sample_records import SaliencyMap, SampleRecord
from seewhy.store.score_records import SummaryScore
from seewhy.store.writer import JobWriter

Part: TypeAlias = "tuple[int, Explanation | Hoc]"

AT_ONCE = 500
"""Maps and counterfactuals that are looked up in the store together."""


class JobImport:
    """Reads the events of a summary into a writer; what is damaged is counted and left out."""

    def __init__(
        self, summary: Summary, names: Names, writer: JobWriter, tally: Counter[str]
    ) -> None:
        self._summary, self._names, self._writer, self._tally = summary, names, writer, tally
        self._explainers = {explainer.name for explainer in names.explainers}
        self._pending: dict[int, Partial] = {}
        self._late: list[Part] = []
        self._enough = AT_ONCE
        self.written: Counter[str] = Counter()

    def read(self, events: Iterator[Explain], tell: Callable[[int, int], None]) -> None:
        """Read all events, in whatever order they tell of samples."""
        for done, event in enumerate(events, start=1):
            number = event.sample_id or 0
            if has_sample(event):
                part = self._pending.setdefault(number, Partial())
                part.add(event)
                if part.is_complete:
                    self._add_sample(number, self._pending.pop(number))
            parts: list[Explanation | Hoc] = [*event.explanation, *event.hoc]
            self._late += [(number, one) for one in parts]
            if len(self._late) >= self._enough:
                self._add_late()
            tell(done, self._names.events)
        for number, part in self._pending.items():
            if part.image_path:
                self._add_sample(number, part)
            else:
                self._tally["samples without a picture, left out"] += 1
        self._pending.clear()
        self._add_late()
        self._add_scores()

    def _add_sample(self, number: int, part: Partial) -> None:
        image = open_picture(self._summary.folder, part.image_path, self._tally)
        if image is None:
            self._tally["samples without a picture, left out"] += 1
            return
        labels = len(self._names.labels)
        self._writer.add_sample(make_sample(number, part, image, labels, self._tally))
        self.written["samples"] += 1

    def _add_late(self) -> None:
        """Add maps and counterfactuals of samples in the store; keep those that wait for theirs."""
        late, self._late = self._late, []
        self._writer.flush()
        with JobReader(self._writer.path) as reader:
            for number, parts in groupby(sorted(late, key=itemgetter(0)), key=itemgetter(0)):
                if number in self._pending:
                    self._late += parts
                    continue
                sample = _find(reader, number)
                probs = {i.label: i.prob for i in sample.inferences} if sample else {}
                for _, one in parts:
                    if sample is None or (one.label or 0) not in probs:
                        self._tally["maps and counterfactuals of labels without a probability"] += 1
                    elif isinstance(one, Hoc):
                        size = sample.width, sample.height
                        self._add_counterfactual(number, one, probs[one.label or 0], size)
                    else:
                        self._add_map(number, one)
        self._enough = AT_ONCE + 2 * len(self._late)

    def _add_map(self, number: int, one: Explanation) -> None:
        if one.explain_method not in self._explainers:
            self._tally["maps of an explainer without a name"] += 1
            return
        picture = open_picture(self._summary.folder, one.heatmap_path or "", self._tally)
        values = None if picture is None else map_values(picture)
        if values is None:
            self._tally["maps without a picture, left out"] += 1
            return
        self._writer.add_maps([SaliencyMap(number, one.label or 0, one.explain_method, values)])
        self.written["maps"] += 1

    def _add_counterfactual(
        self, number: int, hoc: Hoc, output: float, size: tuple[int, int]
    ) -> None:
        record = to_record(number, hoc, output, size)
        if record is None:
            self._tally["counterfactuals that make no sense, left out"] += 1
            return
        self._writer.add_counterfactuals([record])
        self.written["counterfactuals"] += 1

    def _add_scores(self) -> None:
        names = self._names
        for (explainer, metric), benchmark in names.benchmarks.items():
            if explainer not in self._explainers or metric not in names.metrics:
                self._tally["scores without names, left out"] += 1
                continue
            scores = benchmark.label_score
            if len(scores) > len(names.labels):
                self._tally["scores of labels that do not exist, left out"] += 1
            by_label: dict[int | None, float] = dict(enumerate(scores[: len(names.labels)]))
            by_label[None] = math.nan if benchmark.total_score is None else benchmark.total_score
            found = [
                SummaryScore(explainer, names.metrics[metric].name, label, value)
                for label, value in by_label.items()
                if math.isfinite(value)
            ]
            self._writer.add_summary_scores(found)
            self.written["scores"] += len(found)


def _find(reader: JobReader, number: int) -> SampleRecord | None:
    try:
        return reader.sample(number)
    except (KeyError, OverflowError):  # numbers of more than 64 bits are no keys
        return None
