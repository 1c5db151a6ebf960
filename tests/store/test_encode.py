from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from seewhy.store.encode import decode_map, encode_image, encode_map


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("scale", [1e-12, 1.0, 3e7])
def test_quantisation_error_is_at_most_half_a_step(bits: int, signed: bool, scale: float) -> None:
    values = np.random.default_rng(3).standard_normal((31, 17)) * scale
    png, vmin, vmax = encode_map(values, signed, bits)
    error = np.abs(decode_map(png, vmin, vmax) - values).max()
    # The decoded map is single precision.
    assert error <= (vmax - vmin) / (2**bits - 1) / 2 + np.abs(values).max() * 2**-24


def test_unsigned_range_is_that_of_the_values() -> None:
    _, vmin, vmax = encode_map(np.array([[0.25, 0.5], [0.75, 1.0]]), signed=False, bits=8)
    assert (vmin, vmax) == (0.25, 1.0)


def test_signed_range_is_symmetric_so_that_zero_is_middle_grey() -> None:
    png, vmin, vmax = encode_map(np.array([[-1.0, 0.0], [0.5, 4.0]]), signed=True, bits=8)
    assert (vmin, vmax) == (-4.0, 4.0)
    grey = np.asarray(Image.open(io.BytesIO(png)))
    assert grey[0, 1] in (127, 128)
    assert grey[1, 1] == 255


@pytest.mark.parametrize("constant", [0.0, 2.5, -1.0])
@pytest.mark.parametrize("signed", [False, True])
def test_constant_maps_come_back(constant: float, signed: bool) -> None:
    png, vmin, vmax = encode_map(np.full((3, 4), constant), signed, 8)
    np.testing.assert_allclose(decode_map(png, vmin, vmax), constant, atol=abs(constant) / 255)


def test_the_grid_keeps_its_shape() -> None:
    png, vmin, vmax = encode_map(np.arange(14.0).reshape(2, 7), signed=False, bits=16)
    assert decode_map(png, vmin, vmax).shape == (2, 7)


@pytest.mark.parametrize(
    ("size", "stored", "thumbnail"),
    [
        ((64, 48), (64, 48), None),
        ((400, 300), (400, 300), (320, 240)),
        ((3000, 1500), (512, 256), (320, 160)),
        ((4000, 1), (512, 1), (320, 1)),
    ],
)
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "1"])
def test_originals_are_bounded_and_never_enlarged(
    size: tuple[int, int], stored: tuple[int, int], thumbnail: tuple[int, int] | None, mode: str
) -> None:
    jpeg, small = encode_image(Image.new(mode, size))
    assert Image.open(io.BytesIO(jpeg)).size == stored
    assert (small and Image.open(io.BytesIO(small)).size) == thumbnail
