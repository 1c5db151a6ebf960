"""One line about the machine, so that figures of different runs are not confused."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "mindspore", "captum", "grad-cam", "torchcam", "numpy", "seewhy")


def processor() -> str:
    """Return the processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def load() -> str:
    """Return how many processes want to run: in the last minute, and in the last five."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} / {five:.1f}"


def versions() -> dict[str, str]:
    """Return the versions of all that is measured; packages that are not installed are left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine_line() -> str:
    """Return processor, cores, load and versions in one line."""
    named = ", ".join(f"{name} {number}" for name, number in versions().items())
    return f"{processor()}, {os.cpu_count()} cores, load {load()} (1 / 5 min); {named}"
