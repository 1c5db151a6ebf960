"""Reading a job, also while it is being written."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.store import assessment, counterfactual_queries, queries, scores, summary_scores
from seewhy.store.assessment import Ranking
from seewhy.store.connect import lock_path, open_readable, translate_errors
from seewhy.store.counterfactual_queries import CounterfactualQuery, Place
from seewhy.store.counterfactuals import (
    CounterfactualEntry,
    CounterfactualRecord,
    count_counterfactuals,
    fetch_counterfactuals,
    fetch_entries,
)
from seewhy.store.encode import decode_map
from seewhy.store.lock import is_locked
from seewhy.store.records import (
    ExplainerInfo,
    JobInfo,
    Kind,
    MetricInfo,
    SampleRecord,
    Score,
    ScoredSample,
    ScoreSummary,
)
from seewhy.store.sample_query import Cursor, SampleQuery, Sort
from seewhy.store.samples import fetch_samples, fetch_scores

# Where the lock cannot be asked (another host), a running job that is silent this long is stalled.
SILENT_SECONDS = 600


class SamplePage(NamedTuple):
    """A page of samples, the places of its neighbours, and how many samples match in all."""

    samples: tuple[SampleRecord, ...]
    before: Cursor | None
    after: Cursor | None
    matching: int


class CounterfactualPage(NamedTuple):
    """A page of the list of counterfactuals, and the samples on either side of it.

    Attributes
    ----------
    entries : tuple of CounterfactualEntry
        In order.
    places : tuple of Place
        Of the entries.
    previous, next : Place or None
        Of the sample in front of the page, and of the one behind it.
    matching : int
        Samples that match in all.
    """

    entries: tuple[CounterfactualEntry, ...]
    places: tuple[Place, ...]
    previous: Place | None
    next: Place | None
    matching: int


class JobReader:
    """Read-only view of a store; use it as a context manager or call `close`.

    Parameters
    ----------
    path : str or Path
        A `.seewhy.db` file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is corrupt, not a store, or newer than this SeeWhy; methods raise it too when
        the file is damaged while it is open.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._connection = open_readable(self.path)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Class names by class index."""
        with self._query() as connection:
            rows = connection.execute("SELECT name FROM label ORDER BY id").fetchall()
        return tuple(name for (name,) in rows)

    @property
    def explainers(self) -> tuple[ExplainerInfo, ...]:
        """Explainers in the order in which they were registered; a running job may get more."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name, signed, params FROM explainer WHERE NOT baseline ORDER BY id"
            ).fetchall()
        return tuple(
            ExplainerInfo(name, bool(signed), json.loads(params)) for name, signed, params in rows
        )

    @property
    def baselines(self) -> tuple[str, ...]:
        """Names of what is only scored, for the scores of the explainers to be compared with."""
        with self._query() as connection:
            rows = connection.execute("SELECT name FROM explainer WHERE baseline ORDER BY id")
            return tuple(name for (name,) in rows)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> JobReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def info(self) -> JobInfo:
        """Summary of the job."""
        with self._query() as connection:
            meta = {
                key: json.loads(value)
                for key, value in connection.execute("SELECT key, value FROM meta")
            }
            samples = queries.count(connection, SampleQuery())
            counterfactuals = count_counterfactuals(connection)
            metrics = connection.execute("SELECT count(*) FROM metric").fetchone()[0]
        explainers = self.explainers
        try:
            return JobInfo(
                name=meta["job"],
                status=meta["status"],
                state=self._state(meta),
                created=meta["created"],
                updated=meta["updated"],
                done=meta["done"],
                total=meta["total"],
                samples=samples,
                revision=meta["revision"],
                size=self._size(),
                labels=len(self.labels),
                explainers=explainers,
                settings=meta["settings"],
                versions=meta["versions"],
                forwards=meta.get("forwards", ""),
                uncertainty=meta.get("uncertainty"),
                hierarchical_occlusion=meta.get("hierarchical_occlusion"),
                counterfactuals=counterfactuals,
                metrics=metrics,
                rate=_rate(meta),
            )
        except KeyError as error:
            raise ValueError(f"{self.path} is not a complete SeeWhy store: no {error}") from error

    def revision(self) -> int:
        """Return a number that grows with every batch written.

        Unlike `PRAGMA data_version` it means the same on every connection.
        """
        with self._query() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
        return int(row[0])

    def uncertainties(self) -> tuple[int, int]:
        """Count the inferences whose uncertainty is stored, and all inferences."""
        with self._query() as connection:
            row = connection.execute("SELECT count(std), count(*) FROM inference").fetchone()
        return int(row[0]), int(row[1])

    def counts(self) -> dict[int, dict[Kind | None, int]]:
        """Count the inferences by label and kind; one label has at most one a sample."""
        table: dict[int, dict[Kind | None, int]] = {}
        with self._query() as connection:
            for label, kind, n in connection.execute("SELECT label_id, kind, n FROM facet"):
                table.setdefault(label, {})[kind or None] = n
        return table

    def frequent_labels(
        self, kinds: Sequence[Kind], limit: int
    ) -> tuple[list[tuple[int, int]], int]:
        """Find the labels that most samples have, and how many there are of all.

        Parameters
        ----------
        kinds
            Of the inferences that count; empty: any.
        limit
            At most so many labels are given, each with its number of samples.
        """
        counted = f"kind IN ({', '.join('?' * len(kinds))})" if kinds else "1"
        with self._query() as connection:
            rows = connection.execute(
                f"SELECT label_id, sum(n * ({counted})) AS total, count(*) OVER () FROM facet "
                "JOIN label ON label.id = label_id GROUP BY label_id "
                "ORDER BY total DESC, name LIMIT ?",
                (*kinds, limit),
            ).fetchall()
        return [(label, total) for label, total, _ in rows], rows[0][2] if rows else 0

    def metrics(self) -> tuple[MetricInfo, ...]:
        """Return the metrics of the job, in the order in which they were registered."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name, higher_is_better, coalesce(low, '-inf'), coalesce(high, 'inf'), "
                "params, chance, needs_mask FROM metric ORDER BY id"
            )
            return tuple(
                MetricInfo(
                    name,
                    bool(better),
                    float(low),
                    float(high),
                    json.loads(params),
                    chance,
                    bool(needs_mask),
                )
                for name, better, low, high, params, chance, needs_mask in rows
            )

    def metrics_of_labels(self) -> frozenset[str]:
        """Names of the metrics that score labels; other metrics score samples, or nothing yet."""
        with self._query() as connection:
            rows = connection.execute(
                "SELECT name FROM metric WHERE EXISTS (SELECT 1 FROM score WHERE metric_id = id) "
                "OR EXISTS (SELECT 1 FROM summary_score AS s "
                "WHERE s.metric_id = metric.id AND label_id IS NOT NULL)"
            )
            return frozenset(name for (name,) in rows)

    def scores(self, by_label: bool = True) -> tuple[ScoreSummary, ...]:
        """Mean scores of each explainer and baseline under each metric, with 95 % intervals.

        Parameters
        ----------
        by_label
            Whether to give the mean of each label besides that of all together.
        """
        with self._query() as connection:
            made = scores.overall(connection)
            made += scores.by_label(connection) if by_label else []
            return tuple(made + summary_scores.imported(connection, by_label))

    def label_scores(
        self,
        metric: str | None = None,
        explainer: str | None = None,
        labels: Sequence[int] | None = None,
    ) -> tuple[ScoreSummary, ...]:
        """Mean scores of single labels, with 95 % intervals.

        Parameters
        ----------
        metric, explainer
            Names; None: all of them.
        labels : sequence of int
            Class indices. None: all labels, and as intervals of thousands take long, without.
        """
        with self._query() as connection:
            told = [
                summary
                for summary in summary_scores.imported(connection)
                if summary.label is not None
                and metric in (None, summary.metric)
                and explainer in (None, summary.explainer)
                and (labels is None or summary.label in labels)
            ]
            if labels is None:
                return (*scores.label_means(connection, metric, explainer), *told)
            return (*scores.by_label(connection, metric, explainer, labels), *told)

    def extreme_scores(
        self,
        metric: str,
        explainer: str,
        label: int | None = None,
        highest: bool = False,
        limit: int = 12,
    ) -> tuple[ScoredSample, ...]:
        """Explanations with the lowest or highest scores, the most extreme first.

        Parameters
        ----------
        metric, explainer
            Names.
        label : int or None
            Class index; None: any.
        highest
            Whether the highest are wanted.
        limit
            How many at most.
        """
        with self._query() as connection:
            return scores.extremes(connection, metric, explainer, label, highest, limit)

    def mean_scores(self) -> dict[tuple[str, str, int | None], float]:
        """Mean scores alone, by explainer or baseline, metric and label; None: over all labels."""
        with self._query() as connection:
            return summary_scores.plain_means(connection)

    def sanity_report(self) -> tuple[Ranking, ...]:
        """Rank the explainers under each metric, and compare each with the baselines."""
        metrics = self.metrics()
        with self._query() as connection:
            return assessment.rankings(connection, metrics)

    def count(self, query: SampleQuery) -> int:
        """Count the samples that match."""
        with self._query() as connection:
            return queries.count(connection, query)

    def page(self, query: SampleQuery) -> SamplePage:
        """One page of samples that match."""
        with self._query() as connection:
            rows, has_previous, has_next = queries.page(connection, query)
            return SamplePage(
                samples=fetch_samples(connection, [row.sample_id for row in rows]),
                before=rows[0] if has_previous else None,
                after=rows[-1] if has_next else None,
                matching=queries.count(connection, query),
            )

    def neighbours(
        self, query: SampleQuery, sample_id: int
    ) -> tuple[SampleRecord | None, SampleRecord | None]:
        """Samples just before and after one in the order of a query, whose place does not matter.

        None where there is none, and twice None if the sample itself does not match.
        """
        with self._query() as connection:
            at = queries.place(connection, query, sample_id)
            if at is None:
                return None, None
            found = queries.neighbours(connection, query, at)
            ids = [cursor.sample_id for cursor in found if cursor]
            records = {record.id: record for record in fetch_samples(connection, ids)}
        before, after = (records[cursor.sample_id] if cursor else None for cursor in found)
        return before, after

    def highest_std(self) -> float | None:
        """Highest standard deviation of any probability; None if none was estimated."""
        with self._query() as connection:
            (highest,) = connection.execute("SELECT max(max_std) FROM sample").fetchone()
        return cast("float | None", highest)

    def samples(
        self,
        labels: Sequence[str | int] = (),
        kinds: Sequence[Kind] = (),
        sort: Sort = "id",
        min_std: float | None = None,
    ) -> Iterator[SampleRecord]:
        """All samples that match, page by page.

        Parameters
        ----------
        labels : sequence of str or int
            Class names or indices; empty: any.
        kinds : sequence of {"TP", "FN", "FP"}
            Must hold on the same inference as the label; empty: any.
        sort : {"id", "prob", "-prob", "sd", "-sd"}
            Data set order, or by probability or its standard deviation, up or down.
        min_std : float or None
            Lowest standard deviation, on the same inference too; None: any, and none at all.
        """
        indices = tuple(self._label(label) for label in labels)
        after: Cursor | None = None
        while True:
            query = SampleQuery(indices, tuple(kinds), sort, after, limit=200, min_std=min_std)
            with self._query() as connection:
                rows, _, has_next = queries.page(connection, query)
                records = fetch_samples(connection, [row.sample_id for row in rows])
            yield from records
            if not has_next:
                return
            after = rows[-1]

    def sample(self, sample_id: int) -> SampleRecord:
        """One sample; KeyError if there is none."""
        with self._query() as connection:
            records = fetch_samples(connection, [sample_id])
        if not records:
            raise KeyError(f"no sample {sample_id} in {self.path}")
        return records[0]

    def sample_scores(self, sample_id: int) -> tuple[Score, ...]:
        """Return what every metric says of every explanation of a sample, baselines included."""
        with self._query() as connection:
            return fetch_scores(connection, sample_id)

    def counterfactuals(self, sample_ids: Sequence[int]) -> tuple[CounterfactualRecord, ...]:
        """Counterfactuals of some samples, by sample and label; also those without a region."""
        with self._query() as connection:
            return fetch_counterfactuals(connection, sample_ids)

    def counterfactual_page(
        self, query: CounterfactualQuery, holding: int | None = None
    ) -> CounterfactualPage:
        """One page of the samples whose labels were searched.

        Parameters
        ----------
        query
            Which ones, in which order.
        holding
            A sample: where the first page does not hold it, the page that begins with it is given,
            if it matches. Plays no part when the query names a place.
        """
        with self._query() as connection:
            rows = counterfactual_queries.page_holding(connection, query, holding)
            keys = [(place.sample_id, place.label) for place in rows.rows]
            return CounterfactualPage(
                entries=fetch_entries(connection, keys),
                places=tuple(rows.rows),
                previous=rows.previous,
                next=rows.next,
                matching=counterfactual_queries.count(connection, query),
            )

    def count_counterfactuals(self, query: CounterfactualQuery) -> int:
        """Count the samples whose labels match."""
        with self._query() as connection:
            return counterfactual_queries.count(connection, query)

    def counterfactual_counts(self, query: CounterfactualQuery) -> dict[int, int]:
        """Count the samples by label, whichever label the query names."""
        with self._query() as connection:
            return counterfactual_queries.counts(connection, query)

    def image(self, sample_id: int) -> Image.Image:
        """Original of a sample, at most 512 px; KeyError if there is none."""
        return Image.open(io.BytesIO(self.image_jpeg(sample_id)))

    def image_jpeg(self, sample_id: int, thumbnail: bool = False) -> bytes:
        """Original as JPEG, at most 512 px or 320 px; KeyError if there is none."""
        column = "coalesce(thumbnail, jpeg)" if thumbnail else "jpeg"
        return cast(bytes, self._blob(f"SELECT {column} FROM image WHERE sample_id = ?", sample_id))

    def map_png(self, map_id: int) -> bytes:
        """Map as grey PNG; KeyError if there is none."""
        return cast(bytes, self._blob("SELECT png FROM map WHERE id = ?", map_id))

    def saliency(self, sample_id: int, label: str | int, explainer: str) -> npt.NDArray[np.float32]:
        """Values of a map at its own grid, shape (h, w); KeyError if there is none."""
        index = self._label(label)
        with self._query() as connection:
            row = connection.execute(
                "SELECT png, vmin, vmax FROM map JOIN explainer ON explainer.id = explainer_id "
                "WHERE sample_id = ? AND label_id = ? AND explainer.name = ?",
                (sample_id, index, explainer),
            ).fetchone()
        if row is None:
            raise KeyError(f"no {explainer} map of sample {sample_id} for label {label!r}")
        return decode_map(*row)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within it, all that is read is of one moment, however long it takes.

        Raises
        ------
        RuntimeError
            If that would stop a run: on network file systems a writer waits for readers.
        """
        with self._query() as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal" and is_locked(lock_path(self.path)):
                raise RuntimeError(
                    f"{self.path} is being written on a network file system, and its run would "
                    "wait: try again when the run has ended"
                )
            yield

    @contextlib.contextmanager
    def _query(self) -> Iterator[sqlite3.Connection]:
        """One transaction, so that all statements see the same state of a growing store."""
        within = self._connection.in_transaction
        with translate_errors(self.path):
            if within:
                yield self._connection
                return
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _blob(self, sql: str, number: int) -> Any:
        with self._query() as connection:
            row = connection.execute(sql, (number,)).fetchone()
        if row is None:
            raise KeyError(f"no picture {number} in {self.path}")
        return row[0]

    def _label(self, label: str | int) -> int:
        if isinstance(label, str):
            if label not in self.labels:
                raise ValueError(f"`label` must be one of the job's labels, got {label!r}")
            return self.labels.index(label)
        if not 0 <= label < len(self.labels):
            raise ValueError(f"`label` must be in 0..{len(self.labels) - 1}, got {label}")
        return label

    def _state(self, meta: dict[str, Any]) -> str:
        if meta["status"] != "running":
            return str(meta["status"])
        locked = is_locked(lock_path(self.path))
        if locked is None:
            locked = time.time() - meta["updated"] < SILENT_SECONDS
        return "running" if locked else "stalled"

    def _size(self) -> int:
        log = self.path.with_name(self.path.name + "-wal")
        return sum(file.stat().st_size for file in (self.path, log) if file.exists())


def _rate(meta: Mapping[str, Any]) -> float | None:
    session = meta.get("session")  # missing in stores of older writers
    if session is None or meta["updated"] <= session["began"]:
        return None
    done = meta["done"] - session["done"]
    return done / (meta["updated"] - session["began"]) if done > 0 else None


def read_job(path: str | Path) -> JobReader:
    """Open a job for reading: ``with read_job("runs/cats.seewhy.db") as job: ...``."""
    return JobReader(path)
