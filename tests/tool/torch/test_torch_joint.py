"""A network and an OoDNet as one module: what it answers, and by which of the two ways."""

from __future__ import annotations

import logging

import pytest
import torch
from torch import nn

from seewhy.network import adapt
from seewhy.tool import OoDNet
from seewhy.tool.torch.joint import HookedJoint, TappedJoint, joint
from tests.networks import Spec, images, make
from tests.snapshots import snapshot
from tests.tool.test_ood_net import giving_features

X = torch.from_numpy(images(size=(6, 8)))


def expected(ood_net: OoDNet, network: nn.Module) -> torch.Tensor:
    logits, scores = adapt(network).forward(X), ood_net.score(X)
    return torch.cat([logits, scores.amax(1, keepdim=True)], 1)


@pytest.mark.parametrize("kind", [HookedJoint, TappedJoint])
@pytest.mark.parametrize(
    ("features", "width"), [("auto", None), ("fc", None), ("features.2", None)]
)
@pytest.mark.parametrize("other", [False, True])
def test_logits_and_the_highest_score(
    kind: type[nn.Module], features: str, width: int | None, other: bool
) -> None:
    network = make("torch")
    if features == "features.2":
        network.features = nn.Sequential(*network.features[:2], nn.AdaptiveAvgPool2d(1))
        width = 4
    ood_net = OoDNet(network, 3, features, num_features=width)
    explained = make("torch", Spec(seed=5, classes=7)) if other else network
    before = snapshot("torch", network)
    made = adapt(kind(ood_net, explained, None)).forward(X)
    torch.testing.assert_close(made, expected(ood_net, explained))
    assert snapshot("torch", network) == before


def test_features_on_demand() -> None:
    network = giving_features("torch")
    ood_net = OoDNet(network, 3)
    made = joint(ood_net, network, None, X)
    assert isinstance(made, TappedJoint)
    torch.testing.assert_close(adapt(made).forward(X), expected(ood_net, network))
    assert network.output_features is False


def test_the_joint_network_is_fused(caplog: pytest.LogCaptureFixture) -> None:
    network = make("torch")
    ood_net = OoDNet(network, 3)
    made = joint(ood_net, network, None, X)
    with caplog.at_level(logging.DEBUG, "seewhy"):
        answer = next(adapt(made, nn.Identity()).stream(iter([X])))
    assert "TappedJoint: fused oneDNN graph: 2 convolutions" in caplog.text
    torch.testing.assert_close(answer, expected(ood_net, network), rtol=1e-4, atol=1e-4)


class Listed(nn.Module):
    """Runs its layers from a list of its own, beside the one PyTorch knows."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5)]
        for number, step in enumerate(self.steps):
            self.add_module(f"step{number}", step)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            x = step(x)
        return x


def test_hooks_serve_where_a_copy_does_not(caplog: pytest.LogCaptureFixture) -> None:
    network = Listed().eval()
    ood_net = OoDNet(network, 3)
    with caplog.at_level(logging.DEBUG, "seewhy"):
        made = joint(ood_net, network, None, X)
    assert isinstance(made, HookedJoint)
    assert "OoDNet of Listed: features by hooks" in caplog.text
    torch.testing.assert_close(adapt(made).forward(X), expected(ood_net, network))


def test_output_is_picked() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = make("torch")

        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"logits": self.inner(x)}

    network = Wrapped().eval()
    ood_net = OoDNet(network, 3)
    made = joint(ood_net, network, lambda answer: answer["logits"], X)
    assert isinstance(made, TappedJoint)
    torch.testing.assert_close(adapt(made).forward(X)[:, :-1], network.inner(X).detach())


def test_new_weights_are_seen() -> None:
    network = make("torch")
    ood_net = OoDNet(network, 3)
    made = joint(ood_net, network, None, X)
    before = adapt(made).forward(X)
    with torch.no_grad():
        network.fc.bias.add_(1)
        ood_net.class_weights.neg_()
    after = adapt(made).forward(X)
    torch.testing.assert_close(after[:, :-1], before[:, :-1] + 1)
    torch.testing.assert_close(after, expected(ood_net, network))
