"""What a call takes and gives back: batches, forwards, reasons, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.counterfactual import HierarchicalOcclusion
from tests.networks import images, library, make, numpy, tensor
from tests.perturb.linear import identity, linear
from tests.perturb.networks import counted, softmax
from tests.snapshots import snapshot

SMALL: dict[str, Any] = {"windows": [4, 2], "strides": [2, 2], "threshold": 0.85, "mask": 0.0}


def test_a_batch_is_as_good_as_one_by_one(framework: str) -> None:
    network, x = make(framework), images(3, size=(8, 10), seed=2)
    labels = [[4, 0], [1, 4], [4, 2]]
    together = HierarchicalOcclusion(network, softmax(framework), **SMALL)
    alone = HierarchicalOcclusion(network, softmax(framework), 2, incremental=False, **SMALL)
    made = together(tensor(framework, x), labels)
    assert [[one.label for one in row] for row in made] == labels
    found = 0
    for image, row in zip(x, made, strict=True):
        for one in row:
            ((single,),) = alone(tensor(framework, image[None]), one.label)
            assert (one.reason, one.images) == (single.reason, single.images)
            assert one.output == pytest.approx(single.output, abs=1e-5)
            if one.region is not None:
                found += 1
                assert [step.box for step in one.tree] == [step.box for step in single.tree]
                assert one.region.boxes == single.region.boxes
    assert found >= 2


def test_forwards(framework: str) -> None:
    """An image is forwarded once, however many labels ask about it."""
    network, x = make(framework), tensor(framework, images(2, size=(8, 10), seed=1))
    hoc = HierarchicalOcclusion(network, softmax(framework), 16, **SMALL)
    with counted(network):
        hoc(x, 4)  # so that what is measured of a new kind of image is done
    with counted(network) as sizes:
        one, two = (row[0].images for row in hoc(x, 4))
    assert sum(sizes) == 2 + one + two == 2 + 23 + 42
    assert max(sizes) <= 16
    with counted(network) as sizes:
        again = hoc(x, [[4, 4], [4, 4]])
    assert sum(sizes) == 2 + one + two
    assert again[0][0] == again[0][1]
    low = HierarchicalOcclusion(
        network, softmax(framework), threshold=0.01, mask=0.0, windows=[4, 2], strides=[2, 2]
    )
    with counted(network) as sizes:
        ((covered,),) = low(x[:1], 4)
    # Covered, the image still has class 4: there is nothing more to ask.
    assert (covered.reason, covered.images) == ("mask is enough", 1)
    assert sum(sizes) == 2


def test_automatic_boxes(framework: str) -> None:
    hoc = HierarchicalOcclusion(make(framework), softmax(framework))
    sizes = {
        (56, 80): [(28, 5)],
        (112, 448): [(56, 11), (28, 5)],
        (224, 224): [(112, 22), (56, 11), (28, 5)],
        (500, 448): [(224, 44), (112, 22), (56, 11)],
    }
    for size, layers in sizes.items():
        assert list(hoc.layers_for(size)) == layers
    for short, radius in {56: 2, 112: 4, 113: 5, 224: 9, 448: 18}.items():
        assert hoc.mask_name((500, short)) == f"gaussian:{radius}"
    two = HierarchicalOcclusion(make(framework), softmax(framework), layers=2)
    assert list(two.layers_for((224, 300))) == [(112, 22), (56, 11)]


def test_the_blur_by_default(framework: str) -> None:
    weight = np.zeros((2, 3, 60, 64), np.float32)
    weight[1, :, 20:24, 20:24] = 1 / 48
    x = np.zeros((1, 3, 60, 64), np.float32)
    x[:, :, 20:24, 20:24] = 1
    ((found,),) = HierarchicalOcclusion(linear(framework, weight), identity)(
        tensor(framework, x), 1
    )
    assert found.mask == "gaussian:2"
    assert found.tree is not None
    # What a Gaussian of 2 pixels leaves of four bright pixels, in their mean, along both axes.
    kernel = np.exp(-(np.arange(-8, 9) ** 2) / 8)
    kernel /= kernel.sum()
    left = np.convolve(np.r_[np.zeros(10), np.ones(4), np.zeros(10)], kernel, "same")[10:14].mean()
    assert found.tree.network_output == pytest.approx(left**2, abs=1e-4)
    assert found.region is not None
    assert found.region.output == pytest.approx(1, abs=1e-4)


def test_reasons(framework: str) -> None:
    network, activation = make(framework), softmax(framework)
    x = images(2, size=(8, 10), seed=2)
    first, second = (
        row[0]
        for row in HierarchicalOcclusion(network, activation, **SMALL)(tensor(framework, x), 4)
    )
    assert first.reason is None
    assert (second.reason, second.tree, second.region) == ("below threshold", None, None)
    assert (second.layers, second.images) == ((), 0)
    assert 0.5 < second.output <= second.target == 0.85
    # At the threshold is not above it.
    exact = HierarchicalOcclusion(
        linear(framework, np.ones((1, 3, 4, 4), np.float32) / 96), identity, windows=[2], mask=0.0
    )
    assert (
        exact(tensor(framework, np.ones((1, 3, 4, 4), np.float32)), 0)[0][0].reason
        == "below threshold"
    )
    flat = np.ones((1, 3, 60, 70), np.float32)
    for direction in ("reveal", "hide"):
        hoc = HierarchicalOcclusion(network, activation, threshold=0.1, direction=direction)
        assert hoc(tensor(framework, flat), 4)[0][0].reason == "mask changes nothing"
    settings = {**SMALL, "direction": "hide", "threshold": 0.3}
    nowhere = HierarchicalOcclusion(network, activation, **settings)(tensor(framework, x), 4)
    assert [row[0].reason for row in nowhere] == ["no region", "no region"]
    assert nowhere[0][0].images > 30


def nan_network(framework: str) -> Any:
    """The small network, with NaN for images whose first pixel is 0."""
    nn = library(framework).nn
    base, method = (nn.Module, "forward") if framework == "torch" else (nn.Cell, "construct")

    def run(self: Any, x: Any) -> Any:
        return self.inner(x) + x[:, :1, 0, 0] * 0 / x[:, :1, 0, 0]

    network = type("NaNWhereBlack", (base,), {method: run})()
    network.inner = make(framework)
    return network


def test_an_answer_that_is_not_finite_ends_one_search_only(framework: str) -> None:
    network, x = nan_network(framework), images(2, size=(8, 10), seed=1)
    cover = np.zeros_like(x)
    cover[1, 0, 0, 0] = x[1, 0, 0, 0]
    settings = {**SMALL, "mask": cover}
    bad, good = HierarchicalOcclusion(network, softmax(framework), **settings)(
        tensor(framework, x), [[4, 0], [4, 0]]
    )
    assert [one.reason for one in bad] == ["not finite", "below threshold"]
    assert bad[0].images == 1
    ((expected,),) = HierarchicalOcclusion(
        make(framework), softmax(framework), **{**SMALL, "mask": cover[1]}
    )(tensor(framework, x[1:]), 4)
    assert good[0].reason is None
    assert good[0].region.boxes == expected.region.boxes
    x[0, 0, 0, 0] = 0
    with pytest.raises(ValueError, match="`network` returned NaN or infinite values"):
        HierarchicalOcclusion(network, softmax(framework), **SMALL)(tensor(framework, x), 4)


def test_the_network_comes_back_as_it_was(framework: str) -> None:
    network = make(framework)
    network.train() if framework == "torch" else network.set_train(True)
    x = tensor(framework, images(1, size=(8, 10), seed=1))
    before = snapshot(framework, network), np.array(images(1, size=(8, 10), seed=1))
    HierarchicalOcclusion(network, softmax(framework), **SMALL)(x, 4)
    assert snapshot(framework, network) == before[0]
    np.testing.assert_array_equal(numpy(x), before[1])


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"activation_fn": None}, TypeError, "`activation_fn` must be callable, got NoneType"),
        ({"direction": "show"}, ValueError, "`direction` must be one of reveal, hide, got 'show'"),
        ({"direction": 1}, TypeError, "`direction` must be a string, got int"),
        ({"threshold": 1.0}, ValueError, "`threshold` must be between 0 and 1, got 1.0"),
        ({"threshold": "0.5"}, TypeError, "`threshold` must be a number, got str"),
        ({"relative": 1}, TypeError, "`relative` must be a bool, got int"),
        ({"layers": 0}, ValueError, "`layers` must be a positive int, got 0"),
        ({"layers": 2.0}, TypeError, "`layers` must be a positive int, got float 2.0"),
        ({"windows": 4}, TypeError, "`windows` must be a list of positive ints, got int"),
        ({"windows": []}, ValueError, "`windows` must be a list of positive ints, got an empty"),
        ({"windows": [4, 4]}, ValueError, "`windows` must become smaller from layer to layer"),
        ({"windows": [4, 0]}, ValueError, "`windows` must be a list of positive ints, got 0"),
        ({"windows": [4.5]}, TypeError, "`windows` must be a list of positive ints, got float"),
        ({"strides": [1]}, ValueError, "`strides` must come with `windows`, got strides alone"),
        ({"windows": [4], "strides": [5]}, ValueError, "`strides` must not exceed `windows`"),
        (
            {"windows": [4, 2], "strides": [2]},
            ValueError,
            "`strides` must hold one for each of the 2",
        ),
        ({"mask": "mean"}, ValueError, "`mask` must be 'blur', 'gaussian:<radius>', a number"),
        ({"mask": "gaussian:0"}, ValueError, "`mask` must be 'blur'"),
        ({"mask": None}, TypeError, "`mask` must be 'blur'"),
        ({"mask": abs}, TypeError, "`mask` must be 'blur'"),
        ({"mask": float("nan")}, ValueError, "`mask` must be 'blur'"),
        ({"mask": np.full((3, 8, 8), np.inf)}, ValueError, "`mask` must be finite"),
        ({"mask": np.zeros((8, 8))}, ValueError, r"`mask` must be an image \(C, H, W\)"),
        ({"prune": None}, TypeError, "`prune` must be a bool, got NoneType"),
        ({"incremental": 0}, TypeError, "`incremental` must be a bool, got int"),
        (
            {"perturbation_per_eval": 0},
            ValueError,
            "`perturbation_per_eval` must be a positive int",
        ),
    ],
    ids=str,
)
def test_wrong_settings(
    framework: str, settings: Any, error: type[Exception], message: str
) -> None:
    given = {"activation_fn": softmax(framework), **settings}
    with pytest.raises(error, match=message):
        HierarchicalOcclusion(make(framework), **given)


@pytest.mark.parametrize(
    ("shape", "targets", "settings", "message"),
    [
        (
            (1, 3, 55, 100),
            0,
            {},
            "`inputs` must have 56 or more pixels on their short side.* got 55",
        ),
        ((1, 1, 60, 60), 0, {}, "`inputs` must have 3 channels, got 1"),
        ((3, 60, 60), 0, {}, r"`inputs` must have shape \(N, C, H, W\), got \(3, 60, 60\)"),
        ((1, 3, 60, 60), 5, {}, r"`targets` must be class ids in 0..4, .* got 5"),
        ((1, 3, 60, 60), -1, {}, "`targets` must be class ids of 0 or more, got -1"),
        (
            (1, 3, 8, 20),
            0,
            {"windows": [9, 2]},
            "`windows` must fit into the images, got 9 for 8 x",
        ),
        (
            (1, 3, 60, 60),
            0,
            {"mask": [0.0, 1.0]},
            "`mask` must be one number or one for each of the 3",
        ),
        (
            (1, 3, 60, 60),
            0,
            {"mask": np.zeros((3, 60, 61))},
            "`mask` must have the shape of an image",
        ),
    ],
)
def test_wrong_calls(framework: str, shape: Any, targets: Any, settings: Any, message: str) -> None:
    hoc = HierarchicalOcclusion(make(framework), softmax(framework), **settings)
    with pytest.raises(ValueError, match=message):
        hoc(tensor(framework, np.ones(shape, np.float32)), targets)


def test_wrong_inputs(framework: str) -> None:
    hoc = HierarchicalOcclusion(make(framework), softmax(framework))
    with pytest.raises(TypeError, match=r"`inputs` must be a .*Tensor, .* got numpy.ndarray"):
        hoc(np.ones((1, 3, 60, 60), np.float32), 0)
    broken = np.full((1, 3, 60, 60), np.nan, np.float32)
    with pytest.raises(ValueError, match="`inputs` must be finite"):
        hoc(tensor(framework, broken), 0)
    with pytest.raises(TypeError, match=r"`network` must be a torch.nn.Module or a mindspore"):
        HierarchicalOcclusion(len, softmax(framework))


def test_parameters_say_what_was_done(framework: str) -> None:
    hoc = HierarchicalOcclusion(
        make(framework), softmax(framework), windows=[9, 4], mask=[1, 0.5, 0]
    )
    assert hoc.parameters == {
        "direction": "reveal",
        "threshold": 0.5,
        "relative": False,
        "layers": 2,
        "windows": [9, 4],
        "strides": [1, 1],
        "mask": "1,0.5,0",
        "prune": True,
    }
    assert "windows=[9, 4]" in repr(hoc)
