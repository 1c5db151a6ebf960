"""What holds for every explainer of the package; a new one is found by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seewhy
import seewhy.explainer
from seewhy import Explainer
from seewhy.testing import check_explainer
from tests.explainer.construct import kinds, ready, settings_of
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot

# An untrained OoDNet, which is all that these tests need, does not know images from nothing.
pytestmark = pytest.mark.filterwarnings("ignore:the OoDNet finds:UserWarning")

EVERY = [
    pytest.param(
        kind, settings, id=kind.__name__ + "".join(f"-{v or 'input'}" for v in settings.values())
    )
    for kind in kinds()
    for settings in settings_of(kind)
]


def training(framework: str, spec: Spec | None = None) -> Any:
    """A network that is being trained, so that every flag has something to come back to."""
    network = make(framework, spec)
    network.train() if framework == "torch" else network.set_train(True)
    network.features[1].eval() if framework == "torch" else network.features[1].set_train(False)
    return network


def test_explainers_are_found() -> None:
    assert {"Gradient", "GradCAM", "GuidedBackprop", "Deconvolution"} <= {
        k.__name__ for k in kinds()
    }
    for kind in kinds():
        assert getattr(seewhy, kind.__name__, kind) is kind
        assert issubclass(kind, Explainer)
        assert kind.__doc__


@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_conformance(framework: str, kind: Any, settings: Any) -> None:
    explainer = ready(kind, framework, training(framework), **settings)
    check_explainer(explainer, tensor(framework, images(3, size=(9, 7))))


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("kind", kinds())
def test_other_numbers_of_channels(framework: str, kind: Any, channels: int) -> None:
    explainer = ready(kind, framework, make(framework, Spec(channels=channels)))
    maps = explainer(tensor(framework, images(2, channels, (6, 9))), [1, 2])
    assert tuple(maps.shape) == (2, 1, 6, 9)
    assert numpy(maps).any()


@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_more_samples_than_a_chunk(framework: str, kind: Any, settings: Any) -> None:
    """10 samples are chunks of 8 and 2; they must not be told from one chunk."""
    x = tensor(framework, images(10, size=(6, 5)))
    targets = np.arange(10) % 5
    explainer = ready(kind, framework, make(framework), **settings)
    assert explainer.samples_per_chunk == 8
    maps = numpy(explainer(x, targets))
    whole = ready(kind, framework, make(framework), **settings)
    whole.samples_per_chunk = 10
    expected = numpy(whole(x, targets))
    np.testing.assert_allclose(maps, expected, 1e-3, 1e-4 * np.abs(expected).max())
    alone = numpy(explainer(x[9:], [int(targets[9])]))
    np.testing.assert_allclose(alone[0], maps[9], 1e-3, 1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_nothing_is_left_behind(framework: str, kind: Any, settings: Any) -> None:
    network = training(framework)
    if framework == "torch":
        network.fc.weight.grad = library("torch").ones_like(network.fc.weight)
        network.conv.weight.requires_grad_(False)
    explainer = ready(kind, framework, network, **settings)
    x = tensor(framework, images(size=(6, 5)))
    before = snapshot(framework, network)
    explainer(x, 1)
    explainer(x, [[0, 1], [2, 3]], ret="image", show=False)
    assert snapshot(framework, network) == before
    with pytest.raises(ValueError, match=r"must be class ids in 0\.\.4"):
        explainer(x, 5)
    assert snapshot(framework, network) == before


@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_nothing_is_left_behind_when_the_network_raises(
    framework: str, kind: Any, settings: Any
) -> None:
    network = training(framework)

    def fail(*_: Any) -> None:
        raise KeyError("from the middle of the forward")

    handle = network.relu6.register_forward_hook(fail)
    explainer = ready(kind, framework, network, **settings)
    x = tensor(framework, images(size=(6, 5)))
    before = snapshot(framework, network)
    with pytest.raises(KeyError, match="from the middle"):
        explainer(x, 1)
    assert snapshot(framework, network) == before
    handle.remove()
    expected = ready(kind, framework, make(framework), **settings)(x, 1)
    np.testing.assert_allclose(numpy(explainer(x, 1)), numpy(expected), 1e-3, 1e-5)


@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_a_training_step_between_two_calls_is_seen(
    framework: str, kind: Any, settings: Any
) -> None:
    network, x = make(framework), tensor(framework, images(size=(6, 5)))
    explainer = ready(kind, framework, network, **settings)
    first = numpy(explainer(x, 1))
    other = make(framework, Spec(seed=7))
    if framework == "torch":
        network.load_state_dict(other.state_dict())
    else:
        library("mindspore").load_param_into_net(network, other.parameters_dict())
    second = numpy(explainer(x, 1))
    expected = numpy(ready(kind, framework, other, **settings)(x, 1))
    assert not np.allclose(first, second)
    np.testing.assert_allclose(second, expected, 1e-3, 1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("kind", kinds())
def test_output_picks_the_logits(framework: str, kind: Any) -> None:
    native = library(framework)
    base = native.nn.Module if framework == "torch" else native.nn.Cell
    method = "forward" if framework == "torch" else "construct"
    wrapper = type("Wrapper", (base,), {method: lambda self, x: {"logits": self.inner(x)}})()
    wrapper.inner = make(framework)
    x = tensor(framework, images(size=(6, 5)))
    made = numpy(ready(kind, framework, wrapper, output=lambda answer: answer["logits"])(x, 1))
    expected = numpy(ready(kind, framework, make(framework))(x, 1))
    np.testing.assert_allclose(made, expected, 1e-3, 1e-4 * np.abs(expected).max())
    with pytest.raises(TypeError, match=r"got dict with keys 'logits'; pick them with `output="):
        ready(kind, framework, wrapper)(x, 1)


@pytest.mark.parametrize("kind", kinds())
def test_names_and_parameters(framework: str, kind: Any) -> None:
    network = make(framework)
    explainer = ready(kind, framework, network)
    assert explainer.name == kind.__name__
    assert explainer.network is network
    assert repr(explainer).startswith(f"{kind.__name__}(SmallCNN")
    for name in explainer.parameters:
        assert name in repr(explainer)


@pytest.mark.mindspore
@pytest.mark.torch
@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_both_frameworks_give_the_same_numbers(kind: Any, settings: Any) -> None:
    """The same weights, the same images, the same targets."""
    x, targets = images(3, size=(9, 7)), [[0, 3], [1, 1], [4, 2]]
    torch_maps, mindspore_maps = (
        numpy(ready(kind, name, make(name), **settings)(tensor(name, x), targets))
        for name in ("torch", "mindspore")
    )
    largest = np.abs(torch_maps).max()
    assert largest > 0
    np.testing.assert_allclose(mindspore_maps, torch_maps, 1e-4, 1e-5 * largest)


@pytest.mark.torch
@pytest.mark.parametrize(("kind", "settings"), EVERY)
@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "float16"])
def test_precisions_in_torch(kind: Any, settings: Any, dtype: str) -> None:
    torch = library("torch")
    native = getattr(torch, dtype)
    network = make("torch").to(native)
    x = torch.from_numpy(images(size=(9, 7))).to(native)
    maps = ready(kind, "torch", network, **settings)(x, [1, 2])
    assert maps.dtype == native
    expected = ready(kind, "torch", make("torch").double(), **settings)(x.double(), [1, 2])
    error = (maps.double() - expected).norm() / expected.norm()
    # Sixteen bits flip some ReLUs.
    assert error < {"float64": 1e-6, "bfloat16": 0.5, "float16": 0.1}[dtype]


@pytest.mark.mindspore
@pytest.mark.parametrize(("kind", "settings"), EVERY)
def test_half_precision_in_mindspore(kind: Any, settings: Any) -> None:
    mindspore = library("mindspore")
    network = make("mindspore")
    for parameter in network.get_parameters():
        parameter.set_dtype(mindspore.float16)
    x = mindspore.Tensor(images(size=(9, 7)))
    maps = ready(kind, "mindspore", network, **settings)(x.astype(mindspore.float16), [1, 2])
    assert maps.dtype == mindspore.float16
    expected = numpy(ready(kind, "mindspore", make("mindspore"), **settings)(x, [1, 2]))
    assert np.linalg.norm(numpy(maps) - expected) < 0.1 * np.linalg.norm(expected)


@pytest.mark.torch
@pytest.mark.parametrize(("kind", "settings"), EVERY)
@pytest.mark.parametrize(
    "layout", ["channels last", "every second", "no_grad", "inference_mode", "grad"]
)
def test_layouts_and_modes_of_torch(kind: Any, settings: Any, layout: str) -> None:
    torch = library("torch")
    explainer = ready(kind, "torch", make("torch"), **settings)
    plain = torch.from_numpy(images(size=(9, 7)))
    expected = explainer(plain, [1, 2])
    given = {
        "channels last": lambda: plain.to(memory_format=torch.channels_last),
        "every second": lambda: torch.stack([plain, plain], 4)[..., 0],
        "grad": lambda: plain.clone().requires_grad_(),
    }.get(layout, lambda: plain.clone())
    mode = {"no_grad": torch.no_grad, "inference_mode": torch.inference_mode}.get(
        layout, torch.enable_grad
    )
    with mode():
        x = given()
        maps = explainer(x, [1, 2])
    assert not maps.requires_grad
    torch.testing.assert_close(
        maps.clone(), expected, rtol=1e-3, atol=float(expected.abs().max()) * 1e-4
    )
    assert x.grad is None
