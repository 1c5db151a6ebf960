from __future__ import annotations

from pathlib import Path

import pytest

from seewhy.store.export import ExportReport, export_mindinsight
from tests.store.export import example


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store of a job with everything."""
    return example.write(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="session")
def exported(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> ExportReport:
    """The same job, exported."""
    return export_mindinsight(everything.parent, tmp_path_factory.mktemp("exports") / "base")
