"""The warning that convolutions run oneDNN's reference kernel, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seewhy.network.mindspore.slow_kernels import slow_kernels

SCRIPT = """
import platform, warnings
warnings.simplefilter("ignore")
from pathlib import Path
from mindspore import nn
from seewhy import adapt
from seewhy.network.mindspore import slow_kernels
slow_kernels.CPUINFO = Path("{cpuinfo}")
platform.machine = lambda: "x86_64"
small = nn.Dense(4, 2)
adapt(small)
print("dense", flush=True)
cell = nn.SequentialCell(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Dense(32, 2))
for _ in range(3):
    network = adapt(cell)
print(network.engine)
"""

AVX512 = "fpu sse4_1 avx avx2 avx512f avx512dq avx512bw avx512vl"
AVX2 = "fpu sse4_1 avx avx2"


def processor(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: Any\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
    return path


def said(environment: dict[str, str], cpuinfo: Path) -> tuple[list[str], str]:
    """What a process with this environment says on its way, and which engine it names."""
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_MAX_CPU_ISA")}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT.format(cpuinfo=cpuinfo)],
        env={**kept, "GLOG_v": "3", **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if "convolutions" in line]
    return lines, done.stdout.splitlines()[-1]


def test_it_is_said_once_and_names_the_cure(tmp_path: Path) -> None:
    lines, engine = said({}, processor(tmp_path, AVX512))
    assert len(lines) == 1
    assert "up to 65 times slower" in lines[0]
    assert "ONEDNN_MAX_CPU_ISA=AVX2" in lines[0]
    assert engine.startswith("MindSpore, PyNative mode; convolutions run oneDNN's reference kernel")


def test_nothing_is_said_where_it_is_cured(tmp_path: Path) -> None:
    lines, engine = said({"ONEDNN_MAX_CPU_ISA": "AVX2"}, processor(tmp_path, AVX512))
    assert (lines, engine) == ([], "MindSpore, PyNative mode")


@pytest.mark.parametrize(
    ("environment", "slow"),
    [
        ({}, True),
        ({"ONEDNN_MAX_CPU_ISA": ""}, True),
        ({"ONEDNN_MAX_CPU_ISA": "ALL"}, True),
        ({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}, True),
        ({"ONEDNN_MAX_CPU_ISA": "AVX512_CORE", "DNNL_MAX_CPU_ISA": "AVX2"}, True),
        ({"ONEDNN_MAX_CPU_ISA": "no such set"}, True),
        ({"ONEDNN_MAX_CPU_ISA": "AVX2"}, False),
        ({"ONEDNN_MAX_CPU_ISA": "avx2"}, False),
        ({"ONEDNN_MAX_CPU_ISA": "SSE41"}, False),
        ({"DNNL_MAX_CPU_ISA": "AVX2_VNNI"}, False),
    ],
)
def test_the_setting_as_onednn_reads_it(
    environment: dict[str, str], slow: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert slow_kernels(environment, processor(tmp_path, AVX512)) == slow


def test_other_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert not slow_kernels({}, processor(tmp_path, AVX2))
    assert not slow_kernels({}, tmp_path / "not Linux")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    other = tmp_path / "arm"
    other.mkdir()
    assert not slow_kernels({}, processor(other, AVX512))
