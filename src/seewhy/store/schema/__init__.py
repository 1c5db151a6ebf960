"""The versions of the store's schema, as numbered SQL scripts, and the way from one to the next."""

from __future__ import annotations

import sqlite3
from importlib.resources import files
from pathlib import Path


def load_scripts() -> tuple[str, ...]:
    """Read the SQL of versions 1, 2, ... in order."""
    scripts = sorted(
        (entry for entry in files(__name__).iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return tuple(entry.read_text(encoding="utf-8") for entry in scripts)


SCRIPTS = load_scripts()
VERSION = len(SCRIPTS)


def stored_version(connection: sqlite3.Connection, path: Path) -> int:
    """Read the schema version of an open store; 0 for an empty database.

    Raises
    ------
    ValueError
        If it is some other database, was written by a newer SeeWhy, or is damaged.
    """
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        _check_really_empty(connection, path)
        return 0
    row = None
    if "meta" in tables:
        row = connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
    if row is None or not str(row[0]).isdigit():
        # A damaged header may hide some of the tables.
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise ValueError(f"{path} is corrupt: {found}")
        raise ValueError(f"{path} is a SQLite database, but not one that SeeWhy wrote")
    version = int(row[0])
    if version > VERSION:
        raise ValueError(
            f"{path} has schema version {version}, this SeeWhy knows versions up to {VERSION}: "
            "update SeeWhy to open it"
        )
    return version


def _check_really_empty(connection: sqlite3.Connection, path: Path) -> None:
    """Raise if tables are only out of sight: a database without any has one page at the most."""
    # One statement, so that a writer who is just making the tables cannot come in between.
    tables, pages = connection.execute(
        "SELECT (SELECT count(*) FROM sqlite_master), page_count FROM pragma_page_count"
    ).fetchone()
    if not tables and pages > 1:
        raise ValueError(f"{path} is corrupt: none of its {pages} pages is known to its header")


def migrate(
    connection: sqlite3.Connection, version: int, scripts: tuple[str, ...] = SCRIPTS
) -> None:
    """Run the scripts that a store of `version` has not seen, each in one transaction."""
    for number, script in enumerate(scripts[version:], start=version + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script}\n"
                f"INSERT INTO meta VALUES ('schema_version', '{number}')\n"
                "    ON CONFLICT DO UPDATE SET value = excluded.value;\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
