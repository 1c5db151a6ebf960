"""`seewhy export` as people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.store.export import example
from tests.test_cli import Run, flat, seewhy

__all__ = ["seewhy"]  # a fixture


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.write(tmp_path_factory.mktemp("my [bold]runs"), samples=4)


def test_help(seewhy: Run) -> None:
    assert "mindinsight" in seewhy("export", "--help").out
    said = flat(seewhy("export", "mindinsight", "--help").out)
    for words in ("DIRECTORY", "OUT", "--force", "MindInsight 2.3.1", "OUT/seewhy-export.json"):
        assert words in said


def test_export(seewhy: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "for [bold]MindInsight"
    result = seewhy("export", "mindinsight", store.parent, out)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[:2] == [
        str(out / "everything"),
        "  4 samples, 16 maps, 11 scores, 3 counterfactuals, uncertainties",
    ]
    assert "  names of samples, shown by their numbers: 4" in lines
    assert "  label 'sea_lion' is now 'sea lion (2)', 'חתול_שחור' is now 'חתול שחור'" in lines
    assert f"Open it with: mindinsight start --summary-base-dir '{out}'" in lines
    assert json.loads((out / "seewhy-export.json").read_text())["jobs"][0]["samples"] == 4
    again = seewhy("export", "mindinsight", store, out)
    assert again.code == 1
    assert "replace it with force (--force)" in again.err
    assert seewhy("export", "mindinsight", store, out, "--force", "--quiet").code == 0


def test_what_is_left_out_is_said(seewhy: Run, store: Path, tmp_path: Path) -> None:
    base = tmp_path / "jobs"
    example.write(base, samples=1)
    example.write(base, "empty", samples=0)
    (base / "broken.seewhy.db").write_bytes(b"no database" * 99)
    result = seewhy("export", "mindinsight", base, tmp_path / "out")
    assert f"Left out: {base}/empty.seewhy.db holds no samples (yet)" in result.out
    assert (tmp_path / "out" / "everything").is_dir()
    assert result.code == 1  # what cannot be read is an error, though the rest was exported
    assert "broken.seewhy.db is corrupt" in result.err


def test_mistakes(seewhy: Run, tmp_path: Path) -> None:
    result = seewhy("export", "mindinsight", tmp_path / "none", tmp_path / "out")
    assert result == (1, "", f"Error: {tmp_path / 'none'} does not exist\n")
    assert seewhy("export", "mindinsight", tmp_path).code == 2
    assert seewhy("export").code == 2
