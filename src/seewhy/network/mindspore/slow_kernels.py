"""Whether MindSpore's convolutions are slow here for want of a setting, and saying so once."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import mindspore
from mindspore import nn

CPUINFO = Path("/proc/cpuinfo")

AVX512_CORE = frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl"})
"""Flags of a processor on which oneDNN uses AVX-512."""

QUICK = frozenset({"sse41", "avx", "avx2", "avx2_vnni", "avx2_vnni_2"})
"""Limits under which oneDNN has compiled kernels for the layout of MindSpore's tensors."""

_log = logging.getLogger("seewhy")


def warn_of_slow_kernels(cell: nn.Cell) -> None:
    """Say in the log, once a process, that convolutions of `cell` run oneDNN's reference loop.

    With AVX-512, oneDNN has no kernel for the layout of MindSpore's tensors but plain loops, which
    take up to 65 times as long as what it runs when it is limited to AVX2.
    """
    if slow_kernels(os.environ) and on_cpu() and _convolves(cell):
        _warn()


def slowness() -> str:
    """Return what to add to a description of the forwards: nothing, or why they are slow."""
    if not (slow_kernels(os.environ) and on_cpu()):
        return ""
    return "; convolutions run oneDNN's reference kernel, as ONEDNN_MAX_CPU_ISA=AVX2 is not set"


def slow_kernels(environment: Mapping[str, str], cpuinfo: Path | None = None) -> bool:
    """Whether oneDNN would use AVX-512 (Linux on x86; False where that is not known)."""
    # oneDNN reads them in this order, and takes what it does not know for no limit.
    given = environment.get("ONEDNN_MAX_CPU_ISA") or environment.get("DNNL_MAX_CPU_ISA") or ""
    return given.lower() not in QUICK and _has_avx512(cpuinfo or CPUINFO)


def on_cpu() -> bool:
    """Whether MindSpore computes on the CPU."""
    return bool(mindspore.get_context("device_target") == "CPU")


def _convolves(cell: nn.Cell) -> bool:
    # A kernel of a 2-D convolution has four axes, whether a cell or a function uses it.
    return any(len(parameter.shape) == 4 for parameter in cell.get_parameters())


@cache
def _has_avx512(cpuinfo: Path) -> bool:
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return set(flags.split()) >= AVX512_CORE


@cache
def _warn() -> None:
    _log.warning(
        "MindSpore's convolutions are up to 65 times slower than they could be: on this "
        "AVX-512 processor oneDNN falls back to its reference kernel. "
        "Set ONEDNN_MAX_CPU_ISA=AVX2 before Python starts"
    )
