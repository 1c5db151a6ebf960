"""One file a method; each has `METHOD`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from benchmarks.case import Method


def methods() -> list[Method]:
    """Return the methods of all files of this folder, by name."""
    names = sorted(module.name for module in iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").METHOD for name in names]
