"""Tuning of the allocator, in a process of its own as it cannot be undone."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seewhy.network.torch.tuning import tune_allocator

SCRIPT = """
import resource, sys, torch
from seewhy.network.torch.tuning import tune_allocator

def faults():
    start = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(16 * 2**20)  # 64 MiB
    return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - start) / 5

before = faults()
tune_allocator()
faults()
print(before, faults())
"""


def test_memory_is_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    before, after = map(float, done.stdout.split())
    assert before > 20  # pages of 4 KiB, or of 2 MiB
    assert after < before / 10


def test_other_systems_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(RuntimeError, match="works on Linux with glibc only"):
        tune_allocator()
