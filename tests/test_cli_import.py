"""`seewhy import` as people use it."""

from __future__ import annotations

from pathlib import Path

from tests.store.importer import summary
from tests.test_cli import Run, flat, seewhy

__all__ = ["seewhy"]  # a fixture


def test_help(seewhy: Run) -> None:
    assert "mindinsight" in seewhy("import", "--help").out
    said = flat(seewhy("import", "mindinsight", "--help").out)
    for words in ("DIRECTORY", "--out", "within the folder of a summary only"):
        assert words in said


def test_import(seewhy: Run, tmp_path: Path) -> None:
    base = tmp_path / "old [bold]runs"
    summary.write(base / "one", summary.records(summary.events(base / "one")))
    explains = summary.events(base / "two", 1)
    summary.write(base / "two", summary.records(explains), manifest=False)
    result = seewhy("import", "mindinsight", base)
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f"Explanations are in {base}/one.seewhy.db",
        "  3 samples, 12 maps, 6 scores, 3 counterfactuals",
        f"Explanations are in {base}/two.seewhy.db",
        "  1 samples, 4 maps, 6 scores, 1 counterfactuals",
        "  manifests missing, as while a summary is being written: 1",
        f"Look at them with: seewhy view '{base}'",
    ]
    said = seewhy("info", base).out
    for words in ("explain summary of MindInsight", "interrupted", "2021-03-29 06:40:00 UTC"):
        assert words in said
    ranked = flat(seewhy("benchmark", base).out)
    assert "1 GradCAM 0.500 - -" in ranked


def test_there_and_back(seewhy: Run, tmp_path: Path) -> None:
    summary.write(tmp_path / "run", summary.records(summary.events(tmp_path / "run")))
    assert seewhy("import", "mindinsight", tmp_path / "run", "--out", tmp_path / "db").code == 0
    result = seewhy("export", "mindinsight", tmp_path / "db", tmp_path / "again")
    assert "3 samples, 12 maps, 2 scores, 3 counterfactuals, uncertainties" in result.out


def test_mistakes(seewhy: Run, tmp_path: Path) -> None:
    result = seewhy("import", "mindinsight", tmp_path)
    assert result.code == 1
    assert "holds no explain summary" in result.err
    base = tmp_path / "base"
    summary.write(base / "broken", [b"hello"])
    summary.write(base / "whole", summary.records(summary.events(base / "whole", 1)))
    result = seewhy("import", "mindinsight", base, "--quiet")
    assert result.code == 1  # what cannot be read is an error, though the rest was imported
    assert f"{base}/whole.seewhy.db" in result.out
    assert "there are no names of labels" in result.err
