"""Writing a tabular job: buffered, resumable, safe to kill."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from seewhy.store.base_writer import StoreWriter
from seewhy.store.connect import translate_errors
from seewhy.store.job_records import JSON, ExplainerInfo, MetricInfo
from seewhy.store.resume import CURE, KNOWN
from seewhy.store.tabular_records import (
    Attribution,
    Coefficients,
    FeatureInfo,
    Floats,
    KnownRow,
    TabularRow,
)
from seewhy.store.tabular_rows import (
    STATEMENTS,
    attribution_rows,
    feature_row,
    numbers,
    read_categories,
    row_rows,
)

LOOK_UP = 500


class TabularWriter(StoreWriter):
    """Writes a tabular job into `<summary_dir>/<job>.seewhy.db`, or goes on where a run stopped.

    Writing the same row or attribution again changes nothing. Use it as a context manager, from
    one thread at a time. It buffers and locks as `JobWriter` does.

    Parameters
    ----------
    summary_dir, job, settings, explainers, metrics, total, versions
        As for `JobWriter`. The setting "kind" should begin with "tabular".
    labels : sequence of str
        Names of the model's outputs; one for a regression.
    features : sequence of FeatureInfo
        Of the columns, with distinct names; they must not change between runs.

    Raises
    ------
    TypeError, ValueError, OSError, RuntimeError
        As `JobWriter`; ValueError also if the features differ from the stored ones.
    """

    statements: ClassVar[Mapping[str, str]] = STATEMENTS
    orphan = "an attribution or score was added for a row or label that `add_row` never got"

    def __init__(
        self,
        summary_dir: str | Path,
        job: str,
        *,
        settings: Mapping[str, JSON],
        labels: Sequence[str],
        features: Sequence[FeatureInfo],
        explainers: Sequence[ExplainerInfo],
        metrics: Sequence[MetricInfo] = (),
        total: int | None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        def prepare(connection: sqlite3.Connection) -> None:
            _prepare_features(connection, self.path, features)

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
        self._num_features = len(features)
        self._regression = settings.get("kind") == "tabular regression"

    def known(self, row_ids: Sequence[int]) -> dict[int, KnownRow]:
        """Look up what is already stored of these rows; unknown ones are left out."""
        self.flush()
        with translate_errors(self.path):
            found: dict[int, KnownRow] = {}
            for start in range(0, len(row_ids), LOOK_UP):
                ids = [int(number) for number in row_ids[start : start + LOOK_UP]]
                found |= _known(self._connection, ids)
            return found

    def first_rows(self, limit: int) -> tuple[Floats, Floats]:
        """Features (n, K) and outputs (n, L) of the first rows stored, at most `limit`."""
        self.flush()
        with translate_errors(self.path):
            stored = self._connection.execute(
                "SELECT features, outputs FROM tabular_row ORDER BY sample_id LIMIT ?", (limit,)
            ).fetchall()
        features = np.array([json.loads(row[0]) for row in stored], dtype=np.float64)
        outputs = np.array([json.loads(row[1]) for row in stored], dtype=np.float64)
        return features, outputs

    def add_row(self, row: TabularRow) -> None:
        """Add a row with its inferences; a no-op for what is already stored.

        Raises
        ------
        ValueError
            If a label is out of range, or numbers are not finite or too few or many.
        """
        self._add(row_rows(row, self._num_features, self._labels, self._regression))

    def add_attributions(self, attributions: Iterable[Attribution]) -> None:
        """Add attributions of rows that were added; a no-op for those already stored.

        Raises
        ------
        ValueError
            If values are not finite or too few or many, or the label or explainer is unknown.
        """
        for found in attributions:
            self._add(attribution_rows(found, self._num_features, self._labels, self._explainers))

    def set_coefficients(self, explainer: str, found: Coefficients, digest: str) -> None:
        """Store what an explainer says of the model as a whole, in the place of what it said.

        `digest` is that of the rows that it was made of.

        Raises
        ------
        ValueError
            If values are not finite or of another shape.
        """
        self.flush()
        number, _ = self._explainers[explainer]
        rows = [
            (number, target, view, numbers("coefficients", values, self._num_features), digest)
            for target in range(self._labels)
            for view, values in [(None, found.overall[target]), *enumerate(found.relative[target])]
        ]
        with self._transaction():
            self._connection.execute("DELETE FROM coefficient WHERE explainer_id = ?", (number,))
            self._connection.executemany(
                "INSERT INTO coefficient (explainer_id, label_id, view_id, weights, digest) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            )
            self._touch()

    def coefficients_digest(self, explainer: str) -> str | None:
        """Digest of the rows that stored coefficients were made of; None if there are none."""
        with translate_errors(self.path):
            row = self._connection.execute(
                "SELECT digest FROM coefficient WHERE explainer_id = ? LIMIT 1",
                (self._explainers[explainer][0],),
            ).fetchone()
        return None if row is None else str(row[0])

    def _add(self, rows: Mapping[str, list[tuple[Any, ...]]]) -> None:
        """Buffer rows that belong into one transaction."""
        self._check_open()
        for table, made in rows.items():
            self._pending[table].extend(made)
        self._flush_if_due()

    def _holdings(self) -> str:
        rows, attributions = self._connection.execute(
            "SELECT (SELECT count(*) FROM tabular_row), (SELECT count(*) FROM attribution)"
        ).fetchone()
        return f"{rows} rows and {attributions} attributions"


def _prepare_features(
    connection: sqlite3.Connection, path: Path, features: Sequence[FeatureInfo]
) -> None:
    """Fill a new store with its features, or compare those stored."""
    stored = connection.execute("SELECT name, categories FROM feature ORDER BY id").fetchall()
    if not stored:
        connection.executemany(
            "INSERT INTO feature VALUES (?, ?, ?)",
            [feature_row(number, feature) for number, feature in enumerate(features)],
        )
        return
    if len(stored) != len(features):
        raise ValueError(
            f"{path} was written with {len(stored)} features, this run has {len(features)}: {CURE}"
        )
    for number, ((name, categories), feature) in enumerate(zip(stored, features, strict=True)):
        if name != feature.name:
            raise ValueError(
                f"{path} was written with feature {number} = {name!r}, this run has "
                f"{feature.name!r}: {CURE}"
            )
        given = read_categories(feature_row(number, feature)[2])
        if read_categories(categories) != given:
            raise ValueError(
                f"{path} was written with categories of {name!r} = {categories}, this run has "
                f"{given}: {CURE}"
            )


def _known(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, KnownRow]:
    chosen = f"IN ({','.join('?' * len(ids))})"
    labels: dict[int, set[int]] = defaultdict(set)
    for row, label in connection.execute(
        f"SELECT sample_id, label_id FROM inference WHERE sample_id {chosen}", ids
    ):
        labels[row].add(label)
    made: dict[int, set[tuple[int, str]]] = defaultdict(set)
    for row, label, explainer in connection.execute(
        "SELECT sample_id, label_id, name FROM attribution "
        f"JOIN explainer ON explainer.id = explainer_id WHERE sample_id {chosen}",
        ids,
    ):
        made[row].add((label, explainer))
    scores: dict[int, set[tuple[int, str, str]]] = defaultdict(set)
    for row, *scored in connection.execute(f"{KNOWN['scores']}{chosen}", ids):
        scores[row].add(tuple(scored))
    return {
        row: KnownRow(
            np.array(json.loads(outputs)),
            frozenset(labels[row]),
            frozenset(made[row]),
            frozenset(scores[row]),
        )
        for row, outputs in connection.execute(
            f"SELECT sample_id, outputs FROM tabular_row WHERE sample_id {chosen}", ids
        )
    }
