"""saliency_to_rgba and saliency_to_image: colours, transparency, overlays, sizes, bad input."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from seewhy.visual.cv import saliency_to_image, saliency_to_rgba

VIRIDIS = matplotlib.colormaps["viridis"]
COOLWARM = matplotlib.colormaps["coolwarm"]
MAP = np.random.default_rng(0).normal(size=(5, 9))
UNIT = (MAP - MAP.min()) / (MAP.max() - MAP.min())


def photograph(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def test_rgba_in_floats():
    rgba = saliency_to_rgba(MAP, VIRIDIS, as_uint8=False)
    assert rgba.dtype == np.float64
    np.testing.assert_allclose(rgba[..., :3], VIRIDIS(UNIT)[..., :3])
    np.testing.assert_allclose(rgba[..., 3], np.minimum(1.2 * UNIT, 1))
    assert saliency_to_rgba(MAP.astype(np.float32), as_uint8=False).dtype == np.float32


def test_rgba_in_bytes_is_rounded():
    rgba = saliency_to_rgba(MAP)
    assert rgba.dtype == np.uint8
    assert rgba.shape == (5, 9, 4)
    floats = saliency_to_rgba(MAP, VIRIDIS, as_uint8=False)
    np.testing.assert_array_equal(rgba, np.floor(floats * 255 + 0.5))


def test_without_normalisation_values_are_clipped():
    values = np.array([[-1.0, 0.25, 2.0]])
    rgba = saliency_to_rgba(values, VIRIDIS, alpha_factor=1, as_uint8=False, normalize=False)
    np.testing.assert_allclose(rgba[..., :3], VIRIDIS(np.array([[0, 0.25, 1]]))[..., :3])
    np.testing.assert_array_equal(rgba[..., 3], [[0, 0.25, 1]])


@pytest.mark.parametrize("factor", [0, 0.5, np.float32(0.5), 3.0])
def test_alpha_factor(factor: float):
    alpha = saliency_to_rgba(MAP, alpha_factor=factor, as_uint8=False)[..., 3]
    np.testing.assert_allclose(alpha, np.minimum(UNIT * float(factor), 1))


def test_signed_is_centred_on_zero():
    values = np.array([[-4.0, -1.0, 0.0, 2.0, 3.0]])
    rgba = saliency_to_rgba(values, as_uint8=False, signed=True)
    scaled = values / 4
    expected = COOLWARM((scaled + 1) / 2)[..., :3]
    np.testing.assert_allclose(rgba[..., :3], expected, atol=0.5 / 255 + 1e-9)
    np.testing.assert_allclose(rgba[..., 3], np.minimum(np.abs(scaled) * 1.2, 1))
    red, blue = rgba[0, 4, 0] - rgba[0, 4, 2], rgba[0, 0, 2] - rgba[0, 0, 0]
    assert red > 0.4
    assert blue > 0.4
    unscaled = saliency_to_rgba(scaled * 2, normalize=False, as_uint8=False, signed=True)
    np.testing.assert_allclose(unscaled[0, [0, 2], 3], [1, 0])


def test_signed_with_another_colour_map():
    brown = matplotlib.colormaps["BrBG"]
    rgba = saliency_to_rgba(MAP, "BrBG", as_uint8=False, signed=True)
    position = (MAP / np.abs(MAP).max() + 1) / 2
    np.testing.assert_allclose(rgba[..., :3], brown(position)[..., :3], rtol=1e-12)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1), (1, 1, 9), (1, 1, 4, 9)])
def test_heat_map_has_the_size_of_the_map(shape: tuple[int, ...]):
    picture = saliency_to_image(np.random.default_rng(0).random(shape))
    assert picture.mode == "RGB"
    assert picture.size == (shape[-1], shape[-2])  # PIL counts width first


def test_heat_map_has_pure_colours():
    picture = saliency_to_image(MAP)
    np.testing.assert_array_equal(np.asarray(picture), saliency_to_rgba(MAP)[..., :3])
    with_alpha = saliency_to_image(MAP, with_alpha=True)
    assert with_alpha.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(with_alpha), saliency_to_rgba(MAP))


def test_a_constant_map_leaves_the_original_as_it_is():
    original = photograph(9, 5)
    for value in (0.0, 7.0):
        blended = saliency_to_image(np.full((5, 9), value), original)
        np.testing.assert_array_equal(np.asarray(blended), np.asarray(original))


@pytest.mark.parametrize("signed", [False, True])
def test_overlay_is_blended_by_alpha(signed: bool):
    original = photograph(9, 5)
    rgba = saliency_to_rgba(MAP, signed=signed) / 255
    expected = rgba[..., :3] * rgba[..., 3:] + np.asarray(original) / 255 * (1 - rgba[..., 3:])
    blended = saliency_to_image(MAP, original, signed=signed)
    assert blended.mode == "RGB"
    np.testing.assert_allclose(np.asarray(blended), expected * 255, atol=1)
    opaque = saliency_to_image(MAP, original, with_alpha=True, signed=signed)
    assert opaque.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(opaque)[..., :3], np.asarray(blended))
    assert (np.asarray(opaque)[..., 3] == 255).all()


@pytest.mark.torch
def test_a_coarse_map_is_enlarged_to_the_original():
    import torch

    original = photograph(90, 61)
    picture = saliency_to_image(MAP, original)
    assert picture.size == original.size
    large = torch.nn.functional.interpolate(
        torch.from_numpy(UNIT)[None, None], (61, 90), mode="bilinear", align_corners=False
    )
    same = saliency_to_image(large, original, normalize=False)
    np.testing.assert_allclose(np.asarray(picture), np.asarray(same, np.int16), atol=1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((4, 3), (9, 5)), ((9, 5), (9, 5)), ((4, 50), (4, 50)), ((50, 4), (50, 4))],
)
def test_size_of_an_overlay(size: tuple[int, int], expected: tuple[int, int]):
    assert saliency_to_image(MAP, photograph(*size)).size == expected


def test_the_original_is_left_alone():
    original = photograph(20, 10)
    before = np.asarray(original).copy()
    saliency_to_image(MAP, original)
    np.testing.assert_array_equal(np.asarray(original), before)
    assert original.mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_modes_of_originals(mode: str):
    picture = saliency_to_image(MAP, photograph(20, 10, mode))
    assert (picture.mode, picture.size) == ("RGB", (20, 10))


def test_a_transparent_original_lies_on_white():
    clear = Image.new("RGBA", (9, 5), (255, 0, 0, 0))
    picture = saliency_to_image(np.zeros((5, 9)), clear)
    np.testing.assert_array_equal(np.asarray(picture), 255)
    kept = saliency_to_image(np.zeros((5, 9)), clear, with_alpha=True)
    np.testing.assert_array_equal(np.asarray(kept)[..., 3], 0)


@pytest.mark.parametrize("name", ["as_uint8", "normalize", "signed"])
def test_flags_of_rgba_must_be_bools(name: str):
    with pytest.raises(TypeError, match=f"`{name}` must be a bool, got int"):
        saliency_to_rgba(MAP, **{name: 1})


@pytest.mark.parametrize("name", ["with_alpha", "normalize", "signed"])
def test_flags_of_image_must_be_bools(name: str):
    with pytest.raises(TypeError, match=f"`{name}` must be a bool, got str"):
        saliency_to_image(MAP, **{name: "yes"})


@pytest.mark.parametrize("factor", ["1", None, True, [1.2]])
def test_alpha_factor_must_be_a_number(factor: object):
    with pytest.raises(TypeError, match="`alpha_factor` must be a float"):
        saliency_to_rgba(MAP, alpha_factor=factor)


@pytest.mark.parametrize("factor", [-0.1, np.nan, np.inf])
def test_alpha_factor_must_be_finite_and_not_negative(factor: float):
    with pytest.raises(ValueError, match="`alpha_factor` must be finite and not negative"):
        saliency_to_rgba(MAP, alpha_factor=factor)


@pytest.mark.parametrize("original", ["cat.png", np.zeros((5, 9, 3), np.uint8), 3])
def test_an_original_that_is_no_picture_is_refused(original: object):
    with pytest.raises(TypeError, match="`original` must be a PIL image"):
        saliency_to_image(MAP, original)


@pytest.mark.parametrize("mode", ["I", "F", "I;16"])
def test_an_original_of_more_than_8_bits_is_refused(mode: str):
    with pytest.raises(ValueError, match=f"8 bits a channel, got mode '{mode}'"):
        saliency_to_image(MAP, Image.new(mode, (9, 5)))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("function", [saliency_to_rgba, saliency_to_image])
def test_bad_maps_are_refused(function, normalize: bool):
    with pytest.raises(ValueError, match="`saliency` must be finite"):
        function(np.array([[0, np.nan]]), normalize=normalize)
    with pytest.raises(ValueError, match="one map of shape"):
        function(np.ones((2, 3, 4)), normalize=normalize)
    with pytest.raises(TypeError, match="NumPy array or a tensor"):
        function([[0.0, 1.0]], normalize=normalize)
