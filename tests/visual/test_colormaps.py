"""Colour maps: the built-in tables against matplotlib, what `cm` may be, bad input."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import ListedColormap

from seewhy.visual.colormaps import COOLWARM, VIRIDIS, colorize

VALUES = np.linspace(0, 1, 1001).reshape(7, 143)


@pytest.mark.parametrize(("name", "table"), [("viridis", VIRIDIS), ("coolwarm", COOLWARM)])
def test_tables_are_those_of_matplotlib(name: str, table: np.ndarray):
    expected = matplotlib.colormaps[name](np.arange(256))[:, :3]
    assert table.shape == (256, 3)
    np.testing.assert_allclose(table / 255, expected, atol=0.5 / 255 + 1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["viridis", "coolwarm"])
def test_same_colours_as_matplotlib(name: str, dtype: str):
    values = VALUES.astype(dtype)
    built_in = colorize(values, name, "viridis")
    np.testing.assert_allclose(
        built_in, matplotlib.colormaps[name](values)[..., :3], atol=0.5 / 255 + 1e-9
    )
    # In bytes they are the same, not only close.
    from_callable = colorize(values, matplotlib.colormaps[name], "viridis")
    np.testing.assert_array_equal(np.rint(built_in * 255), np.rint(from_callable * 255))


def test_none_is_the_default():
    np.testing.assert_array_equal(
        colorize(VALUES, None, "coolwarm"), colorize(VALUES, "coolwarm", "viridis")
    )


def test_the_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        VIRIDIS[0] = 0


def test_viridis_gets_lighter_and_coolwarm_is_lightest_at_zero():
    # Relative luminance (ITU-R BT.709): the order can be read without seeing hue. Every eighth
    # colour, as neighbours differ by less than a byte.
    luminance = (np.stack([VIRIDIS, COOLWARM]) / 255) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    viridis, coolwarm = luminance[:, ::8]
    assert (np.diff(viridis) > 0).all()
    assert (np.diff(coolwarm[:17]) > 0).all()
    assert (np.diff(coolwarm[16:]) < 0).all()


def test_names_of_matplotlib():
    np.testing.assert_allclose(
        colorize(VALUES, "magma", "viridis"), matplotlib.colormaps["magma"](VALUES)[..., :3]
    )


def test_a_callable_may_return_rgb_or_bytes():
    def gray(values: np.ndarray) -> np.ndarray:
        return np.stack([values] * 3, -1)

    np.testing.assert_array_equal(colorize(VALUES, gray, "viridis"), gray(VALUES))
    two = ListedColormap(["black", "red"])
    as_bytes = colorize(VALUES, lambda values: two(values, bytes=True), "viridis")
    np.testing.assert_array_equal(as_bytes, two(VALUES)[..., :3])


@pytest.mark.parametrize("cm", [5, ["viridis"], object()])
def test_what_is_no_colour_map_is_refused(cm: object):
    with pytest.raises(ValueError, match="`cm` must be a callable or the name"):
        colorize(VALUES, cm, "viridis")


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="`cm` must be the name of a matplotlib colour map"):
        colorize(VALUES, "virids", "viridis")


@pytest.mark.parametrize("shape", [(7, 143), (7, 143, 2), (3, 7, 143)])
def test_a_callable_that_returns_no_colours_is_refused(shape: tuple[int, ...]):
    with pytest.raises(ValueError, match=r"must return colours of shape \(7, 143, 3\)"):
        colorize(VALUES, lambda values: np.zeros(shape), "viridis")
