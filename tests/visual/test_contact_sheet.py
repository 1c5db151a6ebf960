"""grid_image: sizes, places, scaling, titles, bad input."""

import numpy as np
import pytest
from PIL import Image

from seewhy.visual import grid_image

RED, BLUE = Image.new("RGB", (10, 10), (255, 0, 0)), Image.new("RGB", (10, 20), (0, 0, 255))


def box_of(sheet: Image.Image, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a colour's pixels; they fill the box."""
    y, x = np.nonzero((np.asarray(sheet) == color).all(-1))
    box = x.min(), y.min(), x.max() + 1, y.max() + 1
    assert len(x) == (box[2] - box[0]) * (box[3] - box[1])
    return box


def test_pictures_stand_side_by_side_in_proportion():
    sheet = grid_image([[RED, BLUE]], tile=40)
    assert sheet.mode == "RGB"
    left, top, right, bottom = box_of(sheet, (255, 0, 0))
    assert (right - left, bottom - top) == (40, 40)
    left_blue, top_blue, right_blue, bottom_blue = box_of(sheet, (0, 0, 255))
    assert (right_blue - left_blue, bottom_blue - top_blue) == (20, 40)
    assert top == top_blue
    assert left_blue > right
    assert sheet.width > right_blue
    assert sheet.height > bottom


def test_rows_stand_below_each_other():
    sheet = grid_image([[RED], [BLUE]], columns=1, tile=40)
    assert box_of(sheet, (0, 0, 255))[1] > box_of(sheet, (255, 0, 0))[3]


def test_the_original_comes_first():
    sheet = grid_image([[RED]], [BLUE], tile=40)
    assert box_of(sheet, (0, 0, 255))[2] < box_of(sheet, (255, 0, 0))[0]


def test_enlarged_pixels_stay_sharp():
    pixels = np.array([[0, 255], [255, 0]], np.uint8)
    sheet = grid_image([[Image.fromarray(pixels)]], titles=[[""]], tile=64)
    assert set(np.unique(np.asarray(sheet))) == {0, 255}


def test_transparent_pictures_lie_on_white():
    sheet = grid_image([[Image.new("RGBA", (4, 4), (0, 0, 0, 0))]], titles=[[""]])
    assert (np.asarray(sheet) == 255).all()


def test_titles_are_drawn_and_stay_within_their_tile():
    empty = np.asarray(grid_image([[RED, BLUE]], titles=[["", ""]], tile=60), np.int16)
    titled = np.asarray(
        grid_image([[RED, BLUE]], titles=[["a class name that is far too long" * 9, ""]], tile=60),
        np.int16,
    )
    changed = np.nonzero((empty != titled).any(-1))
    left, top, right, _ = box_of(Image.fromarray(empty.astype(np.uint8)), (255, 0, 0))
    assert changed[1].min() >= left
    assert changed[1].max() < right
    assert changed[0].max() < top
    assert len(changed[0]) > 50


def test_a_very_flat_picture_keeps_a_pixel():
    assert grid_image([[Image.new("RGB", (1000, 1))]], tile=10).width > 10


def test_bad_tile_is_refused():
    with pytest.raises(TypeError, match="`tile` must be an int, got float"):
        grid_image([[RED]], tile=1.5)
    with pytest.raises(ValueError, match="`tile` must be positive, got 0"):
        grid_image([[RED]], tile=0)


def test_bad_images_are_refused():
    with pytest.raises(TypeError, match="`images` must hold"):
        grid_image([RED])
