"""What LIME keeps of the training data: quartile bins, and how often each holds a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.tabular.checks import check_indexes
from seewhy.explainer.tabular.features import Feature
from seewhy.explainer.tabular.rows import Array, Rows

KEYS = ("means", "stds", "mins", "maxs", "feature_values", "feature_frequencies", "bins")

_SMALLEST_STD = 1e-11


def summarise(rows: Rows, categorical: Sequence[int]) -> dict[str, Any]:
    """Make the statistics of training data: the seven `KEYS`, as `LIMETabular` documents them."""
    stats: dict[str, Any] = {key: {} for key in KEYS}
    stats["bins"] = []
    for index, column in enumerate(rows.values.T):
        if index in categorical:
            codes = column
        else:
            borders = np.unique(np.percentile(column, [25, 50, 75]))
            codes = np.searchsorted(borders, column)
            stats["bins"].append(borders.tolist())
            _add_bins(stats, index, column, codes, borders)
        values, counts = np.unique(codes, return_counts=True)
        stats["feature_values"][index] = values.astype(float).tolist()
        stats["feature_frequencies"][index] = (counts / len(codes)).tolist()
    return stats


def _add_bins(
    stats: dict[str, Any], index: int, column: Array, codes: npt.NDArray[Any], borders: Array
) -> None:
    inside = [column[codes == code] for code in range(len(borders) + 1)]
    stats["means"][index] = [float(cells.mean()) if cells.size else 0.0 for cells in inside]
    stds = [float(cells.std()) if cells.size else 0.0 for cells in inside]
    stats["stds"][index] = [std + _SMALLEST_STD for std in stds]
    stats["mins"][index] = [float(column.min()), *borders.tolist()]
    stats["maxs"][index] = [*borders.tolist(), float(column.max())]


def read_statistics(stats: Any, categorical: Any = None) -> list[Feature]:
    """Check `stats` and return its K features.

    Raises
    ------
    TypeError
        If `stats` is no dict, or `categorical` no list of ints.
    ValueError
        If a key is missing, the entries do not fit together, or `categorical` does not name
        exactly the features that have no bins.
    """
    if not isinstance(stats, Mapping):
        raise TypeError(f"`train_feat_stats` must be a dict, got {type(stats).__name__}")
    missing = [key for key in KEYS if key not in stats]
    if missing:
        raise ValueError(
            f"`train_feat_stats` must have the keys {', '.join(KEYS)}, "
            f"got none for {', '.join(missing)}; make it with LIMETabular.to_feat_stats"
        )
    number = len(stats["feature_values"])
    if number == 0 or set(stats["feature_values"]) != set(range(number)):
        raise ValueError(
            "`train_feat_stats` must have `feature_values` for the features 0..K-1, "
            f"got {sorted(stats['feature_values'])!r:.60}; what was written as JSON is read by "
            "LIMETabular.load_feat_stats"
        )
    _check_categorical(stats, categorical, number)
    borders = iter(stats["bins"])
    try:
        return [_feature(stats, index, borders) for index in range(number)]
    except (KeyError, TypeError) as error:
        raise ValueError(
            "`train_feat_stats` must describe every feature under every key, "
            f"got {type(error).__name__} {error}"
        ) from error


def _check_categorical(stats: Mapping[str, Any], categorical: Any, number: int) -> None:
    if len(stats["bins"]) != len(stats["means"]):
        raise ValueError(
            "`train_feat_stats` must have as many `bins` as `means`, "
            f"got {len(stats['bins'])} and {len(stats['means'])}"
        )
    if categorical is None:
        return
    given = check_indexes(categorical, number)
    found = [index for index in range(number) if index not in stats["means"]]
    if sorted(given) != found:
        raise ValueError(
            "`categorical_features_indexes` must be those that `train_feat_stats` was made with, "
            f"{found}, got {sorted(given)}"
        )


def _feature(stats: Mapping[str, Any], index: int, borders: Iterator[Any]) -> Feature:
    codes = _numbers(stats["feature_values"][index], "feature_values")
    shares = _numbers(stats["feature_frequencies"][index], "feature_frequencies")
    if codes.shape != shares.shape or not codes.size or not shares.sum() > 0:
        raise ValueError(
            f"`train_feat_stats` must have one frequency for each value of feature {index}, "
            f"got {shares.size} for {codes.size}"
        )
    shares = shares / shares.sum()
    if index not in stats["means"]:
        return Feature(codes, shares)
    edges = _numbers(next(borders), "bins")
    bins = [_numbers(stats[name][index], name) for name in ("means", "stds", "mins", "maxs")]
    if any(len(table) != len(edges) + 1 for table in bins) or codes.max() > len(edges):
        raise ValueError(
            f"`train_feat_stats` must have {len(edges) + 1} bins for feature {index}, "
            f"got {', '.join(str(len(table)) for table in bins)}"
        )
    return Feature(codes, shares, edges, *bins)


def _numbers(entry: Any, key: str) -> Array:
    try:
        numbers = np.asarray(entry, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all():
        raise ValueError(
            f"`train_feat_stats` must hold lists of finite numbers under {key!r}, got {entry!r:.60}"
        )
    return numbers
