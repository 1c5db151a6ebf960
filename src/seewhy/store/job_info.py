"""Summary of a job, and whether its run is still alive."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seewhy.store import queries
from seewhy.store.connect import lock_path
from seewhy.store.counterfactuals import count_counterfactuals
from seewhy.store.job_records import ExplainerInfo, JobInfo
from seewhy.store.lock import is_locked
from seewhy.store.sample_query import SampleQuery

# Where the lock cannot be asked (another host), a running job that is silent this long is stalled.
SILENT_SECONDS = 600


def read_info(
    connection: sqlite3.Connection,
    path: Path,
    explainers: tuple[ExplainerInfo, ...],
    labels: int,
) -> JobInfo:
    """Read the summary of a job of so many labels."""
    rows = connection.execute("SELECT key, value FROM meta")
    meta = {key: json.loads(value) for key, value in rows}
    try:
        return JobInfo(
            name=meta["job"],
            status=meta["status"],
            state=_state(meta, path),
            created=meta["created"],
            updated=meta["updated"],
            done=meta["done"],
            total=meta["total"],
            samples=queries.count(connection, SampleQuery()),
            revision=meta["revision"],
            size=_size(path),
            labels=labels,
            explainers=explainers,
            settings=meta["settings"],
            versions=meta["versions"],
            forwards=meta.get("forwards", ""),
            uncertainty=meta.get("uncertainty"),
            hierarchical_occlusion=meta.get("hierarchical_occlusion"),
            counterfactuals=count_counterfactuals(connection),
            rate=_rate(meta),
            metrics=connection.execute("SELECT count(*) FROM metric").fetchone()[0],
        )
    except KeyError as error:
        raise ValueError(f"{path} is not a complete SeeWhy store: no {error}") from error


def _state(meta: Mapping[str, Any], path: Path) -> str:
    if meta["status"] != "running":
        return str(meta["status"])
    locked = is_locked(lock_path(path))
    if locked is None:
        locked = time.time() - meta["updated"] < SILENT_SECONDS
    return "running" if locked else "stalled"


def _size(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    return sum(file.stat().st_size for file in (path, log) if file.exists())


def _rate(meta: Mapping[str, Any]) -> float | None:
    session = meta.get("session")  # missing in stores of older writers
    if session is None or meta["updated"] <= session["began"]:
        return None
    done = meta["done"] - session["done"]
    return done / (meta["updated"] - session["began"]) if done > 0 else None
