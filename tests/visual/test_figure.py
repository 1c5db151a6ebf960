"""figure_grid and saliency_grid: a real figure, drawn; matplotlib only on demand."""

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image

from seewhy.visual import figure_grid, images_from_maps, saliency_grid

MAPS = np.random.default_rng(0).random((2, 3, 7, 7))
ORIGINALS = [Image.new("RGB", (30, 20), color) for color in ("red", "blue")]
TITLES = [["cat", "dog", "US$5 or $6"], ["bee", "ant", "fly"]]


def run(code: str) -> str:
    """Run a script in a fresh interpreter and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def draw(figure: Figure) -> np.ndarray:
    png = BytesIO()
    figure.savefig(png, dpi=50)
    return np.asarray(Image.open(png).convert("RGB"))


def test_rows_titles_and_pictures():
    figure = saliency_grid(MAPS, ORIGINALS, TITLES)
    assert [axes.get_title() for axes in figure.axes] == [
        *("original", "cat", "dog", "US$5 or $6"),
        *("original", "bee", "ant", "fly"),
    ]
    assert not any(axes.axison for axes in figure.axes)
    np.testing.assert_array_equal(
        figure.axes[0].images[0].get_array()[..., :3], np.asarray(ORIGINALS[0])
    )
    overlay = images_from_maps(MAPS, ORIGINALS)[1][2]
    np.testing.assert_array_equal(
        figure.axes[7].images[0].get_array()[..., :3], np.asarray(overlay)
    )
    drawn = draw(figure)
    assert (drawn == (255, 0, 0)).all(-1).sum() > 1000
    assert (drawn == (0, 0, 255)).all(-1).sum() > 1000


def test_single_maps_come_four_in_a_row_and_empty_places_are_blank():
    figure = figure_grid(images_from_maps(np.ones((5, 1, 4, 4))))
    assert len(figure.axes) == 8
    assert [len(axes.images) for axes in figure.axes] == [1, 1, 1, 1, 1, 0, 0, 0]
    drawn = draw(figure)
    lower_right = drawn[drawn.shape[0] // 2 + 15 :, drawn.shape[1] // 2 :]
    assert (lower_right == 255).all()


def test_signed_and_colour_map():
    plain, signed = (saliency_grid(MAPS - 0.5, signed=flag) for flag in (False, True))
    assert (plain.axes[0].images[0].get_array() != signed.axes[0].images[0].get_array()).any()
    gray = np.asarray(saliency_grid(MAPS, cm="gray").axes[0].images[0].get_array())
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])


def test_nothing_is_left_in_pyplot():
    before = pyplot.get_fignums()
    saliency_grid(MAPS)
    assert pyplot.get_fignums() == before


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"`maps` must have shape \(N, L, H, W\)"):
        saliency_grid(MAPS[0])
    with pytest.raises(ValueError, match="`titles` must hold 2 entries"):
        saliency_grid(MAPS, titles=TITLES[:1])
    with pytest.raises(TypeError, match="`images` must hold"):
        figure_grid(ORIGINALS)


def test_importing_pictures_loads_neither_matplotlib_nor_a_framework():
    found = run(
        "import sys, seewhy.visual\n"
        "print([name for name in ('matplotlib', 'IPython', 'torch', 'mindspore')"
        " if name in sys.modules])"
    )
    assert found == "[]"


def test_without_matplotlib():
    lines = run(
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np\n"
        "from seewhy.visual import *\n"
        "maps = np.random.default_rng(0).random((2, 3, 7, 7))\n"
        "print(saliency_to_image(maps[0, 0]).size, grid_image(images_from_maps(maps)).mode)\n"
        "print(saliency_to_image(maps[0, 0], signed=True).size)\n"
        "jet = lambda: saliency_to_image(maps[0, 0], cm='jet')\n"
        "for call in (lambda: saliency_grid(maps), jet):\n"
        "    try: call()\n"
        "    except ImportError as error: print(error)\n"
    ).splitlines()
    assert lines[:2] == ["(7, 7) RGB", "(7, 7)"]
    assert "pip install seewhy[plot]" in lines[2]
    assert "pip install seewhy[plot]" in lines[3]
    assert "viridis, coolwarm" in lines[3]
