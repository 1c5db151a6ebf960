"""What a writer finds: an empty store to fill, or one to go on with."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seewhy.store.job_records import JSON, ExplainerInfo, MetricInfo
from seewhy.store.sample_records import KnownSample

CURE = "give this run another job name or summary_dir, or make them equal to resume it"


def check_arguments(labels: Sequence[str], explainers: Sequence[ExplainerInfo]) -> None:
    """Raise if the labels or explainers of a job are malformed."""
    for argument, names in (
        ("labels", list(labels)),
        ("explainers", [explainer.name for explainer in explainers]),
    ):
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"`{argument}` must have str names, got {type(name).__name__}")
            if not name.strip():
                raise ValueError(f"`{argument}` must not have blank names, got {name!r}")
        repeated = [name for name, n in Counter(names).items() if n > 1]
        if repeated:
            raise ValueError(f"`{argument}` must have distinct names, got {repeated[0]!r} twice")
    if not labels:
        raise ValueError("`labels` must not be empty")


def prepare(
    connection: sqlite3.Connection,
    path: Path,
    settings: Mapping[str, JSON],
    labels: Sequence[str],
) -> None:
    """Fill a new store with its labels and settings, or compare those stored.

    Raises
    ------
    ValueError
        If something differs.
    """
    row = connection.execute("SELECT value FROM meta WHERE key = 'settings'").fetchone()
    if row is None:
        connection.execute("INSERT INTO meta VALUES ('settings', ?)", (json.dumps(settings),))
        connection.execute("INSERT INTO meta VALUES ('created', ?)", (json.dumps(time.time()),))
        connection.executemany("INSERT INTO label VALUES (?, ?)", enumerate(labels))
    else:
        _compare_settings(path, json.loads(row[0]), settings)
        _compare_labels(connection, path, labels)


def _compare_settings(path: Path, stored: JSON, given: Mapping[str, JSON]) -> None:
    given_json = json.loads(json.dumps(given))
    before = stored if isinstance(stored, Mapping) else {}
    for key in [*before, *(key for key in given_json if key not in before)]:
        missing = "(not set)"
        old, new = before.get(key, missing), given_json.get(key, missing)
        if old != new:
            raise ValueError(
                f"{path} was written with setting `{key}` = {old!r}, this run has {new!r}: {CURE}"
            )


def _compare_labels(connection: sqlite3.Connection, path: Path, labels: Sequence[str]) -> None:
    stored = [name for (name,) in connection.execute("SELECT name FROM label ORDER BY id")]
    if len(stored) != len(labels):
        raise ValueError(
            f"{path} was written with {len(stored)} `labels`, this run has {len(labels)}: {CURE}"
        )
    for index, (old, new) in enumerate(zip(stored, labels, strict=True)):
        if old != new:
            raise ValueError(
                f"{path} was written with `labels`[{index}] = {old!r}, this run has {new!r}: {CURE}"
            )


def add_explainers(
    connection: sqlite3.Connection, path: Path, explainers: Sequence[ExplainerInfo]
) -> None:
    """Add the explainers that are new; ValueError if a known one has other parameters."""
    rows = connection.execute("SELECT name, signed, params FROM explainer").fetchall()
    stored = {name: (bool(signed), json.loads(params)) for name, signed, params in rows}
    for explainer in explainers:
        params = json.loads(json.dumps(explainer.params))
        if explainer.name not in stored:
            connection.execute(
                "INSERT INTO explainer (name, signed, params, baseline) VALUES (?, ?, ?, ?)",
                (
                    explainer.name,
                    int(explainer.signed),
                    json.dumps(params),
                    int(explainer.baseline),
                ),
            )
        elif stored[explainer.name] != (explainer.signed, params):
            if not _has_made(connection, explainer.name):
                # It failed before it made anything: nothing depends on its old parameters.
                connection.execute(
                    "UPDATE explainer SET signed = ?, params = ? WHERE name = ?",
                    (int(explainer.signed), json.dumps(params), explainer.name),
                )
                continue
            raise ValueError(
                f"{path} has an explainer {explainer.name!r} with "
                f"{_describe(*stored[explainer.name])}, this run has one with "
                f"{_describe(explainer.signed, params)}: give it another name, or {CURE}"
            )


def _has_made(connection: sqlite3.Connection, explainer: str) -> bool:
    """Whether anything that the explainer made is stored."""
    for table in ("map", "score", "sample_score", "summary_score", "attribution", "coefficient"):
        query = (
            f"SELECT 1 FROM {table} JOIN explainer ON explainer.id = explainer_id WHERE name = ?"
        )
        if connection.execute(f"{query} LIMIT 1", (explainer,)).fetchone() is not None:
            return True
    return False


def add_metrics(connection: sqlite3.Connection, path: Path, metrics: Sequence[MetricInfo]) -> None:
    """Add the metrics that are new; ValueError if a known one has other parameters."""
    rows = connection.execute("SELECT name, params FROM metric").fetchall()
    stored = {name: json.loads(params) for name, params in rows}
    for metric in metrics:
        params = json.loads(json.dumps(metric.params))
        if metric.name not in stored:
            low, high = (x if math.isfinite(x) else None for x in (metric.low, metric.high))
            connection.execute(
                "INSERT INTO metric "
                "(name, higher_is_better, low, high, params, chance, needs_mask) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    metric.name,
                    int(metric.higher_is_better),
                    low,
                    high,
                    json.dumps(params),
                    metric.chance,
                    int(metric.needs_mask),
                ),
            )
        elif stored[metric.name] != params:
            raise ValueError(
                f"{path} has a metric {metric.name!r} with params {stored[metric.name]!r}, this "
                f"run has one with {params!r}: {CURE}"
            )


METHODS = {
    "uncertainty": ("uncertainties", "SELECT 1 FROM inference WHERE std IS NOT NULL LIMIT 1"),
    "hierarchical_occlusion": ("counterfactuals", "SELECT 1 FROM counterfactual LIMIT 1"),
}
"""What each method makes, and whether some of it is stored."""


def set_method(
    connection: sqlite3.Connection, path: Path, method: str, settings: Mapping[str, JSON]
) -> None:
    """Note the settings of a method; ValueError if it made something with other settings."""
    given = json.loads(json.dumps(settings))
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (method,)).fetchone()
    stored = given if row is None else json.loads(row[0])
    things, made = METHODS[method]
    if stored != given and connection.execute(made).fetchone() is not None:
        raise ValueError(
            f"{path} has {things} with settings {stored!r}, this run has {given!r}: {CURE}"
        )
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
        (method, json.dumps(given)),
    )


def _describe(signed: bool, params: JSON) -> str:
    return f"params {params!r} ({'signed' if signed else 'unsigned'})"


_NAMES = (
    "JOIN explainer ON explainer.id = explainer_id JOIN metric ON metric.id = metric_id "
    "WHERE sample_id "
)
KNOWN = {
    "labels": "SELECT sample_id, label_id FROM inference WHERE sample_id ",
    "uncertain": ("SELECT sample_id, label_id FROM inference WHERE std IS NOT NULL AND sample_id "),
    "searched": "SELECT sample_id, label_id FROM counterfactual WHERE sample_id ",
    "maps": (
        "SELECT sample_id, label_id, name FROM map JOIN explainer ON explainer.id = explainer_id "
        "WHERE sample_id "
    ),
    "scores": f"SELECT sample_id, label_id, explainer.name, metric.name FROM score {_NAMES}",
    "sample scores": (
        f"SELECT sample_id, NULL, explainer.name, metric.name FROM sample_score {_NAMES}"
    ),
    "boxed": (
        "SELECT sample_id, label_id FROM box JOIN sample ON sample.id = sample_id "
        "WHERE label_id IS NOT NULL AND x < width AND x + w > 0 AND y < height AND y + h > 0 "
        "AND sample_id "
    ),
}


def known_samples(
    connection: sqlite3.Connection, sample_ids: Sequence[int]
) -> dict[int, KnownSample]:
    """Look up what is stored of these samples."""
    known: dict[int, KnownSample] = {}
    for start in range(0, len(sample_ids), 500):
        ids = [int(number) for number in sample_ids[start : start + 500]]
        chosen = f"IN ({','.join('?' * len(ids))})"
        found = {name: _by_sample(connection, sql + chosen, ids) for name, sql in KNOWN.items()}
        for sample, digest in connection.execute(
            f"SELECT id, digest FROM sample WHERE id {chosen}", ids
        ):
            scores = found["scores"][sample] + found["sample scores"][sample]
            known[sample] = KnownSample(
                digest,
                frozenset(label for (label,) in found["labels"][sample]),
                frozenset(found["maps"][sample]),
                frozenset(scores),
                frozenset(label for (label,) in found["boxed"][sample]),
                frozenset(label for (label,) in found["uncertain"][sample]),
                frozenset(label for (label,) in found["searched"][sample]),
            )
    return known


def _by_sample(
    connection: sqlite3.Connection, query: str, ids: Sequence[int]
) -> dict[int, list[Any]]:
    """Rows without their first column, which is the sample."""
    rows: dict[int, list[Any]] = defaultdict(list)
    for sample, *row in connection.execute(query, ids):
        rows[sample].append(tuple(row))
    return rows
