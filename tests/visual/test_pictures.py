"""images_from_maps: nesting, overlays, bad input."""

import numpy as np
import pytest
from PIL import Image

from seewhy.visual import images_from_maps, saliency_to_image

MAPS = np.random.default_rng(0).normal(size=(2, 3, 4, 6)).astype(np.float32)
ORIGINALS = [Image.new("RGB", (12, 8), color) for color in ("red", "blue")]


def test_one_picture_a_map():
    pictures = images_from_maps(MAPS)
    assert [len(sample) for sample in pictures] == [3, 3]
    for i in range(2):
        for j in range(3):
            assert pictures[i][j].mode == "RGB"
            assert pictures[i][j] == saliency_to_image(MAPS[i, j])


def test_overlays_and_options():
    pictures = images_from_maps(MAPS, ORIGINALS, "cividis", normalize=False, signed=True)
    expected = saliency_to_image(MAPS[1, 2], ORIGINALS[1], "cividis", normalize=False, signed=True)
    assert pictures[1][2] == expected
    assert pictures[0][0].size == (12, 8)


@pytest.mark.torch
def test_tensor():
    import torch

    assert images_from_maps(torch.from_numpy(MAPS)) == images_from_maps(MAPS)


@pytest.mark.parametrize("shape", [(4, 6), (3, 4, 6), (1, 2, 3, 4, 6)])
def test_maps_must_have_four_axes(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"`maps` must have shape \(N, L, H, W\)"):
        images_from_maps(np.ones(shape))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_every_sample_needs_an_original(count: int):
    with pytest.raises(ValueError, match=f"`originals` must hold 2 pictures, got {count}"):
        images_from_maps(MAPS, ORIGINALS[:1] * count)


@pytest.mark.parametrize("originals", [ORIGINALS[0], "ab", 2])
def test_originals_must_be_a_list(originals: object):
    with pytest.raises(TypeError, match="`originals` must be a list of PIL images"):
        images_from_maps(MAPS, originals)


def test_originals_must_be_pictures():
    with pytest.raises(TypeError, match="`original` must be a PIL image, got str"):
        images_from_maps(MAPS, ["a", "b"])


def test_nan_is_refused():
    maps = MAPS.copy()
    maps[1, 2, 0, 0] = np.nan
    with pytest.raises(ValueError, match="`maps` must be finite, got 1 NaN or infinite of 144"):
        images_from_maps(maps)
