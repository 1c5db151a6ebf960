"""Noisy linear imputation against a dense solution and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.perturb.imputation import imputed
from tests.perturb import imputation_oracle


@pytest.mark.parametrize("size", [(5, 7), (9, 4), (1, 6), (6, 1), (2, 2)])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_equals_the_dense_solution(size: tuple[int, int], share: float) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 2, *size))
    hidden = rng.random((3, *size)) < share
    hidden[:, 0, 0] = False
    made = imputed(x, hidden)
    expected = [imputation_oracle.imputed(x[n], hidden[n]) for n in range(3)]
    np.testing.assert_allclose(made, expected, rtol=1e-9, atol=1e-12)


def test_what_is_not_hidden_stays_and_the_input_too() -> None:
    rng = np.random.default_rng(0)
    x, hidden = rng.normal(size=(2, 3, 12, 10)), rng.random((2, 12, 10)) < 0.5
    before = x.copy()
    made = imputed(x, hidden)
    np.testing.assert_array_equal(x, before)
    keep = np.broadcast_to(~hidden[:, None], x.shape)
    np.testing.assert_array_equal(made[keep], x[keep])
    np.testing.assert_array_equal(imputed(x, np.zeros_like(hidden)), x)


def test_a_constant_image_is_restored_from_one_pixel() -> None:
    x = np.full((1, 1, 40, 33), 7.0)
    hidden = np.ones((1, 40, 33), bool)
    hidden[0, 21, 3] = False
    np.testing.assert_allclose(imputed(x, hidden), 7, rtol=1e-10)


def test_inside_a_slope_the_slope_is_restored() -> None:
    """A plane is harmonic: each pixel is the mean of its neighbours, whatever their distance."""
    rows, cols = np.mgrid[:16, :13].astype(float)
    plane = (3 * rows - 2 * cols)[None, None]
    hidden = np.zeros((1, 16, 13), bool)
    hidden[0, 1:-1, 1:-1] = True
    np.testing.assert_allclose(imputed(plane, hidden), plane, rtol=1e-9, atol=1e-9)


def test_refuses_to_make_an_image_of_nothing() -> None:
    with pytest.raises(ValueError, match="`hidden` must leave at least one pixel of each image"):
        imputed(np.zeros((2, 1, 3, 3)), np.ones((2, 3, 3), bool))
