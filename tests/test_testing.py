"""The conformance checks pass what is right and name what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

from seewhy import Explainer, Gradient, adapt
from seewhy.testing import check_explainer, check_network
from tests.networks import Spec, images, library, make, numpy, tensor


def inputs(framework: str, number: int = 3) -> Any:
    return tensor(framework, images(number))


@pytest.mark.parametrize("kind", ["small_cnn", "reused_relu"])
def test_our_networks_keep_the_contract(framework: str, kind: str) -> None:
    network = make(framework, Spec(kind))
    network.train() if framework == "torch" else network.set_train(True)
    check_network(adapt(network), inputs(framework))


def test_networks_without_a_place_for_dropout_or_spatial_layers(framework: str) -> None:
    check_network(adapt(library(framework).nn.Flatten()), inputs(framework))


class InputTimesGradient(Explainer):
    """The example of the manual."""

    signed = True

    def _explain(self, x: Any, targets: Any) -> Any:
        return (self._network.gradient(x, targets) * x[:, None]).sum(2)


def test_the_example_of_the_manual(framework: str) -> None:
    check_explainer(InputTimesGradient(make(framework)), inputs(framework))


def test_coarse_grids_are_allowed(framework: str) -> None:
    class Coarse(Gradient):
        def _explain(self, x: Any, targets: Any) -> Any:
            return super()._explain(x, targets)[:, :, ::2, ::2]

    check_explainer(Coarse(make(framework)), inputs(framework))


class Counting(Gradient):
    """Something to be wrong with: calls are counted."""

    calls = 0

    def _explain(self, x: Any, targets: Any) -> Any:
        self.calls += 1
        return self.wrong(x, super()._explain(x, targets))

    def wrong(self, x: Any, maps: Any) -> Any:
        return maps


def negative(self: Counting, x: Any, maps: Any) -> Any:
    return -maps


def drifting(self: Counting, x: Any, maps: Any) -> Any:
    return maps * (1 + 0.01 * self.calls)


def batch_norm(self: Counting, x: Any, maps: Any) -> Any:
    return maps / self.ops.tensor(np.array(numpy(maps).max()), like=x)


def first_label_only(self: Counting, x: Any, maps: Any) -> Any:
    return self.ops.stack([maps[:, 0]] * maps.shape[1], 1)


def infinite(self: Counting, x: Any, maps: Any) -> Any:
    return maps * float("inf")


def one_label_too_many(self: Counting, x: Any, maps: Any) -> Any:
    return self.ops.concat([maps, maps], 1)


def training(self: Counting, x: Any, maps: Any) -> Any:
    network = self.network
    network.conv.train() if hasattr(network, "train") else network.conv.set_train(True)
    return maps


def hooked(self: Counting, x: Any, maps: Any) -> Any:
    self.network.conv.register_forward_hook(lambda *_: None)
    return maps


def frozen(self: Counting, x: Any, maps: Any) -> Any:
    self.network.conv.weight.requires_grad = False
    return maps


def drawing(self: Counting, x: Any, maps: Any) -> Any:
    np.random.rand()  # noqa: NPY002
    return maps


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (negative, "must return no negative value, as `signed` is False"),
        (drifting, r"Wrong\(SmallCNN\) on the same call again: must be equal"),
        (batch_norm, "on a batch and its samples: must be equal"),
        (first_label_only, "on one label and on two: must be equal"),
        (infinite, "must return finite maps"),
        (one_label_too_many, r"\(3, 1, 5, 4\) for one target, got Tensor of \(3, 2, 5, 4\)"),
        (training, "must leave no trace, but changed: the training flag of 'conv'"),
        (hooked, "must leave no trace, but changed: the hooks of 'conv'"),
        (frozen, "must leave no trace, but changed: `requires_grad` of 'conv.weight'"),
        (drawing, "must leave no trace, but changed: the state of `numpy.random`"),
    ],
)
def test_wrong_explainers(framework: str, wrong: Callable[..., Any], message: str) -> None:
    explainer = type("Wrong", (Counting,), {"wrong": wrong})(make(framework))
    with pytest.raises(AssertionError, match=message):
        check_explainer(explainer, inputs(framework))


def test_parameters_that_are_no_json(framework: str) -> None:
    class Odd(Gradient):
        @property
        def parameters(self) -> dict[str, Any]:
            return {"window": {1, 2}}

    with pytest.raises(AssertionError, match="`parameters` must be JSON values"):
        check_explainer(Odd(make(framework)), inputs(framework))


def test_errors_that_are_swallowed(framework: str) -> None:
    class Lenient(Gradient):
        def __call__(self, inputs: Any, targets: Any, ret: Any = "tensor", show: Any = None) -> Any:
            if ret == "array":
                ret = "tensor"
            return super().__call__(inputs, targets, ret, show)

    with pytest.raises(AssertionError, match="on an unknown `ret`: must be a ValueError, got none"):
        check_explainer(Lenient(make(framework)), inputs(framework))


@pytest.mark.torch
def test_an_input_that_is_changed() -> None:
    class Careless(Gradient):
        def _explain(self, x: Any, targets: Any) -> Any:
            x[0, 0, 0, 0] += 1
            return super()._explain(x, targets)

    with pytest.raises(AssertionError, match=r"must (be equal|not change its inputs)"):
        check_explainer(Careless(make("torch")), inputs("torch"))


class Delegating:
    """A network that does what another does, but for one method."""

    def __init__(self, network: Any, **changed: Any) -> None:
        self._network = network
        vars(self).update(changed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)


def doubled(network: Any) -> dict[str, Any]:
    return {"gradient": lambda x, ids, relu=None: network.gradient(x, ids, relu) * 2}


def mixed_up(network: Any) -> dict[str, Any]:
    def gradient(x: Any, ids: Any, relu: Any = None) -> Any:
        made = network.gradient(x, ids, relu)
        return network.ops.stack([made[:, -1 - label] for label in range(made.shape[1])], 1)

    return {"gradient": gradient}


def dependent(network: Any) -> dict[str, Any]:
    def forward(x: Any) -> Any:
        logits = network.forward(x)
        return logits - network.ops.mean(logits, (0,))

    return {"forward": forward}


def unseeded(network: Any) -> dict[str, Any]:
    return {"with_dropout": lambda rate=None, seed=0: network.with_dropout(rate, None)}


def lenient(network: Any) -> dict[str, Any]:
    def gradient(x: Any, ids: Any, relu: Any = None) -> Any:
        return network.gradient(x, ids % 5, relu)

    return {"gradient": gradient}


def transposed(network: Any) -> dict[str, Any]:
    def activation_and_gradient(x: Any, ids: Any, layer: str) -> Any:
        a, da = network.activation_and_gradient(x, ids, layer)
        return (a, da) if layer == "" else (a, da.swapaxes(3, 4))

    return {"activation_and_gradient": activation_and_gradient}


def unmoved(network: Any) -> dict[str, Any]:
    return {"randomised": lambda layers, seed=0: nullcontext()}


def redrawn(network: Any) -> dict[str, Any]:
    return {"randomised": lambda layers, seed=0: network.randomised(layers, None)}


def twice(network: Any) -> dict[str, Any]:
    return {"layers": lambda: network.layers() * 2}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (doubled, "must be the derivative of the logits"),
        (mixed_up, "gradient of one label and of two: must be equal"),
        (dependent, "forward of a batch and of its samples: must be equal"),
        (unseeded, "with_dropout twice with one seed: must be equal"),
        (lenient, "gradient of class 5: must be a ValueError, got none"),
        (transposed, "at 'relu6' must give"),
        (twice, "must not list a name twice"),
        (unmoved, "randomised must change the logits"),
        (redrawn, "randomised twice with one seed: must be equal"),
    ],
)
def test_wrong_networks(framework: str, changed: Callable[..., Any], message: str) -> None:
    network = adapt(make(framework))
    with pytest.raises(AssertionError, match=message):
        check_network(Delegating(network, **changed(network)), inputs(framework))


@pytest.mark.parametrize("size", [(1, 3, 5, 4), (3, 5, 4)])
def test_too_few_samples(framework: str, size: tuple[int, ...]) -> None:
    x = tensor(framework, np.ones(size, np.float32))
    with pytest.raises(ValueError, match=r"`x` must hold two or more samples \(N, C, H, W\), got"):
        check_network(adapt(make(framework)), x)
    with pytest.raises(ValueError, match=r"`x` must hold two or more samples"):
        check_explainer(Gradient(make(framework)), x)
