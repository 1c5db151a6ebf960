"""A fused head and a plain tail together give the gradient that autograd gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks import networks
from seewhy.network.torch.fused import FusedGraph, Head, fuse
from tests.network.torch.fusable import NETWORKS, Of, conv, images, pooled, seeded


def built(network: nn.Module, x: Tensor) -> FusedGraph:
    graph = fuse(network, x)
    assert graph is not None
    return graph


def cut(graph: FusedGraph, layer: str) -> Head:
    head = graph.head(layer)
    assert head is not None
    return head


def by_head(head: Head, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Activation, output and d output[:, -1] / d activation, by head and tail."""
    activation, crossing = head(x)
    assert not activation.requires_grad
    leaf = activation.clone().requires_grad_()
    output = head.tail(leaf, crossing)
    return activation, output.detach(), torch.autograd.grad(output[:, -1].sum(), leaf)[0]


def by_autograd(network: nn.Module, x: Tensor, layer: str) -> tuple[Tensor, Tensor, Tensor]:
    """Return the same on the plain network: each call of the layer gives a leaf of its own."""
    leaves = []

    def hook(module: nn.Module, inputs: Any, result: Tensor) -> Tensor:
        leaves.append(result.detach().clone().requires_grad_())
        return leaves[-1].clone()  # so that what follows may work in place

    handle = network.get_submodule(layer).register_forward_hook(hook)
    try:
        output = network(x.clone())
    finally:
        handle.remove()
    gradient = torch.autograd.grad(output[:, -1].sum(), leaves[-1])[0]
    return leaves[-1].detach(), output.detach(), gradient


def check(network: nn.Module, head: Head, x: Tensor, layer: str, rtol: float = 1e-4) -> None:
    got, expected = by_head(head, x), by_autograd(network, x, layer)
    for one, other, limit in zip(got, expected, (1e-5, 1e-5, rtol), strict=True):
        assert one.shape == other.shape
        assert (one - other).norm() <= limit * other.norm()
    assert expected[2].norm() > 0


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("conv, norm, relu", "0"),
        ("conv, norm, relu", "1"),
        ("conv, norm, relu", "2"),
        ("conv, norm, relu", "3"),  # pooling
        ("norm of the batch", "1"),
        ("norm before conv", "0"),
        ("uneven padding", "0"),
        ("zero padding", "0"),
        ("zero padding", "3"),
        ("dropout", "1"),  # left out of the fused graph
        ("dropout", "3"),
        ("activations", "12"),
        ("functional activations", "c"),
        ("residual, then relu", "stem"),  # its value also crosses the cut
        ("residual, then relu", "conv"),
        ("residual, then relu", "bn"),
        ("relu, then residual", "bn"),
        ("two branches", "conv"),
        ("two branches", "short"),
        ("two branches", "bn2"),
        ("sum read again", "a"),
        ("sum read again", "c"),
        ("in place", "conv"),
        ("in place", "bn"),
        ("in place", "last"),
        ("reused modules", "relu"),
        ("reused modules", "conv"),
        ("flattened", "conv"),
        ("flattened", "pool"),
        ("broadcast addition", "stem"),
        ("broadcast addition", "conv"),
        ("channel shuffle", "stem"),
        ("channel shuffle", "conv"),
        ("parametrised weight", "0"),
        ("transposed", "1"),
    ],
)
def test_same_gradient(name: str, layer: str) -> None:
    network = seeded(NETWORKS[name])
    head = cut(built(network, images(1)), layer)
    for x in (images(1), images(3), images(2, (22, 18))):
        check(network, head, x, layer)


@pytest.mark.parametrize(
    "layer",
    [
        "_conv_stem",
        "_blocks.0",
        "_blocks.5._depthwise_conv",
        "_blocks.9._bn1",
        "_blocks.11._swish",  # runs twice; the last call counts
        "_blocks.13",  # ends in a residual addition
        "_blocks.15._swish",
        "_conv_head",
        "_bn1",
        "_avg_pooling",
    ],
)
def test_same_gradient_in_a_pretrained_network(layer: str) -> None:
    network = networks.efficientnet_lite0()
    x = networks.noise_images(2, 128, seed=4)
    # Rounding moves values across the kinks of ReLU6, and with them single gradients.
    check(network, cut(built(network, x), layer), x, layer, rtol=2e-2)


def test_tail_is_exact_in_a_pretrained_network() -> None:
    """From one and the same activation, the tail's gradient is autograd's."""
    network, layer = networks.efficientnet_lite0(), "_blocks.9._bn1"
    x = networks.noise_images(2, 128, seed=4)
    head = cut(built(network, x), layer)
    activation, crossing = head(x)
    # The block's input, for its residual addition, and the batch size the network asks for.
    (kept,) = [value for value in crossing if isinstance(value, Tensor)]
    leaf = activation.clone().requires_grad_()
    got = torch.autograd.grad(head.tail(leaf, crossing)[:, -1].sum(), leaf)[0]

    def give(module: nn.Module, inputs: Any, result: Tensor) -> Tensor:
        return other.clone()

    other = activation.clone().requires_grad_()
    block = network.get_submodule("_blocks.9")
    handles = [
        network.get_submodule(layer).register_forward_hook(give),
        block.register_forward_pre_hook(lambda module, inputs: (kept, *inputs[1:])),
    ]
    expected = torch.autograd.grad(network(x)[:, -1].sum(), other)[0]
    for handle in handles:
        handle.remove()
    assert (got - expected).norm() <= 1e-4 * expected.norm()


def test_same_gradient_in_resnet() -> None:
    network, x = networks.NETWORKS["resnet50"](), networks.noise_images(2, 64, seed=4)
    graph = built(network, x)
    for layer in ("layer2.1.conv3", "layer3.0.downsample", "layer4", "maxpool"):
        check(network, cut(graph, layer), x, layer, rtol=2e-2)


def test_only_the_cut_is_left_unfused() -> None:
    graph = built(seeded(NETWORKS["two branches"]), images())
    head = cut(graph, "conv")
    assert dict(head._split.head.counts) == {"convolutions": 3, "normalisations": 1}


def test_several_labels_from_one_tail() -> None:
    head = cut(built(seeded(NETWORKS["two branches"]), images()), "conv")
    activation, crossing = head(images())
    leaf = activation.clone().requires_grad_()
    output = head.tail(leaf, crossing)
    first, second = (
        torch.autograd.grad(output[:, label].sum(), leaf, retain_graph=True)[0] for label in (0, -1)
    )
    assert torch.equal(second, by_head(head, images())[2])
    assert not torch.equal(first, second)


def test_head_sees_new_weights_and_is_kept() -> None:
    network, x = seeded(NETWORKS["two branches"]), images()
    graph = built(network, x)
    head = cut(graph, "conv")
    assert cut(graph, "conv")._split is head._split
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(1.5)
    check(network, head, x, "conv")
    network.bn1.weight = nn.Parameter(torch.full((8,), 0.3))
    check(network, head, x, "conv")


def test_tail_sees_replaced_weights_of_functions() -> None:
    network: Any = seeded(NETWORKS["uneven padding"])
    head = cut(built(network, images()), "0")
    network[3].weight = nn.Parameter(network[3].weight.detach() - 0.3)
    check(network, head, images(), "0")


def test_head_of_a_changed_network() -> None:
    network, x = seeded(NETWORKS["two branches"]), images()
    graph = built(network, x)
    head = cut(graph, "conv")
    network.conv = conv(8, 8)
    assert graph.head("conv") is None
    with pytest.raises(RuntimeError, match="`network` must be fused again: a module was replaced"):
        head(x)


def test_no_head_where_there_is_no_cut() -> None:
    def forward(net: Any, x: Tensor) -> Tensor:
        net.unread(x)
        return pooled(net.conv(net.pair(x)[0]))

    pair = Of(lambda net, x: (x + 1, x))
    network = Of(forward, unread=conv(3, 3), pair=pair, conv=conv(3, 4), never=conv(3, 4))
    graph = built(network.eval(), images())
    assert graph.head("conv") is not None
    for layer in ("unread", "pair", "never", "no such layer", ""):
        assert graph.head(layer) is None
