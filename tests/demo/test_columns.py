"""Photographs as columns, and pixels there and back."""

import numpy as np
import pytest
from PIL import Image

from seewhy.demo.columns import columns, from_display, to_display
from seewhy.demo.photographs import Photograph


def photograph(label: int | None, boxes: list[list[float]]) -> Photograph:
    image = Image.new("RGB", (224, 224), (255, 0, 51))
    return Photograph("red", image, label, np.asarray(boxes, np.float32).reshape(-1, 4))


def test_labels_and_boxes_stand_side_by_side_and_are_padded() -> None:
    two = photograph(7, [[1, 2, 3, 4], [5, 6, 7, 8]])
    images, labels, boxes = columns([two, photograph(9, []), photograph(None, [])])
    assert images.shape == (3, 3, 224, 224)
    assert labels.tolist() == [[7, 7], [9, -1], [-1, -1]]
    assert boxes.tolist() == [[[1, 2, 3, 4], [5, 6, 7, 8]], [[0] * 4] * 2, [[0] * 4] * 2]
    assert (images.dtype, labels.dtype, boxes.dtype) == (np.float32, np.int32, np.float32)


def test_a_photograph_without_boxes_still_has_a_label() -> None:
    _, labels, boxes = columns([photograph(9, [])])
    assert labels.tolist() == [[9]]
    assert boxes.shape == (1, 1, 4)


def test_pixels_become_minus_one_to_one() -> None:
    array = from_display(Image.new("RGB", (2, 3), (255, 0, 51)))
    assert (array.shape, array.dtype) == ((3, 3, 2), np.float32)
    np.testing.assert_allclose(array[:, 0, 0], [1, -1, 2 * 51 / 255 - 1], atol=1e-6)


def test_every_pixel_value_comes_back() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = np.stack([values, values.T, values[::-1]], axis=-1)
    np.testing.assert_array_equal(to_display(from_display(Image.fromarray(picture))), picture)


def test_a_grey_picture_gets_three_channels() -> None:
    assert from_display(Image.new("L", (4, 4), 128)).shape == (3, 4, 4)


def test_display_clips() -> None:
    assert to_display(np.full((3, 1, 1), 9.0)).tolist() == [[[255] * 3]]
    assert to_display(np.full((3, 1, 1), -9.0)).tolist() == [[[0] * 3]]


@pytest.mark.parametrize("shape", [(224, 224, 3), (1, 3, 4, 4), (3, 4), (1, 4, 4)])
def test_display_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"`array` must have shape \(3, H, W\), got"):
        to_display(np.zeros(shape))
