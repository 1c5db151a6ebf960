"""The maps that know nothing."""

from __future__ import annotations

import numpy as np
import pytest

from seewhy.benchmark import EdgeDetector, RandomMap
from tests.networks import images, make, numpy, tensor


def test_edges_are_those_of_sobel(framework: str) -> None:
    x = images(3, size=(7, 6))
    made = numpy(EdgeDetector(make(framework))(tensor(framework, x), [[0, 1]] * 3, show=False))
    assert made.shape == (3, 2, 7, 6)
    padded = np.pad(x.mean(1), ((0, 0), (1, 1), (1, 1)), mode="edge")
    smooth, slope = np.array([1, 2, 1]), np.array([-1, 0, 1])
    for n, i, j in np.ndindex(3, 7, 6):
        part = padded[n, i : i + 3, j : j + 3]
        expected = np.hypot(slope @ part @ smooth, smooth @ part @ slope)
        np.testing.assert_allclose(made[n, :, i, j], expected, rtol=1e-4, atol=1e-5)


def test_random_maps_depend_on_image_class_and_seed_alone(framework: str) -> None:
    x, explainer = tensor(framework, images(4)), RandomMap(make(framework))
    together = numpy(explainer(x, [[0, 1]] * 4, show=False))
    assert together.shape == (4, 2, 5, 4)
    alone = numpy(explainer(x[2:3], 1, show=False))
    np.testing.assert_array_equal(alone[0, 0], together[2, 1])
    flat = together.reshape(8, -1)
    assert len(np.unique(flat, axis=0)) == 8
    other = numpy(RandomMap(make(framework), seed=1)(x, [[0, 1]] * 4, show=False))
    assert not np.allclose(other, together)
    fresh = RandomMap(make(framework), seed=None)
    assert not np.allclose(numpy(fresh(x, 0, show=False)), numpy(fresh(x, 0, show=False)))


def test_random_grids_are_uniform(framework: str) -> None:
    made = RandomMap(make(framework), grid=100).native(tensor(framework, images(1)), 0)
    values = np.sort(numpy(made).ravel())
    np.testing.assert_allclose(values, np.linspace(0, 1, 10_000), atol=0.02)


def test_refuses_bad_arguments(framework: str) -> None:
    network = make(framework)
    with pytest.raises(ValueError, match="`grid` must be a positive int, got 0"):
        RandomMap(network, grid=0)
    with pytest.raises(ValueError, match="`seed` must be a non-negative int or None"):
        RandomMap(network, seed=-1)
