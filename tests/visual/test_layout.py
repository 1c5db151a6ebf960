"""arrange: which picture stands where, and what is refused."""

import pytest
from PIL import Image

from seewhy.visual.layout import Cell, arrange

PICTURES = [Image.new("RGB", (2, 2), (i, 0, 0)) for i in range(10)]
ORIGINALS = [Image.new("L", (2, 2), i) for i in range(3)]


def titles_of(rows: list[list[Cell]]) -> list[list[str]]:
    return [[cell.title for cell in row] for row in rows]


def test_single_maps_fill_rows_of_four():
    rows = arrange([[picture] for picture in PICTURES[:6]])
    assert titles_of(rows) == [
        ["[0][0]", "[1][0]", "[2][0]", "[3][0]"],
        ["[4][0]", "[5][0]", "", ""],
    ]
    assert rows[1][1].image is PICTURES[5]
    assert rows[1][2].image is None


def test_a_few_maps_make_a_short_row():
    assert titles_of(arrange([[PICTURES[0]], [PICTURES[1]]])) == [["[0][0]", "[1][0]"]]


def test_several_labels_start_a_row_a_sample():
    rows = arrange([PICTURES[:5], PICTURES[5:7]])
    assert titles_of(rows) == [
        ["[0][0]", "[0][1]", "[0][2]", "[0][3]"],
        ["[0][4]", "", "", ""],
        ["[1][0]", "[1][1]", "", ""],
    ]


def test_originals_lead_their_sample():
    rows = arrange([PICTURES[:3], PICTURES[3:4], []], ORIGINALS, columns=2)
    assert titles_of(rows) == [
        ["[0]", "[0][0]", "[0][1]"],
        ["", "[0][2]", ""],
        ["[1]", "[1][0]", ""],
        ["[2]", "", ""],
    ]
    assert [row[0].image for row in rows] == [ORIGINALS[0], None, ORIGINALS[1], ORIGINALS[2]]


def test_titles():
    rows = arrange([[PICTURES[0]], [PICTURES[1]]], ORIGINALS[:2], [["cat"], ["dog"]])
    assert titles_of(rows) == [["original", "cat"], ["original", "dog"]]


@pytest.mark.parametrize("images", [[], [[]], [[], []]])
def test_no_picture_is_refused(images: list):
    with pytest.raises(ValueError, match="`images` must hold a picture"):
        arrange(images)


@pytest.mark.parametrize("images", [PICTURES[0], "ab", None])
def test_images_must_be_a_list(images: object):
    with pytest.raises(TypeError, match="`images` must be a list of lists"):
        arrange(images)


@pytest.mark.parametrize("images", [PICTURES, ["ab"], [["ab"]], [[None]]])
def test_images_must_be_lists_of_pictures(images: object):
    with pytest.raises(TypeError, match="`images` must hold"):
        arrange(images)


def test_counts_must_agree():
    with pytest.raises(ValueError, match="`originals` must hold 1 entries like `images`, got 2"):
        arrange([PICTURES], ORIGINALS[:2])
    with pytest.raises(ValueError, match="`titles` must hold 1 entries"):
        arrange([PICTURES], titles=[["a"], ["b"]])
    with pytest.raises(ValueError, match="`titles` must hold 10 entries"):
        arrange([PICTURES], titles=[["a"]])
    with pytest.raises(TypeError, match="`originals` must hold PIL images"):
        arrange([PICTURES], ["cat.png"])


def test_columns_must_be_a_positive_int():
    with pytest.raises(ValueError, match="`columns` must be positive, got 0"):
        arrange([PICTURES], columns=0)
    with pytest.raises(TypeError, match="`columns` must be an int, got float"):
        arrange([PICTURES], columns=2.0)
