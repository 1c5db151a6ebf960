"""resize_bilinear: closed forms, torch's interpolate, bad input."""

import numpy as np
import pytest

from seewhy.visual import resize_bilinear


def test_two_pixels_become_four():
    # Centres at 1/4 and 3/4; the new centres at 1/8, 3/8, 5/8, 7/8.
    np.testing.assert_allclose(
        resize_bilinear(np.array([[0.0, 1.0]]), (1, 4)), [[0, 0.25, 0.75, 1]]
    )


def test_an_affine_map_stays_affine_inside():
    height, width, new_height, new_width = 5, 8, 17, 11
    y, x = np.mgrid[:height, :width]
    result = resize_bilinear(2.0 * y - 3.0 * x + 1, (new_height, new_width))
    # Clipping to the outermost centres is the repetition at the edge.
    new_y = np.clip((np.arange(new_height) + 0.5) * height / new_height - 0.5, 0, height - 1)
    new_x = np.clip((np.arange(new_width) + 0.5) * width / new_width - 0.5, 0, width - 1)
    np.testing.assert_allclose(result, 2 * new_y[:, None] - 3 * new_x + 1, rtol=1e-12, atol=1e-12)


def test_values_are_neither_rounded_nor_clipped_nor_transposed():
    values = np.array([[1e-6, -3.0, 700.5]])
    result = resize_bilinear(values, (2, 3))
    np.testing.assert_array_equal(result, np.repeat(values, 2, axis=0))


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((7, 7), (224, 224)),
        ((7, 9), (300, 451)),
        ((6, 10), (10, 6)),
        ((1, 5), (4, 13)),
        ((5, 1), (13, 1)),
        ((224, 200), (7, 9)),
        ((8, 8), (8, 8)),
    ],
)
def test_equals_torch_interpolate(old: tuple[int, int], new: tuple[int, int], dtype: str):
    import torch

    maps = np.random.default_rng(0).normal(size=(2, 3, *old)).astype(dtype)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(maps), new, mode="bilinear", align_corners=False
    ).numpy()
    result = resize_bilinear(maps, new)
    assert result.dtype == dtype
    # torch computes positions in the map's own precision; we use float64.
    tolerance = 5e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(result, expected, atol=tolerance)
    np.testing.assert_array_equal(resize_bilinear(torch.from_numpy(maps), new), result)


def test_any_leading_axes():
    maps = np.random.default_rng(0).random((2, 1, 3, 4, 5))
    result = resize_bilinear(maps, (9, 2))
    assert result.shape == (2, 1, 3, 9, 2)
    np.testing.assert_array_equal(result[1, 0, 2], resize_bilinear(maps[1, 0, 2], (9, 2)))


@pytest.mark.parametrize("size", [7, (7,), (7, 7, 7), "77", (7.0, 7), (True, 7), None])
def test_a_size_that_is_no_pair_of_ints_is_refused(size: object):
    with pytest.raises(TypeError, match="`size` must be a pair"):
        resize_bilinear(np.ones((2, 2)), size)


@pytest.mark.parametrize("size", [(0, 7), (7, -1)])
def test_a_size_that_is_not_positive_is_refused(size: tuple[int, int]):
    with pytest.raises(ValueError, match="`size` must be positive"):
        resize_bilinear(np.ones((2, 2)), size)


def test_bad_maps_are_refused():
    with pytest.raises(TypeError, match="`maps` must be a NumPy array or a tensor"):
        resize_bilinear([[1.0]], (2, 2))
    with pytest.raises(ValueError, match=r"`maps` must have shape \(\.\.\., H, W\)"):
        resize_bilinear(np.ones(3), (2, 2))
    with pytest.raises(ValueError, match="`maps` must be finite"):
        resize_bilinear(np.full((2, 2), np.nan), (2, 2))
