"""The example about uncertainty runs, and its numbers make sense."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "uncertainty.py"


def test_the_example_prints_both_methods(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE))["main"](epochs=25)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith(("dropout, 50", "ensemble of 5"))] == [
        lines[0],
        lines[6],
    ]
    for start in (1, 7):
        right = [float(line.split("right")[1].split("%")[0]) for line in lines[start : start + 5]]
        assert right[0] > right[4]
