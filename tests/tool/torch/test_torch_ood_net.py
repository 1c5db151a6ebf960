"""An OoDNet as a torch module: state, devices of data, own loops, random state."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from seewhy.tool import OoDNet
from tests.networks import Spec, images, make


def data(samples: int = 12) -> TensorDataset:
    return TensorDataset(torch.from_numpy(images(samples)), torch.arange(samples) % 5)


def test_state_dict_holds_the_head_and_the_network() -> None:
    names = set(OoDNet(make("torch"), 5).state_dict())
    assert {"class_weights", "temperature_weights", "underlying.fc.weight"} <= names
    other = OoDNet(make("torch"), 5, seed=3)
    first = OoDNet(make("torch", Spec(seed=1)), 5)
    other.load_state_dict(first.state_dict())
    x = torch.from_numpy(images())
    assert torch.equal(first.score(x), other.score(x))


def test_dtype_follows_the_network() -> None:
    ood_net = OoDNet(make("torch").double(), 5)
    assert ood_net.score(torch.from_numpy(images()).double()).dtype == torch.float64


def test_shuffling_and_dropout_follow_the_seed() -> None:
    network = make("torch")

    def losses(seed: int | None) -> list[float]:
        loader = DataLoader(data(), batch_size=5, shuffle=True)
        ood_net = OoDNet(network, 5)
        return ood_net.train(loader, nn.CrossEntropyLoss(), epoch=2, seed=seed).losses

    state = torch.get_rng_state()
    assert losses(0) == losses(0) != losses(1)
    assert torch.equal(torch.get_rng_state(), state)
    assert losses(None) != losses(None)
    assert not torch.equal(torch.get_rng_state(), state)


def test_a_loop_of_ones_own() -> None:
    ood_net = OoDNet(make("torch"), 5).set_train()
    twin = OoDNet(make("torch"), 5)
    optimizer, scheduler = ood_net.prepare_train()
    x, y = data().tensors
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(ood_net(x), y).backward()
        optimizer.step()
        scheduler.step()
    assert all(parameter.grad is None for parameter in ood_net.underlying.parameters())
    twin.train([(x, y)], nn.CrossEntropyLoss(), epoch=3)
    torch.testing.assert_close(ood_net.class_weights, twin.class_weights)


def test_scores_keep_no_graph() -> None:
    ood_net, x = OoDNet(make("torch"), 5), torch.from_numpy(images())
    assert not ood_net.score(x).requires_grad
    assert ood_net(x).requires_grad


def test_nothing_is_recorded_in_the_frozen_network() -> None:
    ood_net = OoDNet(make("torch"), 5).set_train()
    logits = ood_net(torch.from_numpy(images()).requires_grad_())
    logits.sum().backward()
    assert ood_net.underlying.fc.weight.grad is None
