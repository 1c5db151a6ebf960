"""LIME's statistics of training data: what they are, files of them, and broken ones."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from seewhy import LIMETabular
from tests.networks import tensor

X, _ = load_iris(return_X_y=True)
MIXED = np.column_stack([X[:, 0], np.arange(150) % 3 + 5.0, np.full(150, 2.5)])


def mixed() -> dict[str, Any]:
    return LIMETabular.to_feat_stats(MIXED, categorical_features_indexes=[1])


def test_bins_are_the_quartiles() -> None:
    stats = LIMETabular.to_feat_stats(X)
    assert stats["bins"] == [[5.1, 5.8, 6.4], [2.8, 3.0, 3.3], [1.6, 4.35, 5.1], [0.3, 1.3, 1.8]]
    for k, borders in enumerate(stats["bins"]):
        edges = [-np.inf, *borders, np.inf]
        for code in range(4):
            # A cell on a border belongs below it.
            inside = X[(X[:, k] > edges[code]) & (X[:, k] <= edges[code + 1]), k]
            assert stats["means"][k][code] == pytest.approx(inside.mean())
            assert stats["stds"][k][code] == pytest.approx(inside.std(), abs=1e-10)
            assert stats["feature_frequencies"][k][code] == pytest.approx(len(inside) / 150)
        assert stats["mins"][k] == [X[:, k].min(), *borders]
        assert stats["maxs"][k] == [*borders, X[:, k].max()]
        assert stats["feature_values"][k] == [0, 1, 2, 3]


def test_categories_and_constants() -> None:
    stats = mixed()
    assert stats["feature_values"][1] == [5, 6, 7]
    assert stats["feature_frequencies"][1] == pytest.approx([1 / 3] * 3)
    assert list(stats["means"]) == [0, 2]
    # One distinct quartile: all cells are below it, and the bin above is empty.
    assert stats["bins"][1] == [2.5]
    assert stats["feature_values"][2] == [0]
    assert stats["means"][2] == [2.5, 0]


def test_every_kind_of_table_gives_the_same(framework: str) -> None:
    expected = LIMETabular.to_feat_stats(X)
    assert LIMETabular.to_feat_stats(pd.DataFrame(X)) == expected
    assert LIMETabular.to_feat_stats(X.tolist()) == expected
    assert LIMETabular.to_feat_stats(tensor(framework, X)) == expected


@pytest.mark.parametrize("as_path", [str, Path])
def test_files_keep_them(tmp_path: Path, as_path: Any) -> None:
    file = as_path(tmp_path / "stats.json")
    LIMETabular.save_feat_stats(mixed(), file)
    assert LIMETabular.load_feat_stats(file) == mixed()
    found = json.loads(Path(file).read_text())
    assert set(found) == set(mixed())
    assert list(found["feature_values"]) == ["0", "1", "2"]


def test_streams_keep_them() -> None:
    stream = io.StringIO()
    LIMETabular.save_feat_stats(mixed(), stream)
    stream.seek(0)
    assert LIMETabular.load_feat_stats(stream) == mixed()


def test_statistics_of_arrays_are_accepted() -> None:
    stats = mixed()
    stats["bins"] = [np.array(borders, np.float32) for borders in stats["bins"]]
    stats["means"] = {k: np.array(means) for k, means in stats["means"].items()}
    with pytest.warns(UserWarning, match=r"one value only of the columns \[2\]"):
        LIMETabular(lambda rows: rows, stats)
    file = io.StringIO()
    LIMETabular.save_feat_stats(stats, file)


@pytest.mark.parametrize("text", ["no json", "[1, 2]", '{"means": 3}', '{"means": {"a": 1}}', "{}"])
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"`file` must hold|must have the keys"):
        LIMETabular.load_feat_stats(io.StringIO(text))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for bad in (3, None, io.BytesIO()):
        with pytest.raises(TypeError, match="`file` must be a path or a text stream"):
            LIMETabular.save_feat_stats(mixed(), bad)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="`file` must be a path or a text stream"):
            LIMETabular.load_feat_stats(bad)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        LIMETabular.load_feat_stats(tmp_path / "none.json")


@pytest.mark.parametrize("key", list(mixed()))
def test_a_missing_key_is_named(key: str) -> None:
    stats = mixed()
    del stats[key]
    with pytest.raises(ValueError, match=f"got none for {key}; make it with"):
        LIMETabular(lambda rows: rows, stats)


def broken(key: str, value: Any, index: int | None = None) -> dict[str, Any]:
    stats = mixed()
    if index is None:
        stats[key] = value
    else:
        stats[key][index] = value
    return stats


@pytest.mark.parametrize(
    ("stats", "error", "words"),
    [
        (None, TypeError, "`train_feat_stats` must be a dict, got NoneType"),
        (X, TypeError, "`train_feat_stats` must be a dict, got ndarray"),
        (broken("feature_values", {}), ValueError, "for the features 0..K-1"),
        (broken("feature_values", {0: [1], 7: [1]}), ValueError, r"got \[0, 7\]"),
        (broken("bins", [[1, 2, 3]]), ValueError, "as many `bins` as `means`, got 1 and 2"),
        (broken("means", [1.0], 0), ValueError, "must have 4 bins for feature 0, got 1, 4, 4, 4"),
        (broken("feature_frequencies", [1.0], 1), ValueError, "one frequency for each value"),
        (broken("feature_values", [9.0], 2), ValueError, "for feature 2"),
        (broken("stds", {}), ValueError, "must describe every feature under every key"),
        (broken("maxs", "ab", 0), ValueError, "train_feat_stats"),
    ],
)
def test_broken_statistics_are_refused(stats: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        LIMETabular(lambda rows: rows, stats)


@pytest.mark.parametrize(
    ("indexes", "error", "words"),
    [
        ([0], ValueError, r"`train_feat_stats` was made with, \[1\], got \[0\]"),
        ([], ValueError, r"\[1\], got \[\]"),
        ([3], ValueError, r"must be in 0..2, got 3"),
        ([-1], ValueError, r"must be in 0..2, got -1"),
        ([1, 1], ValueError, "must be distinct"),
        ([1.0], TypeError, "must be a list of int, got float"),
        ([True], TypeError, "must be a list of int, got bool"),
        (1, TypeError, "must be a list of int, got int"),
    ],
)
def test_other_categorical_columns_are_refused(
    indexes: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        LIMETabular(lambda rows: rows, mixed(), categorical_features_indexes=indexes)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"features": [[1.0, np.nan]]}, ValueError, "`features` must be finite"),
        ({"features": "x"}, TypeError, "`features` must be an array"),
        ({"features": X, "feature_names": ["a"]}, ValueError, "must have 4 names, got 1"),
        ({"features": X, "feature_names": "abcd"}, TypeError, "`feature_names` must be a list"),
        ({"features": X, "categorical_features_indexes": [0]}, ValueError, "integer codes in"),
        ({"features": X, "categorical_features_indexes": [4]}, ValueError, "must be in 0..3"),
    ],
)
def test_bad_training_data_are_refused(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        LIMETabular.to_feat_stats(**arguments)
