"""LIME's statistics of training data as a JSON file."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, TextIO

from seewhy.explainer.tabular.statistics import KEYS, read_statistics

File = str | os.PathLike[str] | TextIO


def save(stats: Any, file: File) -> None:
    """Write `stats`; TypeError or ValueError unless they are sound, TypeError for a bad `file`."""
    read_statistics(stats)
    plain = {
        key: {str(index): _floats(entry) for index, entry in stats[key].items()}
        for key in KEYS
        if key != "bins"
    }
    text = json.dumps({**plain, "bins": [_floats(borders) for borders in stats["bins"]]})
    if isinstance(file, (str, os.PathLike)):
        Path(file).write_text(text, encoding="utf-8")
    else:
        _check_stream(file)
        file.write(text)


def load(file: File) -> dict[str, Any]:
    """Read what `save` wrote; ValueError if it is something else, TypeError for a bad `file`."""
    if isinstance(file, (str, os.PathLike)):
        text = Path(file).read_text(encoding="utf-8")
    else:
        _check_stream(file)
        text = file.read()
    try:
        found = json.loads(text)
        stats = {
            key: {int(index): entry for index, entry in value.items()} if key != "bins" else value
            for key, value in found.items()
        }
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"`file` must hold statistics that LIMETabular.save_feat_stats wrote, {error}"
        ) from error
    read_statistics(stats)
    return stats


def _floats(entry: Any) -> list[float]:
    return [float(value) for value in entry]


def _check_stream(file: Any) -> None:
    if not isinstance(file, io.TextIOBase):
        raise TypeError(f"`file` must be a path or a text stream, got {type(file).__name__}")
