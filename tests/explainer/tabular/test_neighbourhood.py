"""The rows that LIME draws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import truncnorm
from sklearn.datasets import load_iris

from seewhy import LIMETabular
from seewhy.explainer.tabular.features import Coder
from seewhy.explainer.tabular.neighbourhood import draw
from seewhy.explainer.tabular.statistics import read_statistics

X, _ = load_iris(return_X_y=True)
COUNTS = np.array([0, 0, 0, 1, 1, 1, 1, 3] * 10, float)
TABLE = np.column_stack([X[:80, 2], COUNTS, np.full(80, 2.5), np.arange(80) % 3 * 100_000 - 7])
STATS = LIMETabular.to_feat_stats(TABLE, categorical_features_indexes=[3])
FEATURES = read_statistics(STATS)
NUMBER = 40_000


@pytest.fixture(scope="module")
def drawn() -> tuple[np.ndarray, np.ndarray]:
    made = draw(FEATURES, NUMBER, 3)
    return made.positions, made.values


def test_bins_and_categories_are_as_frequent_as_in_training(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    for k, positions in enumerate(drawn[0]):
        shares = np.array(STATS["feature_frequencies"][k])
        found = np.bincount(positions, minlength=len(shares)) / NUMBER
        assert np.abs(found - shares).max() < 4 * np.sqrt(0.25 / NUMBER)


def test_cells_follow_the_truncated_normal_of_their_bin(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    positions, values = drawn
    for code in range(4):
        mean, std = STATS["means"][0][code], STATS["stds"][0][code]
        low, high = STATS["mins"][0][code], STATS["maxs"][0][code]
        law = truncnorm((low - mean) / std, (high - mean) / std, mean, std)
        cells = values[positions[0] == code, 0]
        error = law.std() / np.sqrt(len(cells))
        assert cells.mean() == pytest.approx(law.mean(), abs=4 * error)
        assert cells.std() == pytest.approx(law.std(), rel=0.05)
        assert low <= cells.min() <= cells.max() <= high


def test_a_bin_of_one_value_gives_that_value(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    positions, values = drawn
    np.testing.assert_array_equal(values[:, 2], 2.5)
    assert STATS["bins"][1] == [0, 1]
    np.testing.assert_array_equal(values[positions[1] == 0, 1], 0)
    np.testing.assert_allclose(values[:, 1], np.array([0, 1, 3])[positions[1]], atol=1e-9)


def test_categories_are_those_of_training(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    positions, values = drawn
    np.testing.assert_array_equal(np.array([-7, 99_993, 199_993])[positions[3]], values[:, 3])


def test_cells_are_coded_as_they_were_drawn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    positions, values = drawn
    np.testing.assert_array_equal(Coder(FEATURES)(values)[:, [0, 3]], positions[[0, 3]].T)


def test_codes_of_what_training_did_not_have() -> None:
    coder = Coder(FEATURES)
    low, high = STATS["bins"][0][0], STATS["bins"][0][2]
    rows = np.array([[low, 0, 2.5, -7], [high + 99, 99, 2.6, 5], [-99, -99, -99, 300_000]])
    np.testing.assert_array_equal(coder(rows), [[0, 0, 0, 0], [3, 2, -1, -1], [0, 0, 0, -1]])


def test_columns_are_independent(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    correlation = np.corrcoef(drawn[1][:, [0, 1, 3]].T)
    assert np.abs(correlation - np.eye(3)).max() < 4 / np.sqrt(NUMBER)


def test_the_seed_makes_the_draws() -> None:
    first, again, other = (draw(FEATURES, 50, seed).values for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (draw(FEATURES, 50, None).values != draw(FEATURES, 50, None).values).any()


def test_many_categories() -> None:
    codes = np.arange(1000.0)[:, None]
    features = read_statistics(LIMETabular.to_feat_stats(codes, None, [0]))
    made = draw(features, 5000, 0)
    np.testing.assert_array_equal(made.positions[0], made.values[:, 0])
    assert made.positions.max() > 900
