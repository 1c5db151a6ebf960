"""edited_image: which pixels are covered, how they look, sizes, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from seewhy.visual import edited_image

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
PHOTO = Image.fromarray(PIXELS)
BOXES = [(6, 4, 10, 8), (12, 8, 12, 10)]


def inside(size: tuple[int, int]) -> np.ndarray[Any, Any]:
    marked = np.zeros(size, bool)
    for x, y, width, height in BOXES:
        marked[y : y + height, x : x + width] = True
    return marked


@pytest.mark.parametrize("reveal", [True, False])
def test_what_is_covered_is_grey_and_darker(reveal: bool) -> None:
    made = np.asarray(edited_image(PHOTO, BOXES, (40, 60), reveal))
    shown = inside((40, 60)) == reveal
    np.testing.assert_array_equal(made[shown], PIXELS[shown])
    covered = made[~shown]
    assert (covered == covered[:, :1]).all()
    blurred = gaussian_filter(PIXELS.astype(float), (2, 2, 0), mode="nearest")
    expected = 0.7 * blurred @ [0.299, 0.587, 0.114]
    # Pillow blurs by boxes, and rounds at every step.
    assert abs(covered[:, 0] - expected[~shown]).mean() < 3


def test_boxes_are_in_pixels_of_the_input() -> None:
    large = PHOTO.resize((180, 80))
    made = np.asarray(edited_image(large, BOXES, (40, 60)))
    shown = np.kron(inside((40, 60)), np.ones((2, 3), bool))
    np.testing.assert_array_equal(made[shown], np.asarray(large)[shown])
    assert (made[~shown] == made[~shown][:, :1]).all()


def test_no_box_and_modes() -> None:
    nothing = np.asarray(edited_image(PHOTO, [], (40, 60)))
    assert (nothing == nothing[..., :1]).all()
    assert np.array_equal(np.asarray(edited_image(PHOTO, [], (40, 60), False)), PIXELS)
    assert edited_image(PHOTO.convert("L"), BOXES, (40, 60)).mode == "RGB"
    sharp = edited_image(PHOTO, [], (40, 60), radius=0)
    grey = 0.7 * PIXELS @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(np.asarray(sharp)[..., 0], grey, atol=2)


def test_bad_input() -> None:
    with pytest.raises(TypeError, match="`original` must be a PIL image, got ndarray"):
        edited_image(PIXELS, BOXES, (40, 60))
    with pytest.raises(TypeError, match="`reveal` must be a bool, got int"):
        edited_image(PHOTO, BOXES, (40, 60), 1)
    for box in ((1, 2, 3), 5, ("a", 1, 2, 3)):
        with pytest.raises(ValueError, match="`boxes` must each be four numbers"):
            edited_image(PHOTO, [box], (40, 60))
