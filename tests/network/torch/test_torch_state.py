"""Grad mode, inference mode, gradients and inputs of the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seewhy.network import adapt
from tests import oracles
from tests.networks import images, make, slow
from tests.snapshots import snapshot

TARGETS = torch.tensor([[1, 2], [3, 0]])
MODES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "plain": nullcontext,
    "no_grad": torch.no_grad,
    "enable_grad": torch.enable_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.fixture(autouse=True)
def modes_are_given_back() -> Iterator[None]:
    before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    yield
    assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before


@pytest.mark.parametrize(
    ("inside", "input_made"),
    [*((mode, "plain") for mode in MODES), ("plain", "inference_mode"), ("inference_mode",) * 2],
)
def test_every_mode_gives_the_same_answers(inside: str, input_made: str) -> None:
    network = adapt(make("torch"), nn.Softmax(-1))
    with MODES[input_made]():
        x = torch.from_numpy(images()).clone()
    with MODES[inside]():
        before = snapshot("torch", network.original)
        ids = TARGETS.clone()
        logits, gradient = network.forward(x), network.gradient(x, ids)
        guided = network.gradient(x, ids, "guided")
        _, cam_gradient = network.activation_and_gradient(x, ids, "conv")
        at_input, input_gradient = network.activation_and_gradient(x, ids, "")
        layers = network.spatial_layers(x)
        with network.with_dropout(0.0):
            undropped = network.forward(x)
        assert snapshot("torch", network.original) == before
    plain = adapt(make("torch"))
    x = torch.from_numpy(images())
    expected = {
        "logits": (logits, plain.forward(x)),
        "undropped": (undropped, plain.forward(x)),
        "gradient": (gradient, plain.gradient(x, TARGETS)),
        "guided": (guided, plain.gradient(x, TARGETS, "guided")),
        "cam": (cam_gradient, plain.activation_and_gradient(x, TARGETS, "conv")[1]),
        "input": (at_input, x),
        "input gradient": (input_gradient, plain.gradient(x, TARGETS)),
    }
    for name, (made, wanted) in expected.items():
        assert torch.equal(made, wanted), name
        assert not made.requires_grad, name
    assert layers == plain.spatial_layers(x)


def test_an_input_that_requires_a_gradient_gets_none() -> None:
    network = adapt(make("torch"))
    x = torch.from_numpy(images()).requires_grad_()
    for layer in ("", "conv"):
        for made in network.activation_and_gradient(x, TARGETS, layer):
            assert not made.requires_grad
    assert not network.gradient(x, TARGETS).requires_grad
    assert not network.forward(x).requires_grad
    assert x.grad is None
    assert x.requires_grad


def test_a_graph_of_the_callers_own_survives() -> None:
    """Somebody explains in the middle of a training step, between forward and backward."""
    module = make("torch").train()
    x = torch.from_numpy(images())
    loss = module(x).square().sum()
    adapt(module).gradient(x, TARGETS, "guided")
    adapt(module).activation_and_gradient(x, TARGETS, "features.2")
    loss.backward()
    other = make("torch").train()
    other(x).square().sum().backward()
    for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine.grad, theirs.grad)


def test_running_statistics_and_dropout_of_a_network_in_training_stand_still() -> None:
    module = nn.Sequential(make("torch"), nn.Dropout(0.5)).train()
    before = snapshot("torch", module)
    x = torch.from_numpy(images())
    made = adapt(module).forward(x)
    np.testing.assert_allclose(made, oracles.logits(slow(), images()), 1e-4, 1e-4)
    assert snapshot("torch", module) == before


def test_a_network_that_overrides_eval_is_not_asked_to() -> None:
    class Frozen(nn.Sequential):
        def train(self, mode: bool = True) -> Any:
            raise NotImplementedError("as in torch.export")

    module = Frozen(*make("torch").children())
    x = torch.from_numpy(images())
    with pytest.raises(RuntimeError):  # flattening is not one of the children
        adapt(module).forward(x)
    module = Frozen(nn.Flatten(), nn.Linear(60, 2))
    assert adapt(module).gradient(x, torch.tensor([[0], [1]])).shape == (2, 1, 3, 5, 4)


def test_random_numbers_that_the_network_draws_are_given_back() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = make("torch")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x + torch.randn_like(x))

    network = adapt(Noisy())
    before = torch.get_rng_state()
    network.gradient(torch.from_numpy(images()), TARGETS)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_hook_of_the_users_own_is_called_as_ever() -> None:
    module, calls = make("torch"), []
    handle = module.conv.register_forward_hook(lambda *_: calls.append("forward"))
    adapt(module).activation_and_gradient(torch.from_numpy(images()), TARGETS, "conv")
    assert calls == ["forward"]
    handle.remove()
    assert not module.conv._forward_hooks


def test_layers_that_share_storage_and_parts() -> None:
    """One module under two names: listed once, and cut where it ran last."""
    shared = nn.Conv2d(3, 3, 3, padding=1)
    module = nn.Sequential(shared, nn.ReLU(), shared, nn.Flatten(), nn.Linear(60, 2)).eval()
    network = adapt(module)
    assert network.layers() == ["0", "1", "3", "4"]
    x = torch.from_numpy(images())
    activation, _ = network.activation_and_gradient(x, torch.tensor([[0], [0]]), "0")
    torch.testing.assert_close(activation, shared(shared(x).relu()).detach())
