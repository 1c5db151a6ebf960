"""Which windows there are, and how their values are spread over the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seewhy.perturb.windows import default_window, sliding_windows
from tests.perturb import oracles

# size: window and stride of the predecessor.
DEFAULTS = {
    1: (1, 1),
    2: (2, 1),
    3: (3, 1),
    8: (3, 1),
    32: (3, 1),
    33: (1, 1),
    63: (1, 1),
    64: (2, 2),
    100: (3, 3),
    224: (7, 7),
    225: (7, 7),
    250: (7, 7),
}


@pytest.mark.parametrize("size", DEFAULTS)
def test_default_windows(size: int) -> None:
    assert default_window(size) == DEFAULTS[size]


def test_the_documented_number_of_windows() -> None:
    assert len(sliding_windows((224, 224), (7, 7), (7, 7))) == 1024
    assert len(sliding_windows((224, 224), (32, 32), (8, 8))) == 625


@st.composite
def geometries(draw: st.DrawFn) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    axes = []
    for _ in range(2):
        size = draw(st.integers(1, 24))
        window = draw(st.integers(1, size))
        axes.append((size, window, draw(st.integers(1, window))))
    (height, h, down), (width, w, right) = axes
    return (height, width), (h, w), (down, right)


@settings(max_examples=150, deadline=None)
@given(geometries())
def test_windows_are_those_of_the_loop(
    geometry: tuple[tuple[int, int], tuple[int, int], tuple[int, int]],
) -> None:
    windows = sliding_windows(*geometry)
    expected = [
        (c.start, r.start, c.stop - c.start, r.stop - r.start) for r, c in oracles.boxes(*geometry)
    ]
    assert windows.boxes().tolist() == [list(box) for box in expected]
    assert len(windows) == len(expected)
    size, across = geometry[0], len(windows.cols)
    covered = np.zeros(size)
    for k, (rows, cols) in enumerate(oracles.boxes(*geometry)):
        one = np.zeros(size)
        one[rows, cols] = 1
        np.testing.assert_array_equal(
            np.outer(windows.rows[k // across], windows.cols[k % across]), one
        )
        covered += one
    assert covered.min() >= 1


@settings(max_examples=50, deadline=None)
@given(geometries(), st.integers(0, 2**31))
def test_spread_is_the_mean_over_covering_windows(
    geometry: tuple[tuple[int, int], tuple[int, int], tuple[int, int]], seed: int
) -> None:
    windows = sliding_windows(*geometry)
    values = np.random.default_rng(seed).normal(size=(2, 3, len(windows)))
    total, count = np.zeros((2, 3, *geometry[0])), np.zeros(geometry[0])
    for k, (rows, cols) in enumerate(oracles.boxes(*geometry)):
        total[..., rows, cols] += values[..., k, None, None]
        count[rows, cols] += 1
    np.testing.assert_allclose(windows.spread(values), total / count, atol=1e-12)


@pytest.mark.parametrize(
    ("window", "stride", "message"),
    [
        ((9, 3), (1, 1), "`window` must fit into the image, got height 9 for 8"),
        ((3, 7), (1, 1), "`window` must fit into the image, got width 7 for 6"),
        ((3, 3), (4, 1), "`stride` must not exceed `window`, .* got 4 for a window of height 3"),
        ((3, 3), (1, 5), "`stride` must not exceed `window`, .* got 5 for a window of width 3"),
    ],
)
def test_windows_that_do_not_fit(
    window: tuple[int, int], stride: tuple[int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        sliding_windows((8, 6), window, stride)
