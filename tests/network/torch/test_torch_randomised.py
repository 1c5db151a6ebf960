"""Random weights for a while: what only PyTorch has to get right."""

from __future__ import annotations

import torch
from torch import nn

from seewhy.network import adapt
from seewhy.network.torch.engine import engine_of
from tests.networks import images, make


class Tied(nn.Module):
    """The last layer has the weights of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 4)
        self.last.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.first(x))


def test_weights_that_layers_share_are_of_each_of_them() -> None:
    network = Tied()
    before, adapted = network.first.weight.tolist(), adapt(network)
    assert adapted.weighted_layers() == ["first", "last"]
    with adapted.randomised(["last"]):
        made = network.first.weight.tolist()
        assert made != before
    with adapted.randomised(["first"]):
        assert network.last.weight.tolist() == made
    assert network.first.weight.tolist() == before


def test_a_graph_of_the_user_can_still_be_differentiated() -> None:
    network, x = make("torch"), torch.from_numpy(images())
    expected = torch.autograd.grad(network(x).sum(), network.conv.weight)[0]
    loss = network(x).sum()
    with adapt(network).randomised([""]):
        pass
    loss.backward()
    torch.testing.assert_close(network.conv.weight.grad, expected)


def test_parameters_stay_ordinary_in_inference_mode() -> None:
    network = make("torch")
    with torch.inference_mode(), adapt(network).randomised([""]):
        assert not network.conv.weight.is_inference()
    assert not network.conv.weight.is_inference()
    network(torch.from_numpy(images())).sum().backward()


def test_weights_that_the_layer_lists_itself_are_seen() -> None:
    lstm = nn.LSTM(3, 2)
    x = torch.ones(4, 1, 3)
    before = lstm(x)[0]
    with adapt(lstm).randomised([""]):
        assert not torch.equal(lstm(x)[0], before)
    assert torch.equal(lstm(x)[0], before)


def test_the_fused_graph_follows_there_and_back() -> None:
    network = make("torch")
    x = torch.from_numpy(images(3, size=(16, 15)))
    adapted = adapt(network, nn.Softmax(-1))
    own = next(iter(adapted.stream([x])))
    assert "fused" in engine_of(network).reason
    for seed in range(2):
        with adapted.randomised([""], seed):
            (made,) = adapted.stream([x])
            assert "fused" in engine_of(network).reason
            torch.testing.assert_close(made, adapted.probabilities(x), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(next(iter(adapted.stream([x]))), own, rtol=0, atol=0)
    assert "fused" in engine_of(network).reason
