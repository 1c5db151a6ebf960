"""Which coalitions are asked about, and the solve, beside definitions."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from seewhy.explainer.shapley.coalitions import all_coalitions, choose_coalitions
from seewhy.explainer.shapley.definition import shapley_values
from seewhy.explainer.shapley.solve import ShapleyRegression
from tests.explainer.shapley.models import by_permutations, curved

BUDGETS = [
    (2, 2), (2, 5000), (3, 6), (4, 9), (5, 29), (6, 61), (7, 20), (8, 16), (8, 33), (8, 250),
    (9, 509), (12, 5000), (13, 5000), (30, 60), (30, 2048), (61, 700), (200, 1000),
]  # fmt: skip


@pytest.mark.parametrize(("num_features", "budget"), BUDGETS)
def test_coalitions_are_paired_distinct_and_within_the_budget(
    num_features: int, budget: int
) -> None:
    made = choose_coalitions(num_features, budget, 0)
    number = min(budget // 2 * 2, 2**num_features - 2)
    assert made.members.shape == (number, num_features)
    assert len(np.unique(made.members, axis=0)) == number
    keys = {row.tobytes(): w for row, w in zip(made.members, made.weights, strict=True)}
    assert all(keys[(~row).tobytes()] == keys[row.tobytes()] for row in made.members)
    sizes = made.members.sum(1)
    assert sizes.min() >= 1
    assert sizes.max() <= num_features - 1
    assert made.weights.min() > 0
    assert made.weights.sum() == pytest.approx(1)
    assert made.exact == (budget >= 2**num_features - 2)


@pytest.mark.parametrize("num_features", [2, 3, 4, 7, 10])
def test_all_coalitions_have_the_weights_of_the_kernel(num_features: int) -> None:
    made = choose_coalitions(num_features, 2**num_features, 0)
    sizes = made.members.sum(1)
    kernel = [(num_features - 1) / (comb(num_features, s) * s * (num_features - s)) for s in sizes]
    np.testing.assert_allclose(made.weights, kernel / np.sum(kernel), rtol=1e-12)


@pytest.mark.parametrize(("num_features", "budget"), [(9, 300), (14, 500), (30, 3000), (10, 1000)])
def test_each_size_has_its_weight_in_all(num_features: int, budget: int) -> None:
    made = choose_coalitions(num_features, budget, 0)
    sizes = made.members.sum(1)
    sums = np.bincount(sizes, made.weights)[1:]
    s = np.arange(1, num_features)
    kernel = 1 / (s * (num_features - s))
    np.testing.assert_allclose(sums, kernel / kernel.sum(), rtol=1e-9)


def test_small_budgets_hold_all_single_features() -> None:
    for budget in (24, 30, 47):
        members = choose_coalitions(12, budget, 0).members
        assert (members.sum(1) == 1).sum() == 12
        assert (members.sum(1) == 11).sum() == 12


def test_each_coalition_of_a_size_is_as_likely_as_any() -> None:
    counts = np.zeros(2**6)
    for seed in range(600):
        members = choose_coalitions(6, 40, seed).members
        chosen = members[members.sum(1) == 3]
        np.add.at(counts, chosen @ (1 << np.arange(6)), 1)
    seen = counts[counts > 0]
    assert len(seen) == comb(6, 3)
    expected = counts.sum() / 20
    assert np.abs(seen - expected).max() < 5 * np.sqrt(expected)


def test_the_seed_decides() -> None:
    first, again, other = (choose_coalitions(20, 500, seed).members for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    fresh = [choose_coalitions(20, 500, None).members for _ in range(2)]
    assert not np.array_equal(*fresh)


def test_a_budget_that_leaves_values_undetermined_is_refused() -> None:
    message = (
        r"`num_neighbours` must be at least 2 for each of the 40 features .* 80 in all, got 79"
    )
    with pytest.raises(ValueError, match=message):
        choose_coalitions(40, 79, 0)


def test_the_definition_is_the_mean_over_all_orders() -> None:
    background, row = np.zeros((1, 5)), np.ones(5)
    model = curved(5, outputs=2)
    values = shapley_values(model(all_coalitions(5).astype(float)))
    np.testing.assert_allclose(values, by_permutations(model, background, row), atol=1e-12)


@pytest.mark.parametrize("num_features", [2, 3, 5, 8, 12])
def test_the_regression_on_all_coalitions_is_the_definition(num_features: int) -> None:
    members = all_coalitions(num_features)
    values = curved(num_features, outputs=3)(members.astype(float))
    coalitions = choose_coalitions(num_features, 2**num_features, 0)
    solved = ShapleyRegression(coalitions).solve(values[1:-1], values[0], values[-1])
    np.testing.assert_allclose(solved, shapley_values(values), atol=1e-12)


@pytest.mark.parametrize("budget", [24, 48, 100, 1000])
def test_the_sum_is_exact_and_a_linear_game_is_solved_from_any_sample(budget: int) -> None:
    random = np.random.default_rng(0)
    weights = random.normal(size=(12, 2)) * 1e3
    coalitions = choose_coalitions(12, budget, 1)
    values = coalitions.members @ weights + 5
    solved = ShapleyRegression(coalitions).solve(values, np.full(2, 5.0), weights.sum(0) + 5)
    np.testing.assert_allclose(solved, weights, rtol=1e-9)
    np.testing.assert_allclose(solved.sum(0), weights.sum(0), rtol=1e-14)


def test_coalitions_that_leave_a_direction_open_give_the_shortest_answer() -> None:
    whole = choose_coalitions(6, 12, 0)
    keep = ~(whole.members[:, 4] ^ whole.members[:, 5])  # features 4 and 5 always go together
    few = type(whole)(whole.members[keep], whole.weights[keep], exact=False)
    weights = np.array([1.0, 2, 3, 4, 5, 6])[:, None]
    ends = np.zeros(1), weights.sum(0)
    solved = ShapleyRegression(few).solve(few.members @ weights, *ends)[:, 0]
    np.testing.assert_allclose(solved, [1, 2, 3, 4, 5.5, 5.5], atol=1e-9)


def test_values_converge_to_the_exact_ones() -> None:
    members = all_coalitions(12)
    values = curved(12)(members.astype(float))
    exact = shapley_values(values)
    errors = []
    for budget in (48, 400, 3000):
        runs = []
        for seed in range(8):
            coalitions = choose_coalitions(12, budget, seed)
            asked = values[coalitions.members @ (1 << np.arange(12))]
            solved = ShapleyRegression(coalitions).solve(asked, values[0], values[-1])
            runs.append(((solved - exact) ** 2).sum())
        errors.append(np.sqrt(np.mean(runs)) / np.linalg.norm(exact))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.02
