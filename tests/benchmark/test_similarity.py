"""Correlations and structural similarity against SciPy and their slow definitions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from seewhy.benchmark.similarity import correlation, rank_correlation, structural_similarity


def pairs(size: tuple[int, int] = (9, 14)) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(4, *size))
    return one, np.stack([one[0], -one[1], rng.normal(size=size), one[3].round() + 5])


def test_correlations_equal_scipys() -> None:
    one, other = pairs()
    expected = [pearsonr(a.ravel(), b.ravel())[0] for a, b in zip(one, other, strict=True)]
    got = correlation(one.reshape(4, -1), other.reshape(4, -1))
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    expected = [spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(rank_correlation(one, other), expected, rtol=1e-12)


def test_constant_maps_have_none() -> None:
    one, other = pairs()
    other[1] = 0.1  # whose mean is not 0.1, in floats
    for similarity in (rank_correlation, structural_similarity):
        np.testing.assert_array_equal(np.isnan(similarity(one, other)), [False, True, False, False])
        np.testing.assert_array_equal(np.isnan(similarity(other, one))[1], True)


def slow_ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Window by window (Wang et al., 2004), each 11 x 11, the maps mirrored at their edges."""
    place = np.arange(-5, 6)
    bell = np.exp(-(place**2) / (2 * 1.5**2))
    window = np.outer(bell, bell) / bell.sum() ** 2
    x, y = ((m - m.min()) / (m.max() - m.min()) for m in (one, other))
    x, y = (np.pad(m, 5, mode="symmetric") for m in (x, y))
    values = []
    for i in range(one.shape[0]):
        for j in range(one.shape[1]):
            a, b = (m[i : i + 11, j : j + 11] for m in (x, y))
            ma, mb = (window * a).sum(), (window * b).sum()
            va, vb = (window * (a - ma) ** 2).sum(), (window * (b - mb) ** 2).sum()
            c = (window * (a - ma) * (b - mb)).sum()
            index = (2 * ma * mb + 1e-4) * (2 * c + 9e-4)
            values.append(index / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4)))
    return float(np.mean(values))


@pytest.mark.parametrize("size", [(9, 14), (20, 13)])
def test_structural_similarity_equals_its_definition(size: tuple[int, int]) -> None:
    one, other = pairs(size)
    expected = [slow_ssim(a, b) for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(structural_similarity(one, other), expected, rtol=1e-9)
    np.testing.assert_allclose(structural_similarity(one, 3 * one + 2), 1, rtol=1e-9)
