"""RISE's masks: each of them, their average, and that they are the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy.network import adapt
from seewhy.perturb.random_grids import RandomGrids, triangle_weights
from tests.networks import library, numpy, tensor
from tests.perturb.oracles import mask_of

SIZES = [(30, 30), (24, 40), (17, 9), (5, 4), (1, 8)]
GRIDS = [1, 2, 3, 7, 10]


def made(framework: str, grids: RandomGrids, sizes: Iterable[int]) -> npt.NDArray[np.float32]:
    ops = adapt(library(framework).nn.Flatten()).ops
    like = tensor(framework, np.zeros((1, 1), np.float32))
    return np.concatenate([numpy(chunk) for chunk in grids.chunks(iter(sizes), ops, like)])


def drawn(grids: RandomGrids, number: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """The cells and the offsets of the masks: two offsets are drawn for each, then its cells."""
    random = np.random.default_rng(grids.seed)
    values = [random.random(2 + grids.grid**2) for _ in range(number)]
    cell = [int(np.ceil(pixels / grids.grid)) for pixels in grids.size]
    cells = np.array([v[2:].reshape(grids.grid, grids.grid) < grids.probability for v in values])
    return cells, np.array([[int(v[0] * cell[0]), int(v[1] * cell[1])] for v in values])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grid", [2, 3, 10])
def test_masks_are_the_enlarged_and_cropped_cells(
    framework: str, size: tuple[int, int], grid: int
) -> None:
    grids = RandomGrids(size, grid, 0.5, seed=5)
    cells, offsets = drawn(grids, 6)
    expected = [mask_of(c, size, (o[0], o[1])) for c, o in zip(cells, offsets, strict=True)]
    np.testing.assert_allclose(made(framework, grids, [6]), expected, atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("size", [*SIZES, (224, 224)])
def test_masks_against_interpolate(size: tuple[int, int], grid: int) -> None:
    torch = library("torch")
    grids = RandomGrids(size, grid, 0.4, seed=2)
    cells, offsets = drawn(grids, 8)
    large = tuple((grid + 1) * int(np.ceil(pixels / grid)) for pixels in size)
    enlarged = torch.nn.functional.interpolate(
        torch.from_numpy(cells[:, None].astype(np.float64)),
        size=large,
        mode="bilinear",
        align_corners=False,
    )[:, 0].numpy()
    expected = [
        mask[top : top + size[0], left : left + size[1]]
        for mask, (top, left) in zip(enlarged, offsets, strict=True)
    ]
    np.testing.assert_allclose(made("torch", grids, [8]), expected, atol=2e-6)


def test_offsets_reach_each_pixel_of_a_cell_and_no_further() -> None:
    grids = RandomGrids((24, 40), 3, 0.5, seed=0)
    offsets = drawn(grids, 3000)[1]
    for axis, cell in ((0, 8), (1, 14)):
        counts = np.bincount(offsets[:, axis], minlength=cell)
        assert len(counts) == cell
        # chi square with 13 degrees of freedom or fewer: 40 is beyond 1 in 5000
        assert ((counts - 3000 / cell) ** 2 / (3000 / cell)).sum() < 40


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("size", SIZES)
def test_the_weights_of_each_pixel_sum_to_one(size: tuple[int, int], grid: int) -> None:
    """From which it follows that the expected mask is the probability at each pixel."""
    for pixels in size:
        table = triangle_weights(pixels, -(-pixels // grid), grid)
        assert table.min() >= 0
        np.testing.assert_allclose(table.sum(-1), 1, atol=1e-5)


@pytest.mark.parametrize("probability", [0.2, 0.5, 0.9])
def test_the_mean_mask_is_the_probability_at_each_pixel(framework: str, probability: float) -> None:
    masks = made(framework, RandomGrids((21, 34), 4, probability, seed=1), [500] * 8).astype(
        np.float64
    )
    assert masks.min() >= 0
    assert masks.max() <= 1 + 1e-6
    z = (masks.mean(0) - probability) / (masks.std(0, ddof=1) / np.sqrt(len(masks)))
    # Of 714 independent pixels one would lie beyond 4.5 in one of 200 runs; neighbours are alike.
    assert np.abs(z).max() < 4.5
    for edge in (z[0], z[-1], z[:, 0], z[:, -1]):
        assert np.abs(edge.mean()) < 3.5


def test_a_mask_does_not_depend_on_the_chunks(framework: str) -> None:
    grids = RandomGrids((11, 6), 3, 0.5, seed=9)
    whole = made(framework, grids, [40])
    for sizes in ([1] * 40, [7, 7, 7, 7, 7, 5], [39, 1]):
        np.testing.assert_allclose(made(framework, grids, sizes), whole, atol=1e-6)


@pytest.mark.torch
@pytest.mark.mindspore
def test_the_frameworks_draw_the_same_masks() -> None:
    for size, grid in (((50, 31), 10), ((8, 8), 2)):
        grids = RandomGrids(size, grid, 0.5, seed=0)
        np.testing.assert_allclose(
            made("torch", grids, [20]), made("mindspore", grids, [20]), atol=1e-6
        )


def test_seeds(framework: str) -> None:
    def masks(seed: int | None) -> npt.NDArray[np.float32]:
        return made(framework, RandomGrids((9, 9), 3, 0.5, seed), [4])

    before = repr(np.random.get_state(legacy=False))  # noqa: NPY002
    np.testing.assert_array_equal(masks(0), masks(0))
    assert not np.array_equal(masks(0), masks(1))
    assert not np.array_equal(masks(None), masks(None))
    assert before == repr(np.random.get_state(legacy=False))  # noqa: NPY002


def test_all_cells_kept(framework: str) -> None:
    np.testing.assert_allclose(made(framework, RandomGrids((7, 5), 2, 1.0, 0), [3]), 1, atol=1e-6)
