"""Backgrounds, and what coalitions are worth on them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from seewhy.explainer.shapley.background import Background, coalition_values, make_background
from tests.explainer.shapley.models import curved, table


def test_values_are_means_over_the_background() -> None:
    rows, background, model = table(3, 4, seed=1), table(6, 4, seed=2), curved(4, outputs=2)
    weights = np.array([1, 2, 3, 4, 5, 6]) / 21
    members = np.array([[1, 0, 0, 1], [0, 1, 1, 1], [0, 0, 0, 0]], bool)
    made = coalition_values(model, Background(background, weights), rows, members, 10**6)
    for row in range(3):
        for coalition in range(3):
            total = np.zeros(2)
            for weight, other in zip(weights, background, strict=True):
                mixed = [rows[row, k] if members[coalition, k] else other[k] for k in range(4)]
                total += weight * model(np.array([mixed]))[0]
            np.testing.assert_allclose(made[row, coalition], total, rtol=1e-12)


@pytest.mark.parametrize("rows_at_once", [1, 5, 6, 7, 50])
def test_batches_are_bounded_and_do_not_matter(rows_at_once: int) -> None:
    rows, background, model = table(3, 4, seed=1), make_background(table(6, 4), None), curved(4)
    members = np.random.default_rng(0).random((9, 4)) < 0.5
    asked: list[int] = []

    def counted(mixed: np.ndarray) -> np.ndarray:
        asked.append(len(mixed))
        return model(mixed)

    made = coalition_values(counted, background, rows, members, rows_at_once)
    whole = coalition_values(model, background, rows, members, 10**6)
    np.testing.assert_allclose(made, whole, rtol=1e-12)
    assert max(asked) <= max(rows_at_once, 6)
    assert sum(asked) == 3 * 9 * 6


def test_only_features_that_differ_somewhere_vary() -> None:
    background = make_background(np.array([[1.0, 2, 3], [1, 5, 3]]), None)
    differs = background.differs(np.array([[1.0, 2, 3], [0, 5, 3 + 1e-9]]))
    np.testing.assert_array_equal(differs, [[False, True, False], [True, True, True]])


def test_a_summary_keeps_groups_and_their_shares() -> None:
    random = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [10, 1000], [20, 5000]])
    rows = np.repeat(centres, [60, 30, 10], axis=0) + random.normal(scale=0.01, size=(100, 2))
    made = make_background(rows, 3)
    order = made.rows[:, 0].argsort()
    np.testing.assert_allclose(made.rows[order], centres, atol=0.05)
    np.testing.assert_allclose(made.weights[order], [0.6, 0.3, 0.1])
    for column in range(2):
        assert np.isin(made.rows[:, column], rows[:, column]).all()


def test_a_constant_column_does_not_disturb_a_summary() -> None:
    made = make_background(np.column_stack([np.arange(20.0), np.full(20, 7.0)]), 4)
    assert made.rows.shape == (4, 2)
    assert (made.rows[:, 1] == 7).all()


def test_few_distinct_rows_are_counted() -> None:
    rows = np.array([[1.0, 2], [3, 4], [1, 2], [1, 2]] * 10)
    made = make_background(rows, 20)
    np.testing.assert_array_equal(made.rows, [[1, 2], [3, 4]])
    np.testing.assert_allclose(made.weights, [0.75, 0.25])


def test_many_rows_are_worth_a_note() -> None:
    with pytest.warns(UserWarning, match=r"`features` has 101 rows.*`summarise=50`"):
        make_background(table(101, 2), None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_background(table(100, 2), None)
        make_background(table(150, 2), 20)
