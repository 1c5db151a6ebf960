"""Knowing the samples of an interrupted run again."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from seewhy.benchmark import LabelSensitiveMetric, Metric
from seewhy.runner.samples import LabelledImage
from seewhy.store import JobWriter, KnownSample

logger = logging.getLogger("seewhy")

LOOK_UP = 500


@dataclass(frozen=True)
class Numbered:
    """A sample, its number in the store, and what the store already holds of it."""

    number: int
    position: int
    """Position among the samples of this pass through the data."""
    digest: str
    sample: LabelledImage
    known_labels: frozenset[int] | None
    """Labels with a stored inference; None if the sample is new."""
    known_maps: frozenset[tuple[int, str]]
    """(label, explainer or baseline name) with nothing left to do."""
    known_uncertain: frozenset[int] = frozenset()
    """Labels with a stored uncertainty."""
    known_searched: frozenset[int] = frozenset()
    """Labels with a stored counterfactual, or a reason why there is none."""


class _Stored(NamedTuple):
    number: int
    labels: frozenset[int]
    maps: frozenset[tuple[int, str]]
    uncertain: frozenset[int]
    searched: frozenset[int]
    finished: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be stored of each label of a sample."""

    explainers: Sequence[str]
    """Names of those whose maps are stored."""
    baselines: Sequence[str]
    """Names of those that are only scored."""
    metrics: Sequence[Metric]
    uncertainty: bool = False
    """Whether the uncertainty of each probability is."""
    counterfactuals: bool = False
    """Whether counterfactuals are, or the reason why there is none."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all explainers and baselines."""
        return (*self.explainers, *self.baselines)

    def done(self, known: KnownSample) -> frozenset[tuple[int, str]]:
        """(label, explainer or baseline name) of which everything is stored."""
        return frozenset(
            (label, name)
            for label in known.labels
            for name in self.names
            if (name in self.baselines or (label, name) in known.maps)
            and all(
                (self._scored(metric, label), name, metric.name) in known.scores
                for metric in self.metrics
                if not metric.needs_mask or label in known.boxed
            )
        )

    @staticmethod
    def _scored(metric: Metric, label: int) -> int | None:
        return label if isinstance(metric, LabelSensitiveMetric) else None


class Arrivals:
    """Gives each sample that arrives the number it has in the store, or a free one.

    Samples are known by their content, so a data set that is shuffled anew in each pass resumes
    too. The k-th of several equal samples is the k-th of those stored. A new sample gets its
    position in the data as its number, unless that is taken.
    """

    def __init__(self, writer: JobWriter, wanted: Wanted) -> None:
        self._waiting: dict[str, list[_Stored]] = defaultdict(list)
        self._taken: set[int] = set()
        self._lowest_free = 0
        self.items = 0
        """Items of the data from which a sample has arrived."""
        self.seen = 0
        """Samples that have arrived."""
        self.explained = 0
        """Those of them that the runner has explained."""
        self._skipped = 0
        digests = writer.digests()
        for start in range(0, len(digests), LOOK_UP):
            self._look_up(writer, digests[start : start + LOOK_UP], wanted)
        for stored in self._waiting.values():
            stored.reverse()  # so that `pop` takes the first
        if digests:
            logger.info("%s holds %d samples: going on with it", writer.path, len(digests))

    @property
    def finished(self) -> int:
        """Samples that have arrived and have nothing left to do."""
        return self._skipped + self.explained

    def unfinished(
        self, samples: Iterable[LabelledImage], skipped: Callable[[], None]
    ) -> Iterator[Numbered]:
        """Number the samples; one with nothing left to do is left out, and `skipped` is told."""
        for sample in samples:
            self.items = sample.item + 1
            self.seen += 1
            numbered = self._number(sample)
            if numbered is None:
                self._skipped += 1
                skipped()
            else:
                yield numbered

    def warn_of_strangers(self, path: Path) -> None:
        """Warn of stored samples that did not arrive."""
        strangers = sum(map(len, self._waiting.values()))
        if strangers:
            logger.warning(
                "%s also holds %d samples that `data` did not yield this time", path, strangers
            )

    def _look_up(self, writer: JobWriter, digests: list[tuple[int, str]], wanted: Wanted) -> None:
        known = writer.known([number for number, _ in digests])
        for number, digest in digests:
            labels, maps = known[number].labels, wanted.done(known[number])
            uncertain, searched = known[number].uncertain, known[number].searched
            finished = all((label, name) in maps for label in labels for name in wanted.names)
            finished = finished and (not wanted.uncertainty or labels <= uncertain)
            finished = finished and (not wanted.counterfactuals or labels <= searched)
            # What is finished needs no more than its number.
            none = frozenset[int]()
            nothing = none, frozenset[tuple[int, str]](), none, none
            kept = nothing if finished else (labels, maps, uncertain, searched)
            self._waiting[digest].append(_Stored(number, *kept, finished))
            self._taken.add(number)

    def _number(self, sample: LabelledImage) -> Numbered | None:
        position, digest = self.seen - 1, sample.digest()
        if digest not in self._waiting:
            return Numbered(self._free(position), position, digest, sample, None, frozenset())
        stored = self._waiting[digest].pop()
        if not self._waiting[digest]:
            del self._waiting[digest]
        if stored.finished:
            return None
        known = stored.labels, stored.maps, stored.uncertain, stored.searched
        return Numbered(stored.number, position, digest, sample, *known)

    def _free(self, position: int) -> int:
        if position in self._taken:
            while self._lowest_free in self._taken:
                self._lowest_free += 1
            position = self._lowest_free
        self._taken.add(position)
        return position
