"""Writing a job of images: buffered, resumable, safe to kill."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from seewhy.store import counterfactuals, resume
from seewhy.store.base_writer import StoreWriter
from seewhy.store.connect import translate_errors
from seewhy.store.counterfactuals import CounterfactualRecord, counterfactual_rows
from seewhy.store.job_records import JSON, ExplainerInfo, MetricInfo
from seewhy.store.rows import (
    INSERTS,
    map_row,
    sample_rows,
    summary_score_row,
    uncertainty_row,
)
from seewhy.store.sample_records import KnownSample, SaliencyMap, Sample, Uncertainty
from seewhy.store.score_records import SummaryScore


class JobWriter(StoreWriter):
    """Writes one job into `<summary_dir>/<job>.seewhy.db`, or goes on where a run stopped.

    Rows are buffered and written in batches of about 250, or twice a second, each batch in one
    transaction: readers see whole batches, and a killed run loses at most the open one. Writing
    the same sample, label or map again changes nothing. Use it as a context manager, from one
    thread at a time.

    Parameters
    ----------
    summary_dir : str or Path
        Folder; made if it does not exist.
    job : str
        Name of the job and, with a suffix, of its file.
    settings : mapping of str to JSON
        What the results depend on. A run is only resumed with equal settings.
    labels : sequence of str
        Class names by class index; must not change between runs either.
    explainers : sequence of ExplainerInfo
        New ones are added to those stored; a known one must have the same parameters.
    metrics : sequence of MetricInfo, optional
        Likewise.
    total : int or None
        Number of samples, if known.
    bits : {8, 16}
        Depth of the stored maps.
    versions : mapping of str to str, optional
        Versions to note beside those of Python, NumPy, Pillow and SQLite.
    uncertainty : mapping of str to JSON, optional
        Settings with which uncertainties are estimated; where some are stored, the same.
    hierarchical_occlusion : mapping of str to JSON, optional
        Settings with which counterfactuals are searched; where some are stored, the same.

    Raises
    ------
    TypeError, ValueError
        For a bad argument; if labels, settings or an explainer differ from the stored ones; if
        the file is corrupt, not a store or of a newer version (it is left untouched).
    OSError
        If the folder or the file cannot be written.
    RuntimeError
        If another live process writes this job.
    """

    statements: ClassVar[Mapping[str, str]] = {
        **{str(table): sql for table, sql in INSERTS.items()},
        **{str(table): sql for table, sql in counterfactuals.INSERTS.items()},
    }
    orphan = "a saliency map was added for a sample or label that `add_sample` never got"

    def __init__(
        self,
        summary_dir: str | Path,
        job: str,
        *,
        settings: Mapping[str, JSON],
        labels: Sequence[str],
        explainers: Sequence[ExplainerInfo],
        metrics: Sequence[MetricInfo] = (),
        total: int | None,
        bits: Literal[8, 16] = 8,
        versions: Mapping[str, str] | None = None,
        uncertainty: Mapping[str, JSON] | None = None,
        hierarchical_occlusion: Mapping[str, JSON] | None = None,
    ) -> None:
        if bits not in (8, 16):
            raise ValueError(f"`bits` must be 8 or 16, got {bits!r}")

        def prepare(connection: sqlite3.Connection) -> None:
            for method, given in (
                ("uncertainty", uncertainty),
                ("hierarchical_occlusion", hierarchical_occlusion),
            ):
                if given is not None:
                    resume.set_method(connection, self.path, method, given)

        super().__init__(
            summary_dir,
            job,
            settings=settings,
            labels=labels,
            explainers=explainers,
            metrics=metrics,
            total=total,
            versions=versions,
            prepare=prepare,
        )
        self._bits = bits

    def known(self, sample_ids: Sequence[int]) -> dict[int, KnownSample]:
        """Look up what is already stored of these samples; unknown ones are left out."""
        self.flush()
        with translate_errors(self.path):
            return resume.known_samples(self._connection, sample_ids)

    def add_sample(self, sample: Sample) -> None:
        """Add a sample with its inferences; a no-op for what is already stored.

        Raises
        ------
        ValueError
            If a label is out of range, or a probability is not in [0, 1].
        """
        self._check_open()
        for table, rows in sample_rows(sample, self._labels).items():
            self._pending[table].extend(rows)
        self._flush_if_due()

    def add_maps(self, maps: Iterable[SaliencyMap]) -> None:
        """Add saliency maps of samples that were added; a no-op for those already stored.

        Raises
        ------
        TypeError
            If the values are not floats.
        ValueError
            If a map is not 2-D, is empty or has NaN or infinite values, or names an unknown
            label or explainer.
        """
        self._check_open()
        for saliency in maps:
            row = map_row(saliency, self._labels, self._explainers, self._bits)
            self._pending["map"].append(row)
            self._flush_if_due()

    def add_summary_scores(self, scores: Iterable[SummaryScore]) -> None:
        """Add mean scores of which nothing else is known; later ones replace earlier ones.

        They count where an explainer has no other scores under a metric.

        Raises
        ------
        ValueError
            If a score is not finite, or names an unknown label, explainer or metric.
        """
        self._check_open()
        for score in scores:
            row = summary_score_row(score, self._labels, self._explainers, self._metrics)
            self._pending["summary_score"].append(row)
            self._flush_if_due()

    def add_uncertainties(self, found: Iterable[tuple[int, int, Uncertainty]]) -> None:
        """Add (sample, label, uncertainty) of samples that were added; a no-op for those stored.

        Raises
        ------
        ValueError
            If a label is out of range or a value is not finite.
        """
        self._check_open()
        for sample_id, label, uncertainty in found:
            row = uncertainty_row(sample_id, label, uncertainty, self._labels)
            self._pending["uncertainty"].append(row)
            self._flush_if_due()

    def add_counterfactuals(self, found: Iterable[CounterfactualRecord]) -> None:
        """Add counterfactuals of samples that were added; a no-op for those already stored.

        Raises
        ------
        ValueError
            If a label is out of range or a value is not finite.
        """
        self._check_open()
        for record in found:
            for table, rows in counterfactual_rows(record, self._labels).items():
                self._pending[table].extend(rows)
            self._flush_if_due()

    def _holdings(self) -> str:
        samples, maps = self._connection.execute(
            "SELECT (SELECT coalesce(sum(n), 0) FROM sample_count), (SELECT count(*) FROM map)"
        ).fetchone()
        return f"{samples} samples and {maps} maps"
