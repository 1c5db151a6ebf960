"""Noisy linear imputation against a direct solution and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from sklearn.datasets import load_sample_image

from seewhy.perturb.imputation import TOLERANCE, imputed
from tests.perturb import imputation_oracle

SIZES = [(5, 7), (9, 4), (1, 6), (6, 1), (2, 2), (1, 90), (90, 2), (33, 32), (61, 50)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("blur", [0, 1, 4])
def test_equals_the_direct_solution(size: tuple[int, int], share: float, blur: float) -> None:
    """Single pixels, wires and blobs, at any share, small grids and those with coarser ones."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 2, *size)) * np.array([1, 50])[:, None, None] + 3
    ranks = ndimage.gaussian_filter(rng.random((3, *size)), (0, blur, blur))
    hidden = ranks < np.quantile(ranks, share, axis=(1, 2), keepdims=True)
    made = imputed(x, hidden)
    for n in range(3):
        expected = imputation_oracle.imputed(x[n], hidden[n])
        known = x[n][:, ~hidden[n]]
        bound = TOLERANCE * np.ptp(known, axis=1) + 1e-6 * np.abs(known).max(1)
        assert (np.abs(made[n] - expected).max((1, 2)) <= bound).all()


def test_equals_the_direct_solution_of_a_photograph() -> None:
    photograph = load_sample_image("china.jpg")[100:260, 200:351].transpose(2, 0, 1) / 255.0
    ranks = ndimage.gaussian_filter(np.random.default_rng(0).random(photograph.shape[1:]), 2)
    for share in (0.1, 0.5, 0.9):
        hidden = ranks < np.quantile(ranks, share)
        expected = imputation_oracle.imputed(photograph, hidden)
        made = imputed(photograph[None].astype(np.float32), hidden[None])[0]
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, expected, rtol=0, atol=TOLERANCE)


def test_what_was_hidden_leaves_no_trace() -> None:
    rng = np.random.default_rng(1)
    x, hidden = rng.normal(size=(1, 2, 20, 23)), rng.random((1, 20, 23)) < 0.6
    other = np.where(hidden[:, None], np.nan, x)
    np.testing.assert_array_equal(imputed(x, hidden), imputed(other, hidden))


def test_images_together_are_filled_in_as_alone() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(5, 2, 24, 31))
    hidden = rng.random((5, 24, 31)) < np.array([0.05, 0.3, 0, 0.7, 0.97])[:, None, None]
    alone = [imputed(x[n : n + 1], hidden[n : n + 1])[0] for n in range(5)]
    np.testing.assert_allclose(imputed(x, hidden), alone, rtol=0, atol=1e-6)


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
    np.testing.assert_allclose(imputed(x, hidden), 7, rtol=1e-6)


def test_inside_a_slope_the_slope_is_restored() -> None:
    """A plane is harmonic: each pixel is the mean of its neighbours, whatever their distance."""
    rows, cols = np.mgrid[:16, :13].astype(float)
    plane = (3 * rows - 2 * cols)[None, None]
    hidden = np.zeros((1, 16, 13), bool)
    hidden[0, 1:-1, 1:-1] = True
    np.testing.assert_allclose(
        imputed(plane, hidden), plane, rtol=0, atol=TOLERANCE * np.ptp(plane)
    )


def test_refuses_to_make_an_image_of_nothing() -> None:
    with pytest.raises(ValueError, match="`hidden` must leave at least one pixel of each image"):
        imputed(np.zeros((2, 1, 3, 3)), np.ones((2, 3, 3), bool))
