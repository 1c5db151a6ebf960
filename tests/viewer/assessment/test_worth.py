"""What scores are worth, and who wins, against closed forms and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.store import MetricInfo
from seewhy.viewer.assessment.ranking import percent
from seewhy.viewer.assessment.worth import total, wins, worth

INF = np.inf
numbers = st.floats(-1e6, 1e6)


def metric(higher: bool, low: float, high: float, chance: float | None = None) -> MetricInfo:
    return MetricInfo("of", higher, low, high, {}, chance)


@pytest.mark.parametrize(
    ("of", "value", "expected"),
    [
        (metric(True, 0, 1), 0.25, 0.25),
        (metric(False, 0, 1), 0.25, 0.75),
        (metric(True, 0, 100), 25, 0.25),
        (metric(True, -1, 1), 0, 0.5),
        (metric(False, 0, 2), 0.5, 0.75),
        # Best end 1, chance 0.25 is worth one half: 0.75 / (0.75 + distance from 1).
        (metric(True, -INF, 1, 0.25), 1, 1),
        (metric(True, -INF, 1, 0.25), 0.25, 0.5),
        (metric(True, -INF, 1, 0.25), -0.5, 0.75 / 2.25),
        (metric(False, 0, INF, 2), 0, 1),
        (metric(False, 0, INF, 2), 6, 0.25),
        # Worst end 0.
        (metric(True, 0, INF, 2), 0, 0),
        (metric(True, 0, INF, 2), 2, 0.5),
        (metric(True, 0, INF, 2), 6, 0.75),
        (metric(False, -INF, 0, -2), -6, 0.75),
    ],
)
def test_scores_become_worths_by_the_rule(of: MetricInfo, value: float, expected: float) -> None:
    assert worth(of, {}, []).of(value) == pytest.approx(expected)


def test_the_reference_is_chance_then_the_baselines_then_the_median() -> None:
    means = {"a": 1.0, "b": 3.0, "Random": 4.0, "Edges": 8.0, "c": 2.0}
    down = metric(False, 0, INF)
    baselines = ["Random", "Edges", "missing"]
    assert worth(metric(False, 0, INF, 5), means, baselines).of(5) == 0.5
    assert worth(down, means, baselines).of(6) == 0.5
    assert worth(down, means, []).of(3) == 0.5
    assert "the mean of the baselines (6)" in worth(down, means, baselines).rule


def test_without_any_end_the_means_of_the_job_are_the_ends() -> None:
    means = {"a": -2.0, "b": 3.0, "c": 0.5}
    up, down = metric(True, -INF, INF), metric(False, -INF, INF)
    assert [worth(up, means, []).of(v) for v in (-2, 0.5, 3, 99)] == [0, 0.5, 1, 1]
    assert [worth(down, means, []).of(v) for v in (-2, 0.5, 3)] == [1, 0.5, 0]
    assert worth(up, {"a": 1.0}, []).of(1) == 0.5


@settings(deadline=None)
@given(
    st.booleans(),
    st.sampled_from([(0, 1), (0, INF), (-INF, 1), (-INF, INF)]),
    st.lists(numbers, min_size=2, max_size=6),
    st.none() | numbers,
)
def test_a_worth_is_in_0_to_1_and_better_scores_are_never_worth_less(
    higher: bool, ends: tuple[float, float], values: list[float], chance: float | None
) -> None:
    values = sorted(min(max(value, ends[0]), ends[1]) for value in values)
    if chance is not None:
        chance = min(max(chance, ends[0]), ends[1])
    of = worth(metric(higher, *ends, chance), dict(enumerate(values)), []).of  # type: ignore[arg-type]
    worths = [of(value) for value in values]
    assert all(0 <= one <= 1 for one in worths)
    assert worths == sorted(worths, reverse=not higher)


def test_a_total_leaves_out_what_is_missing() -> None:
    assert total([0.2, None, 0.8], [1, 50, 3]) == pytest.approx((0.2 + 3 * 0.8) / 4)
    assert total([None, 0.5], [1, 0]) is None
    assert total([], []) is None


def test_wins_of_two_metrics_are_the_length_of_the_interval() -> None:
    """A has (1, 0), B (0, 0.25): A is ahead where w > 0.25 (1 - w), that is w > 0.2."""
    shares = wins(np.array([[1, 0], [0, 0.25]]))
    np.testing.assert_allclose(shares, [0.8, 0.2], atol=0.02)


def test_wins_against_a_plain_loop() -> None:
    random = np.random.default_rng(2)
    worths = random.random((5, 4))
    worths[1, 2] = worths[3, 0] = np.nan
    counted = np.zeros(5)
    for _ in range(4000):
        weights = random.exponential(size=4)
        weights /= weights.sum()
        totals = [total([None if np.isnan(v) else v for v in row], weights) for row in worths]
        counted[int(np.argmax(np.array(totals)))] += 1 / 4000
    np.testing.assert_allclose(wins(worths), counted, atol=0.035)
    np.testing.assert_array_equal(wins(worths), wins(worths))


def test_ties_are_shared_and_what_has_no_score_does_not_compete() -> None:
    shares = wins(np.array([[0.5, 0.5], [0.5, 0.5], [np.nan, np.nan]]))
    np.testing.assert_allclose(shares, [0.5, 0.5, np.nan])
    assert wins(np.full((1, 1), 0.3)).tolist() == [1]
    assert np.isnan(wins(np.full((2, 2), np.nan))).all()


@settings(deadline=None)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_shares_add_up_to_100(weights: list[int]) -> None:
    shares = percent(weights)
    if not any(weights):
        assert shares == [0] * len(weights)
        return
    assert sum(shares) == 100
    exact = 100 * np.array(weights) / sum(weights)
    assert (abs(np.array(shares) - exact) < 1).all()
