"""The same network as a MindSpore cell: the same numbers as in PyTorch."""

import subprocess
import sys

import mindspore
import numpy as np
import pytest
import torch

from seewhy.demo import mindspore as demo
from seewhy.demo import torch as torch_demo
from seewhy.demo.columns import columns, to_display
from seewhy.demo.photographs import photographs


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return columns(photographs()).images


@pytest.fixture(scope="module")
def cell() -> mindspore.nn.Cell:
    return demo.network()


def test_logits_equal_those_of_pytorch(cell: mindspore.nn.Cell, images: np.ndarray) -> None:
    ours = cell(mindspore.Tensor(images)).asnumpy()
    with torch.no_grad():
        expected = torch_demo.network()(torch.from_numpy(images)).numpy()
    assert ours.shape == (15, 1000)
    assert np.abs(ours - expected).max() <= 1e-4
    np.testing.assert_array_equal(ours.argmax(1), expected.argmax(1))


def test_input_gradients_equal_those_of_pytorch(
    cell: mindspore.nn.Cell, images: np.ndarray
) -> None:
    """To 2 %: an input at the kink of a ReLU6 falls on this side or that by rounding alone."""
    batch = images[:2]
    ours = mindspore.grad(lambda x: cell(x)[:, 243].sum())(mindspore.Tensor(batch)).asnumpy()
    x = torch.from_numpy(batch).requires_grad_()
    torch_demo.network()(x)[:, 243].sum().backward()
    assert x.grad is not None
    expected = x.grad.numpy()
    assert np.linalg.norm(ours - expected) <= 2e-2 * np.linalg.norm(expected)


def test_it_is_in_evaluation_mode_and_uses_every_weight(cell: mindspore.nn.Cell) -> None:
    assert not any(part.training for _, part in cell.cells_and_names())
    names = {demo._torch_name(parameter.name) for parameter in cell.get_parameters()}
    tracked = {name for name in torch_demo.network().state_dict() if "num_batches" in name}
    assert names == set(torch_demo.network().state_dict()) - tracked


def test_each_relu6_is_a_cell_of_its_own(cell: mindspore.nn.Cell) -> None:
    relus = [part for _, part in cell.cells_and_names() if isinstance(part, mindspore.nn.ReLU6)]
    assert len(relus) == 2 + 16 * 2 - 1  # the first of the 16 blocks does not expand


def test_the_dataset_has_image_label_and_boxes(images: np.ndarray) -> None:
    data = demo.dataset()
    assert data.get_col_names() == ["image", "label", "boxes"]
    assert data.get_dataset_size() == 15
    _, labels, boxes = columns(photographs())
    for _ in range(2):  # a second pass gives the same
        rows = list(data.create_tuple_iterator(num_epochs=1, output_numpy=True))
        np.testing.assert_array_equal(np.stack([row[0] for row in rows]), images)
        np.testing.assert_array_equal(np.stack([row[1] for row in rows]), labels)
        np.testing.assert_array_equal(np.stack([row[2] for row in rows]), boxes)


def test_a_dataset_image_shows_as_its_photograph() -> None:
    image, *_ = next(demo.dataset().create_tuple_iterator(num_epochs=1))
    np.testing.assert_array_equal(to_display(image), photographs()[0].image)


def test_it_needs_no_pytorch() -> None:
    code = (
        "import sys; from seewhy.demo.mindspore import dataset, network; dataset(); network(); "
        "assert 'torch' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
