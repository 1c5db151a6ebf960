"""A head as a file."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seewhy.tool import OoDNet
from tests.networks import Spec, images, make, numpy, tensor
from tests.tool.heads import head_of


def test_what_is_saved_comes_back(framework: str, tmp_path: Path) -> None:
    saved, other = (OoDNet(make(framework), 3, seed=seed) for seed in (1, 2))
    x = tensor(framework, images())
    assert (numpy(saved.score(x)) != numpy(other.score(x))).any()
    saved.save(tmp_path / "head.npz")
    assert other.load(str(tmp_path / "head.npz")) is other
    for name, array in head_of(saved).items():
        np.testing.assert_array_equal(head_of(other)[name], array)
    np.testing.assert_array_equal(numpy(saved.score(x)), numpy(other.score(x)))


@pytest.mark.torch
@pytest.mark.mindspore
@pytest.mark.parametrize(("first", "second"), [("torch", "mindspore"), ("mindspore", "torch")])
def test_the_other_framework_reads_it(first: str, second: str, tmp_path: Path) -> None:
    saved = OoDNet(make(first), 3, seed=1)
    saved.save(tmp_path / "head.npz")
    read = OoDNet(make(second), 3, seed=2).load(tmp_path / "head.npz")
    made = [
        numpy(net.score(tensor(kind, images()))) for net, kind in ((saved, first), (read, second))
    ]
    np.testing.assert_allclose(made[0], made[1], atol=1e-5)


def test_a_file_is_replaced_as_a_whole(framework: str, tmp_path: Path) -> None:
    file = tmp_path / "head of digits"
    OoDNet(make(framework), 3, seed=1).save(file)
    OoDNet(make(framework), 3, seed=2).save(file)
    assert [path.name for path in tmp_path.iterdir()] == ["head of digits"]
    assert stat.S_IMODE(file.stat().st_mode) & 0o200, "an ordinary file that may be written"


def test_it_is_an_ordinary_numpy_file(framework: str, tmp_path: Path) -> None:
    ood_net = OoDNet(make(framework), 3)
    ood_net.save(tmp_path / "head.npz")
    with np.load(tmp_path / "head.npz", allow_pickle=False) as arrays:
        assert str(arrays["format"]) == "seewhy OoDNet head 1"
        np.testing.assert_array_equal(arrays["class_weights"], head_of(ood_net)["class_weights"])


def test_an_optimizer_goes_on_with_what_was_loaded(framework: str, tmp_path: Path) -> None:
    """Parameters keep their identity."""
    ood_net = OoDNet(make(framework), 3)
    before = [id(parameter) for parameter in ood_net.get_train_parameters()]
    ood_net.save(tmp_path / "head.npz")
    ood_net.load(tmp_path / "head.npz")
    assert [id(parameter) for parameter in ood_net.get_train_parameters()] == before


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"num_classes": 4}, "must hold 4 classes of 4 features, .* holds 3 of 4"),
        ({"features": "fc"}, "must hold 3 classes of 5 features, .* holds 3 of 4"),
    ],
)
def test_of_another_size(framework: str, other: Any, message: str, tmp_path: Path) -> None:
    OoDNet(make(framework), 3).save(tmp_path / "head.npz")
    with pytest.raises(ValueError, match=message):
        OoDNet(make(framework), **{"num_classes": 3, **other}).load(tmp_path / "head.npz")


@pytest.mark.parametrize("content", [b"", b"not a file of numpy", b"PK\x03\x04 broken"])
def test_no_head(framework: str, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "head.npz"
    file.write_bytes(content)
    ood_net = OoDNet(make(framework), 3)
    before = head_of(ood_net)
    with pytest.raises(
        ValueError, match=r"`file` must be written by OoDNet.save, .*head.npz was not"
    ):
        ood_net.load(file)
    assert all((head_of(ood_net)[name] == array).all() for name, array in before.items())


def test_somebody_elses_arrays(framework: str, tmp_path: Path) -> None:
    ood_net = OoDNet(make(framework), 3)
    np.savez(tmp_path / "a.npz", class_weights=np.zeros((3, 4)))
    np.save(tmp_path / "b.npy", np.zeros(3))
    np.save(tmp_path / "c.npy", np.array([{}], dtype=object), allow_pickle=True)
    for name in ("a.npz", "b.npy", "c.npy"):
        with pytest.raises(ValueError, match=r"`file` must be written by OoDNet.save"):
            ood_net.load(tmp_path / name)


def test_no_such_file_or_folder(framework: str, tmp_path: Path) -> None:
    ood_net = OoDNet(make(framework, Spec(seed=1)), 3)
    with pytest.raises(FileNotFoundError):
        ood_net.load(tmp_path / "none.npz")
    with pytest.raises(FileNotFoundError):
        ood_net.save(tmp_path / "none" / "head.npz")
