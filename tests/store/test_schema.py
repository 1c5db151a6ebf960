from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seewhy.store import SampleQuery, connect, read_job, schema

Factory = Callable[..., Any]


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def test_scripts_run_in_order_and_once(connection: sqlite3.Connection) -> None:
    scripts = (*schema.SCRIPTS, "CREATE TABLE two (x);", "ALTER TABLE two ADD COLUMN y;")
    assert schema.stored_version(connection, Path("x")) == 0
    seen = schema.VERSION
    schema.migrate(connection, 0, scripts[: seen + 1])
    schema.migrate(connection, seen + 1, scripts)
    schema.migrate(connection, seen + 2, scripts)
    (version,) = connection.execute(
        "SELECT value FROM meta WHERE key = 'schema_version'"
    ).fetchone()
    assert version == str(seen + 2)
    connection.execute("SELECT x, y FROM two")


def test_a_migration_that_fails_changes_nothing(connection: sqlite3.Connection) -> None:
    schema.migrate(connection, 0)
    broken = (*schema.SCRIPTS, "CREATE TABLE two (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        schema.migrate(connection, schema.VERSION, broken)
    assert schema.stored_version(connection, Path("x")) == schema.VERSION
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert "two" not in tables


def test_a_newer_store_is_refused_and_left_alone(open_writer: Factory) -> None:
    writer = open_writer()
    writer.close()
    connection = sqlite3.connect(writer.path)
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    connection.commit()
    connection.close()
    content = writer.path.read_bytes()
    for opening in (open_writer, lambda: read_job(writer.path)):
        with pytest.raises(ValueError, match=f"version 99.*up to {schema.VERSION}"):
            opening()
    assert writer.path.read_bytes() == content


def test_an_older_store_is_migrated_by_readers_and_writers(
    open_writer: Factory, make_sample: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_writer() as writer:
        writer.add_sample(make_sample(0))
    newer = (*schema.SCRIPTS, "ALTER TABLE sample ADD COLUMN note TEXT;")
    monkeypatch.setattr(connect, "VERSION", len(newer))
    monkeypatch.setattr(schema, "VERSION", len(newer))
    monkeypatch.setattr(
        connect, "migrate", lambda connection, version: schema.migrate(connection, version, newer)
    )
    with read_job(writer.path) as job:
        assert job.info().samples == 1
    connection = sqlite3.connect(writer.path)
    assert connection.execute("SELECT note FROM sample").fetchall() == [(None,)]
    connection.close()


def test_uncertainties_stored_before_version_7_put_samples_in_order(tmp_path: Path) -> None:
    path = tmp_path / "old.seewhy.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, 0, schema.SCRIPTS[:6])
        connection.execute("INSERT INTO label VALUES (0, 'dog'), (1, 'cat')")
        for number, *stds in ((0, 0.1, 0.3), (1, None, None), (2, 0.2, None)):
            row = "INSERT INTO sample VALUES (?, '', '', 1, 1, NULL, 0.5, 0.5, 8)"
            connection.execute(row, (number,))
            for label, std in enumerate(stds):
                columns = (
                    "INSERT INTO inference (sample_id, label_id, prob, std) VALUES (?, ?, 0.5, ?)"
                )
                connection.execute(columns, (number, label, std))
    with read_job(path) as job:
        assert [sample.id for sample in job.samples(sort="-sd")] == [0, 2, 1]
        assert [sample.id for sample in job.samples(sort="sd")] == [0, 2, 1]
        assert [sample.id for sample in job.samples(min_std=0.25)] == [0]
        assert job.highest_std() == 0.3
        assert job.count(SampleQuery(min_std=0.2)) == 2
        assert job.count(SampleQuery(labels=(1,), min_std=0.2)) == 1
        assert job.count(SampleQuery(kinds=("TP",), min_std=0.2)) == 0
