from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from seewhy.viewer import create_app
from tests.viewer.sample_job import serving

from .sample_table import rows, write


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the jobs "wines" (four classes), "houses" (a regression) and "empty"."""
    folder = tmp_path_factory.mktemp("tables")
    write(folder, "wines", rows()).close()
    write(folder, "houses", rows(regression=True), regression=True).close()
    write(folder, "unexplained", rows(count=3), explained=False).close()
    write(
        folder, "no truth", [row for row in rows(True) if row.truth is None], regression=True
    ).close()
    write(folder, "empty", [], explained=False, total=9).close()
    return folder


@pytest.fixture
def table_client(tables: Path) -> TestClient:
    return TestClient(create_app(tables), base_url="http://127.0.0.1:8421")


@pytest.fixture(scope="session")
def table_base(tables: Path) -> Iterator[str]:
    """Address of a running server over `tables`."""
    with serving(create_app(tables)) as address:
        yield address
