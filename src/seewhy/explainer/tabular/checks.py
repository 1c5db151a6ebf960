"""The arguments that explainers of tabular models check alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from seewhy.explainer.tabular.rows import Array


def check_names(name: str, value: Any, number: int | None) -> tuple[str, ...] | None:
    """Return `value` as texts; TypeError or ValueError unless it is None or `number` texts."""
    if value is None:
        return None
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        raise TypeError(f"`{name}` must be a list of str, got {type(value).__name__}")
    names = tuple(value)
    for item in names:
        if not isinstance(item, str):
            raise TypeError(f"`{name}` must be a list of str, got {type(item).__name__} {item!r}")
    if number is not None and len(names) != number:
        raise ValueError(f"`{name}` must have {number} names, got {len(names)}")
    return names


def check_positive(name: str, value: Any, least: int = 1) -> int:
    """Return `value`; TypeError unless it is an int, ValueError unless it is above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"`{name}` must be a positive int, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"`{name}` must be a positive int, got {value}")
    if value < least:
        raise ValueError(f"`{name}` must be at least {least}, got {value}")
    return int(value)


def check_number(name: str, value: Any) -> float:
    """Return `value`; TypeError unless it is a number, ValueError unless finite and above 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{name}` must be a positive number, got {type(value).__name__}")
    if not 0 < value < np.inf:
        raise ValueError(f"`{name}` must be a positive number, got {value}")
    return float(value)


def check_flag(name: str, value: Any) -> bool:
    """Return `value`; TypeError unless it is a bool."""
    if not isinstance(value, bool):
        raise TypeError(f"`{name}` must be a bool, got {type(value).__name__}")
    return value


def check_seed(seed: Any) -> int | None:
    """Return `seed`; TypeError unless it is an int or None, ValueError if it is negative."""
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"`seed` must be a non-negative int or None, got {type(seed).__name__}")
    if seed < 0:
        raise ValueError(f"`seed` must be a non-negative int or None, got {seed}")
    return int(seed)


def check_indexes(indexes: Any, number: int) -> tuple[int, ...]:
    """Return column indexes; TypeError or ValueError unless they are distinct ints in 0..K-1."""
    name = "categorical_features_indexes"
    if indexes is None:
        return ()
    if not isinstance(indexes, (list, tuple, range, np.ndarray)):
        raise TypeError(f"`{name}` must be a list of int, got {type(indexes).__name__}")
    for index in indexes:
        if isinstance(index, (bool, np.bool_)) or not isinstance(index, (int, np.integer)):
            raise TypeError(f"`{name}` must be a list of int, got {type(index).__name__}")
        if not 0 <= index < number:
            raise ValueError(f"`{name}` must be in 0..{number - 1}, got {index}")
    made = tuple(int(index) for index in indexes)
    if len(set(made)) != len(made):
        raise ValueError(f"`{name}` must be distinct, got {list(made)}")
    return made


def check_categories(values: Array, categorical: Iterable[int], what: str) -> None:
    """Raise ValueError unless the cells of categorical columns are integers."""
    for index in categorical:
        column = values[:, index]
        broken = column[column != np.round(column)]
        if broken.size:
            raise ValueError(
                f"`{what}` must have integer codes in the categorical column {index}, "
                f"got {broken[0]}"
            )


def check_category_names(names: Any, categorical: Sequence[int]) -> dict[int, Any]:
    """Return names by categorical column; TypeError or ValueError unless they are such."""
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise TypeError(
            f"`categorical_names` must be a dict of names by column, got {type(names).__name__}"
        )
    for index, texts in names.items():
        if index not in categorical:
            raise ValueError(
                f"`categorical_names` must be of categorical columns, {list(categorical)}, "
                f"got {index!r}"
            )
        if isinstance(texts, (str, bytes)) or not isinstance(texts, (Mapping, Sequence)):
            raise TypeError(
                "`categorical_names` must hold lists or dicts of names, "
                f"got {type(texts).__name__} for column {index}"
            )
    return dict(names)


def check_width(width: Any, num_features: int) -> float:
    """Return the kernel's width, 0.75 sqrt(K) for None; TypeError or ValueError unless positive."""
    if width is None:
        return float(0.75 * np.sqrt(num_features))
    return check_number("kernel_width", width)
