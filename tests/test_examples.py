"""The examples on tables run and say what they found."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from seewhy.store import find_jobs

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(name: str, *arguments: object) -> None:
    runpy.run_path(str(EXAMPLES / name))["main"](*arguments)


def test_categories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("tabular_categories.py", tmp_path)
    told = capsys.readouterr().out
    assert "Right about 83% of 328 passengers" in told
    assert "sex=male" in told
    assert told.splitlines()[-7].endswith("  sex")  # first of the seven features
    assert list(find_jobs(tmp_path)) == ["titanic"]


def test_regression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("tabular_regression.py", tmp_path)
    told = capsys.readouterr().out
    assert "on 111 patients" in told
    assert "bmi" in told.splitlines()[-6]
    assert (tmp_path / "diabetes.png").stat().st_size > 10_000


def test_network(framework: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("tabular_network.py", framework, tmp_path)
    told = capsys.readouterr().out
    right = int(told.split("Right about ")[1].split()[0])
    assert right >= 45
    assert len(told.splitlines()) == 9
    assert list(find_jobs(tmp_path)) == [f"tumours-{framework}"]
