"""The door of every explainer, and what comes out: maps, pictures, a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageShow

from seewhy import GradCAM, Gradient
from seewhy.visual import images_from_maps
from tests.explainer.construct import kinds, ready
from tests.networks import images, library, make, numpy, tensor


@pytest.fixture
def explainer(framework: str) -> Gradient:
    return Gradient(make(framework))


@pytest.fixture
def x(framework: str) -> Any:
    return tensor(framework, images())


@pytest.mark.parametrize("bad", [None, [[1.0]], 3.0, "x.png"])
def test_inputs_that_are_no_tensor(framework: str, explainer: Gradient, bad: Any) -> None:
    message = rf"`inputs` must be a {framework}.Tensor, as the network's .* is, got builtins\."
    with pytest.raises(TypeError, match=message):
        explainer(bad, 0)


def test_numpy_inputs(framework: str, explainer: Gradient) -> None:
    with pytest.raises(TypeError, match=rf"`inputs` must be a {framework}.Tensor, .*numpy.ndarray"):
        explainer(images(), 0)


@pytest.mark.torch
@pytest.mark.mindspore
def test_inputs_of_the_other_framework() -> None:
    for mine, other in (("torch", "mindspore"), ("mindspore", "torch")):
        with pytest.raises(TypeError, match=rf"`inputs` must be a {mine}.Tensor, .*got {other}\."):
            Gradient(make(mine))(tensor(other, images()), 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.bool_, np.complex64])
def test_inputs_of_a_wrong_dtype(framework: str, explainer: Gradient, dtype: Any) -> None:
    with pytest.raises(TypeError, match="`inputs` must be a floating-point tensor, got "):
        explainer(tensor(framework, np.ones((1, 3, 5, 4), dtype)), 0)


@pytest.mark.parametrize("shape", [(3, 5, 4), (5, 4), (1, 1, 3, 5, 4), ()])
def test_inputs_of_a_wrong_rank(framework: str, explainer: Gradient, shape: Any) -> None:
    with pytest.raises(ValueError, match=r"`inputs` must have shape \(N, C, H, W\), got "):
        explainer(tensor(framework, np.ones(shape, np.float32)), 0)


@pytest.mark.parametrize("shape", [(0, 3, 5, 4), (2, 0, 5, 4), (2, 3, 0, 4)])
def test_empty_inputs(framework: str, explainer: Gradient, shape: Any) -> None:
    with pytest.raises(ValueError, match="`inputs` must hold at least one pixel, got "):
        explainer(tensor(framework, np.ones(shape, np.float32)), 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_inputs_that_are_not_finite(framework: str, explainer: Gradient, bad: float) -> None:
    values = images(3)
    values[2, 1, 0, 3] = bad
    with pytest.raises(ValueError, match=r"`inputs` must be finite, got NaN .* in sample 2"):
        explainer(tensor(framework, values), 0)


def test_nothing_is_run_for_a_bad_argument(framework: str, explainer: Gradient, x: Any) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("the network ran")

    explainer.network.fc.register_forward_hook(fail)
    for error, arguments in (
        (TypeError, (images(), 0)),
        (TypeError, (x, 0.5)),
        (ValueError, (x, [0, 1, 2])),
        (ValueError, (x, -1)),
        (ValueError, (x, 0, "array")),
        (TypeError, (x, 0, "tensor", 1)),
    ):
        with pytest.raises(error):
            explainer(*arguments)
    with pytest.raises(KeyError):
        explainer(x, 0)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize(
    ("ret", "error", "message"),
    [
        ("array", ValueError, "`ret` must be 'tensor' or 'image', got 'array'"),
        ("", ValueError, "`ret` must be 'tensor' or 'image', got ''"),
        (None, TypeError, "`ret` must be 'tensor' or 'image', got NoneType"),
        (1, TypeError, "`ret` must be 'tensor' or 'image', got int"),
    ],
)
def test_ret(framework: str, x: Any, kind: Any, ret: Any, error: Any, message: str) -> None:
    """The predecessor's Deconvolution and GuidedBackprop took anything for "tensor"."""
    with pytest.raises(error, match=message):
        ready(kind, framework, make(framework))(x, 0, ret)


@pytest.mark.parametrize("show", [1, "yes", 0.0])
def test_show_must_be_a_bool(explainer: Gradient, x: Any, show: Any) -> None:
    with pytest.raises(TypeError, match="`show` must be a bool or None, got "):
        explainer(x, 0, show=show)


def test_pictures_are_those_of_the_maps(framework: str, explainer: Gradient, x: Any) -> None:
    targets = [[0, 1, 2], [3, 4, 0]]
    rows = explainer(x, targets, ret="image", show=False)
    expected = images_from_maps(numpy(explainer(x, targets)))
    assert [len(row) for row in rows] == [3, 3]
    for row, other in zip(rows, expected, strict=True):
        for picture, wanted in zip(row, other, strict=True):
            assert picture.size == (4, 5)
            assert picture.tobytes() == wanted.tobytes()


class Recorder(ImageShow.Viewer):
    """A picture viewer that keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[Image.Image] = []

    def show(self, image: Image.Image, **options: Any) -> int:
        self.shown.append(image)
        return 1


@pytest.fixture
def viewer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder()
    monkeypatch.setattr(ImageShow, "_viewers", [recorder])
    return recorder


def test_show(framework: str, explainer: Gradient, x: Any, viewer: Recorder) -> None:
    maps = explainer(x[:1], 0, show=True)
    assert tuple(maps.shape) == (1, 1, 5, 4)
    assert [picture.size for picture in viewer.shown] == [(4, 5)]
    rows = explainer(x[:1], 0, "image", True)
    assert rows[0][0].tobytes() == viewer.shown[1].tobytes()


@pytest.mark.parametrize("show", [None, False])
def test_nothing_is_shown_outside_a_notebook(
    explainer: Gradient, x: Any, viewer: Recorder, show: bool | None
) -> None:
    explainer(x, 0, show=show)
    explainer(x, 0, "image", show)
    assert viewer.shown == []


def test_in_a_notebook_pictures_are_shown_unless_told_otherwise(
    explainer: Gradient, x: Any, viewer: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr("seewhy.explainer.base.in_notebook", lambda: True)
    monkeypatch.setattr("seewhy.explainer.base.show_pictures", lambda *given: shown.append(given))
    explainer(x, 0)
    explainer(x, 0, show=False)
    assert [wanted for _, wanted in shown] == [True]


@pytest.mark.parametrize("network", [None, "resnet", lambda x: x])
def test_a_network_of_no_framework(network: Any) -> None:
    for kind in (Gradient, GradCAM):
        with pytest.raises(TypeError, match=r"`network` must be a torch.nn.Module or a mindspore"):
            kind(network)


def test_the_network_is_read_only(framework: str, explainer: Gradient) -> None:
    with pytest.raises(AttributeError):
        explainer.network = make(framework)


def test_the_same_explainer_serves_several_sizes_of_image(framework: str) -> None:
    explainer = GradCAM(make(framework), "auto")
    for size in ((5, 4), (9, 12), (5, 4)):
        maps = explainer(tensor(framework, images(size=size)), 1)
        assert tuple(maps.shape[2:]) == size


def test_maps_keep_the_device(framework: str, explainer: Gradient, x: Any) -> None:
    maps = explainer(x, 0)
    assert isinstance(maps, library(framework).Tensor)
    assert str(maps.device) == str(x.device)
