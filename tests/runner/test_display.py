"""Pictures of inputs; no framework."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from seewhy.runner.display import to_picture

GREY = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
COLOUR = np.stack([GREY[0], GREY[0] * 0, GREY[0] + 1])


def pixels(image: np.ndarray, display: Any = None) -> list[Any]:
    made = to_picture(np.asarray(image, np.float32), display)
    assert made.mode == "RGB"
    return np.asarray(made).tolist()


def test_numbers_in_0_to_1_and_in_0_to_255_are_taken_as_they_are() -> None:
    unit = np.array([[[0.0, 0.5, 1.0]]])
    assert pixels(unit) == [[[0] * 3, [128] * 3, [255] * 3]]
    assert pixels(unit * 0.5) == [[[0] * 3, [64] * 3, [128] * 3]]
    assert pixels(unit * 200) == [[[0] * 3, [100] * 3, [200] * 3]]


def test_other_numbers_are_stretched_over_all_channels_together() -> None:
    assert pixels(np.array([[[-2.0]], [[0.0]], [[2.0]]])) == [[[0, 128, 255]]]
    assert pixels(np.array([[[-7.0, -7.0]]])) == [[[0] * 3, [0] * 3]]
    assert pixels(np.array([[[0.0, 510.0, 1020.0]]])) == [[[0] * 3, [128] * 3, [255] * 3]]


def test_one_and_four_channels() -> None:
    assert pixels(np.full((1, 1, 1), 9.0)) == [[[9, 9, 9]]]
    assert pixels(np.array([10.0, 20, 30, 99]).reshape(4, 1, 1)) == [[[10, 20, 30]]]


def test_width_and_height_are_not_mixed_up() -> None:
    assert to_picture(GREY).size == (3, 2)


@pytest.mark.parametrize(
    "display",
    [
        lambda x: x / 10,  # (C, H, W), as it came
        lambda x: (x / 10).transpose(1, 2, 0).astype(np.float64),
        lambda x: np.rint(x.transpose(1, 2, 0) * 25.5).astype(np.uint8),
        lambda x: Image.fromarray(np.rint(x.transpose(1, 2, 0) * 25.5).astype(np.uint8)),
    ],
)
def test_everything_that_display_may_return(display: Any) -> None:
    expected = np.rint(COLOUR.transpose(1, 2, 0) * 25.5).astype(int)
    assert np.abs(np.array(pixels(COLOUR, display)) - expected).max() <= 1


def test_a_flat_grey_picture_from_display() -> None:
    assert pixels(GREY, lambda x: x[0] / 5)[1] == [[153] * 3, [204] * 3, [255] * 3]


def test_display_that_overshoots_is_clipped() -> None:
    assert pixels(GREY, lambda x: x[0] * 0 + 1.1)[0][0] == [255] * 3


def test_display_may_change_the_size_but_not_the_input() -> None:
    image = GREY.copy()

    def display(x: np.ndarray) -> Image.Image:
        x[...] = 0
        return Image.new("L", (30, 20))

    assert to_picture(image, display).size == (30, 20)
    assert np.array_equal(image, GREY)


@pytest.mark.parametrize(
    ("display", "error", "message"),
    [
        (lambda x: x * 100, ValueError, "uint8 in 0..255 or floats in 0..1, got float32 in 0..500"),
        (lambda x: x.astype(int) * 9, ValueError, "or floats in 0..1, got int64 in 0..45"),
        (lambda x: x * np.nan, ValueError, "got float32 in nan..nan"),
        (lambda x: np.zeros((2, 3, 5)), ValueError, "1, 3 or 4 channels"),
        (lambda x: np.zeros(3), TypeError, r"got float64 of shape \(3,\)"),
        (lambda x: None, TypeError, "PIL image or a numeric array"),
        (lambda x: "photo", TypeError, "PIL image or a numeric array"),
    ],
)
def test_what_display_must_not_return(display: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        to_picture(GREY, display)
