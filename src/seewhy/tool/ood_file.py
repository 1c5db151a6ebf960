"""A trained head as one ordinary file, the same for each framework."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.tool.ood_head import NAMES

FORMAT = "seewhy OoDNet head 1"

Arrays = dict[str, npt.NDArray[Any]]


def write_head(file: str | Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write the arrays of a head as .npz; an older file is replaced only by a whole one."""
    target = Path(file)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with part.open("wb") as stream:
            np.savez(stream, format=np.array(FORMAT), **arrays)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_head(file: str | Path, num_features: int, num_classes: int) -> Arrays:
    """Read the arrays of a head.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds no head, or one of another number of features or classes.
    """
    arrays = _arrays(file)
    if str(arrays.get("format")) != FORMAT or not set(NAMES) <= set(arrays):
        raise ValueError(f"`file` must be written by OoDNet.save, {file} was not")
    shape = arrays["class_weights"].shape
    if shape != (num_classes, num_features):
        raise ValueError(
            f"`file` must hold {num_classes} classes of {num_features} features, {file} holds "
            + " of ".join(map(str, shape))
        )
    return {name: arrays[name] for name in NAMES}


def _arrays(file: str | Path) -> Arrays:
    with open(file, "rb") as stream:
        try:
            archive = np.load(stream, allow_pickle=False)
            return {name: archive[name] for name in archive.files}
        except (ValueError, EOFError, AttributeError, KeyError, zipfile.BadZipFile) as error:
            raise ValueError(f"`file` must be written by OoDNet.save, {file} was not") from error
