"""What a writer finds: an empty store to fill, or one to go on with."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from seewhy.store.records import JSON, ExplainerInfo, KnownSample, MetricInfo

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
    explainers: Sequence[ExplainerInfo],
) -> None:
    """Fill a new store with its labels, settings and explainers, or compare those stored.

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
    _add_explainers(connection, path, explainers)


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


def _add_explainers(
    connection: sqlite3.Connection, path: Path, explainers: Sequence[ExplainerInfo]
) -> None:
    rows = connection.execute("SELECT name, signed, params FROM explainer").fetchall()
    stored = {name: (bool(signed), json.loads(params)) for name, signed, params in rows}
    for explainer in explainers:
        params = json.loads(json.dumps(explainer.params))
        if explainer.name not in stored:
            connection.execute(
                "INSERT INTO explainer (name, signed, params) VALUES (?, ?, ?)",
                (explainer.name, int(explainer.signed), json.dumps(params)),
            )
        elif stored[explainer.name] != (explainer.signed, params):
            if not _has_maps(connection, explainer.name):
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


def _has_maps(connection: sqlite3.Connection, explainer: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM map JOIN explainer ON explainer.id = explainer_id WHERE name = ? LIMIT 1",
        (explainer,),
    ).fetchone()
    return row is not None


def add_metrics(connection: sqlite3.Connection, path: Path, metrics: Sequence[MetricInfo]) -> None:
    """Add the metrics that are new; ValueError if a known one has other parameters."""
    rows = connection.execute("SELECT name, params FROM metric").fetchall()
    stored = {name: json.loads(params) for name, params in rows}
    for metric in metrics:
        params = json.loads(json.dumps(metric.params))
        if metric.name not in stored:
            low, high = (x if math.isfinite(x) else None for x in (metric.low, metric.high))
            connection.execute(
                "INSERT INTO metric (name, higher_is_better, low, high, params) "
                "VALUES (?, ?, ?, ?, ?)",
                (metric.name, int(metric.higher_is_better), low, high, json.dumps(params)),
            )
        elif stored[metric.name] != params:
            raise ValueError(
                f"{path} has a metric {metric.name!r} with params {stored[metric.name]!r}, this "
                f"run has one with {params!r}: {CURE}"
            )


def _describe(signed: bool, params: JSON) -> str:
    return f"params {params!r} ({'signed' if signed else 'unsigned'})"


def known_samples(
    connection: sqlite3.Connection, sample_ids: Sequence[int]
) -> dict[int, KnownSample]:
    """Look up what is stored of these samples."""
    known: dict[int, KnownSample] = {}
    for start in range(0, len(sample_ids), 500):
        ids = [int(number) for number in sample_ids[start : start + 500]]
        marks = ",".join("?" * len(ids))
        labels: dict[int, set[int]] = {}
        maps: dict[int, set[tuple[int, str]]] = {}
        for sample, label in connection.execute(
            f"SELECT sample_id, label_id FROM inference WHERE sample_id IN ({marks})", ids
        ):
            labels.setdefault(sample, set()).add(label)
        for sample, label, name in connection.execute(
            "SELECT sample_id, label_id, name FROM map JOIN explainer ON explainer.id = "
            f"explainer_id WHERE sample_id IN ({marks})",
            ids,
        ):
            maps.setdefault(sample, set()).add((label, name))
        scores: dict[int, set[tuple[int, str, str]]] = {}
        for sample, label, explainer, metric in connection.execute(
            "SELECT sample_id, label_id, explainer.name, metric.name FROM score "
            "JOIN explainer ON explainer.id = explainer_id JOIN metric ON metric.id = metric_id "
            f"WHERE sample_id IN ({marks})",
            ids,
        ):
            scores.setdefault(sample, set()).add((label, explainer, metric))
        for sample, digest in connection.execute(
            f"SELECT id, digest FROM sample WHERE id IN ({marks})", ids
        ):
            known[sample] = KnownSample(
                digest,
                frozenset(labels.get(sample, ())),
                frozenset(maps.get(sample, ())),
                frozenset(scores.get(sample, ())),
            )
    return known
