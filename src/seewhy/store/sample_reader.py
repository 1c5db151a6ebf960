"""Reading the samples of a job: which there are, and their pictures and maps."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from seewhy.store import queries
from seewhy.store.base_reader import StoreReader
from seewhy.store.encode import decode_map
from seewhy.store.sample_query import Cursor, SampleQuery, Sort
from seewhy.store.sample_records import Kind, SampleRecord
from seewhy.store.samples import fetch_samples


class SamplePage(NamedTuple):
    """A page of samples, the places of its neighbours, and how many samples match in all."""

    samples: tuple[SampleRecord, ...]
    before: Cursor | None
    after: Cursor | None
    matching: int


class SampleReader(StoreReader):
    """The part of `JobReader` about samples."""

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

    def uncertainties(self) -> tuple[int, int]:
        """Count the inferences whose uncertainty is stored, and all inferences."""
        with self._query() as connection:
            row = connection.execute("SELECT count(std), count(*) FROM inference").fetchone()
        return int(row[0]), int(row[1])

    def highest_std(self) -> float | None:
        """Highest standard deviation of any probability; None if none was estimated."""
        with self._query() as connection:
            (highest,) = connection.execute("SELECT max(max_std) FROM sample").fetchone()
        return cast("float | None", highest)

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

    def _blob(self, sql: str, number: int) -> Any:
        with self._query() as connection:
            row = connection.execute(sql, (number,)).fetchone()
        if row is None:
            raise KeyError(f"no picture {number} in {self.path}")
        return row[0]
