"""The fused graph answers what the plain network answers, and otherwise says no."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from benchmarks import networks
from seewhy.network.torch.fused import FusedGraph, fuse, fuse_or_reason
from tests.network.torch.fusable import NETWORKS, Of, conv, images, pooled, seeded

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")


def built(network: nn.Module, x: Tensor) -> FusedGraph:
    graph, reason = fuse_or_reason(network, x)
    assert graph is not None, reason
    return graph


def apart(got: Tensor, expected: Tensor) -> float:
    assert got.shape == expected.shape
    return float((got - expected).abs().max() / expected.abs().max())


def plain(network: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        answer: Tensor = network(x.clone())
    return answer


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(
    "x",
    [
        images(1),
        images(2),
        images(5),
        images(2, (21, 34)),
        images(4).contiguous(memory_format=torch.channels_last),
        images(4, (16, 32))[::2, :, :, ::2],
        images(2).transpose(2, 3),
    ],
    ids=["one", "two", "five", "other size", "channels last", "strided", "transposed"],
)
def test_same_answer(name: str, x: Tensor) -> None:
    network = seeded(NETWORKS[name])
    graph = built(network, images(1))
    expected = plain(network, x.contiguous())
    assert graph.refresh() is None
    with torch.no_grad():
        # Not by `graph(x)`, which might have fallen back on the plain network.
        got = graph._program.run(x)
    assert apart(got, expected) <= 1e-5
    assert torch.equal(graph(x), got)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("conv, norm, relu", {"convolutions": 1, "normalisations": 1, "activations": 1}),
        ("norm of the batch", {"convolutions": 2}),
        ("norm before conv", {"convolutions": 1}),
        ("same padding", {"convolutions": 2}),  # neither a wide even kernel nor reflection
        ("uneven padding", {"convolutions": 3, "normalisations": 1, "activations": 1}),
        ("dropout", {"convolutions": 1, "normalisations": 1}),
        ("activations", {"convolutions": 11, "activations": 9}),  # neither ELU nor PReLU
        ("functional activations", {"convolutions": 5, "activations": 5}),
        (
            "residual, then relu",
            {"convolutions": 2, "normalisations": 1, "additions": 1, "activations": 1},
        ),
        ("relu, then residual", {"convolutions": 2, "normalisations": 1, "activations": 1}),
        ("reused modules", {"convolutions": 3, "activations": 3}),
        ("broadcast addition", {"convolutions": 3, "additions": 1}),
        ("linear, relu", {"convolutions": 1, "linear layers": 1, "activations": 1}),
    ],
)
def test_what_is_fused(name: str, counts: dict[str, int]) -> None:
    graph = built(seeded(NETWORKS[name]), images())
    assert dict(graph._program.counts) == counts
    for what, number in counts.items():
        assert f"{number} {what}" in graph.summary


def test_pretrained_network_on_photographs() -> None:
    from skimage import data

    pixels = np.stack(
        [
            np.asarray(Image.fromarray(getattr(data, name)()).resize((224, 224)))
            for name in PHOTOGRAPHS
        ]
    )
    x = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() - 127) / 128
    network = networks.efficientnet_lite0()
    graph = built(network, x)
    expected = plain(network, x)
    assert apart(graph(x), expected) <= 1e-5
    assert graph(x).argmax(1).equal(expected.argmax(1))
    assert graph(x)[2].argmax() == 967  # an espresso
    assert "49 convolutions, 49 normalisations, 33 activations, 9 additions" in graph.summary


@pytest.mark.parametrize(
    ("name", "fused"),
    [
        ("mobilenet_v2", "52 convolutions, 52 normalisations, 35 activations, 10 additions"),
        ("resnet50", "53 convolutions, 53 normalisations, 49 activations, 16 additions"),
        ("vgg16", "13 convolutions, 15 activations, 3 linear layers"),
    ],
)
def test_known_networks(name: str, fused: str) -> None:
    network, x = networks.NETWORKS[name](), networks.noise_images(2, 96, seed=5)
    graph = built(network, x)
    assert fused in graph.summary
    assert apart(graph(x), plain(network, x)) <= 1e-5
    assert apart(graph(x)[0], graph(x)[1]) > 1e-2  # the answer depends on the input


def _with_hook() -> nn.Module:
    network = seeded(NETWORKS["conv, norm, relu"])
    network[0].register_forward_hook(lambda *_: None)
    return network


def _with_own_forward() -> nn.Module:
    network = seeded(NETWORKS["conv, norm, relu"])
    network[2].forward = torch.tanh
    return network


def _overwritten_view(net: Any, x: Tensor) -> Tensor:
    x = net.a(x)
    x[:, :1].mul_(3)  # changes x through another tensor, which no graph of nodes shows
    return pooled(x)


def _scripted() -> nn.Module:
    return torch.jit.trace(seeded(NETWORKS["conv, norm, relu"]), images())


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda: Of(lambda net, x: {"logits": pooled(net.a(x))}, a=conv(3, 4)), "one tensor"),
        (lambda: Of(lambda net, x: (pooled(net.a(x)), x), a=conv(3, 4)), "one tensor"),
        (lambda: Of(lambda net, x: net.a(x) if x.sum() > 0 else x, a=conv(3, 4)), "control flow"),
        (lambda: Of(lambda net, x: net.a(x) * len(x), a=conv(3, 4)), "len"),
        (lambda: Of(lambda net, x: nn.functional.dropout(net.a(x)), a=conv(3, 4)), "random"),
        (lambda: Of(lambda net, x: net.a(x) * torch.rand(()), a=conv(3, 4)), "differ"),
        (lambda: Of(_overwritten_view, a=conv(3, 4)), "differ"),
        (lambda: Of(lambda net, x: net.a(x).log(), a=conv(3, 4)), "differ by nan"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(768, 4)), "no convolution"),
        (lambda: seeded(NETWORKS["conv, norm, relu"]).double(), "float64"),
        (lambda: seeded(NETWORKS["conv, norm, relu"]).half(), "float16"),
        (lambda: seeded(NETWORKS["conv, norm, relu"]).to("meta"), "meta"),
        (_with_hook, "hook"),
        (_with_own_forward, "forward of 2 was replaced"),
        pytest.param(
            _scripted, "torch.jit",
            marks=pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning"),
        ),
    ],
)  # fmt: skip
def test_says_why_not(build: Any, reason: str, caplog: pytest.LogCaptureFixture) -> None:
    network = build().eval()
    with caplog.at_level(logging.DEBUG, "seewhy"):
        assert fuse(network, images()) is None
    assert reason in caplog.text
    assert reason in fuse_or_reason(network, images())[1]


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (images().double(), "float64"),
        (images().half(), "float16"),
        (images().to("meta"), "meta"),
        (images()[:0], "inputs"),
        (torch.randn(2, 5, 8, 8), "expected input"),
    ],
)
def test_says_why_not_this_input(x: Tensor, reason: str) -> None:
    graph, why = fuse_or_reason(seeded(NETWORKS["conv, norm, relu"]), x)
    assert graph is None
    assert reason in why


@pytest.mark.filterwarnings("ignore:TF32")  # PyTorch's, on giving the flags back
def test_not_without_onednn_or_its_operators(monkeypatch: pytest.MonkeyPatch) -> None:
    network = seeded(NETWORKS["conv, norm, relu"])
    with torch.backends.mkldnn.flags(enabled=False):
        assert "turned off" in fuse_or_reason(network, images())[1]
    monkeypatch.setattr(
        "seewhy.network.torch.fused_checks.missing_operators", lambda: ["mkldnn::_gone.default"]
    )
    assert "lacks mkldnn::_gone" in fuse_or_reason(network, images())[1]


def _in_place(network: Any) -> None:
    with torch.no_grad():
        network[0].weight.mul_(2)


def _load(network: Any) -> None:
    network.load_state_dict({key: 2 * value for key, value in network.state_dict().items()})


def _assign(network: Any) -> None:
    doubled = {key: 2 * value for key, value in network.state_dict().items()}
    network.load_state_dict(doubled, assign=True)


def _replace(network: Any) -> None:
    network[0].weight = nn.Parameter(network[0].weight.detach() + 1)


def _through_data(network: Any) -> None:
    network[0].weight.data.mul_(2)


def _other_data(network: Any) -> None:
    network[1].weight.data = network[1].weight.data + 1


def _statistics(network: Any) -> None:
    network.train()(images(8, seed=3) + 1)
    network.eval()


def _optimise(network: Any) -> None:
    optimiser = torch.optim.SGD(network.parameters(), 0.5)
    network(images()).square().sum().backward()
    optimiser.step()


@pytest.mark.parametrize(
    "change",
    [_in_place, _load, _assign, _replace, _through_data, _other_data, _statistics, _optimise],
)
def test_new_weights_are_seen(change: Any) -> None:
    network, x = seeded(NETWORKS["conv, norm, relu"]), images(3)
    graph = built(network, x)
    before = graph(x)
    change(network)
    expected = plain(network, x)
    assert apart(before, expected) > 1e-2
    assert graph.refresh() is None
    assert apart(graph._program.run(x).detach(), expected) <= 1e-5
    packed = graph._program.assembled
    assert apart(graph(x), expected) <= 1e-5
    assert graph._program.assembled is packed  # weights are packed once a change, not once a call


def test_new_buffers_and_unfused_weights_are_seen() -> None:
    network, x = seeded(NETWORKS["expression of buffers"]), images()
    graph = built(network, x)
    network.spread = torch.tensor(5.0)
    assert graph.refresh() is None
    assert apart(graph(x), plain(network, x)) <= 1e-5
    network = seeded(NETWORKS["norm before conv"])
    graph = built(network, x)
    network[0].bias = nn.Parameter(torch.full((3,), 4.0))
    assert apart(graph(x), plain(network, x)) <= 1e-5


def test_weights_that_no_longer_fit_run_plain_and_fused_again() -> None:
    network, x = seeded(NETWORKS["conv, norm, relu"]), images()
    graph = built(network, x)
    network.double()
    assert "float64" in str(graph.refresh())
    assert apart(graph(x.double()), plain(network, x.double())) == 0
    network.float()
    assert graph.refresh() is None
    assert apart(graph(x), plain(network, x)) <= 1e-5


def test_changed_structure_runs_plain() -> None:
    network, x = seeded(NETWORKS["conv, norm, relu"]), images()
    graph = built(network, x)
    handle = network[0].register_forward_hook(lambda module, inputs, result: result * 3)
    assert "hook" in str(graph.refresh())
    assert apart(graph(x), plain(network, x)) == 0
    handle.remove()
    assert graph.refresh() is None
    network[2] = nn.Tanh()
    assert "module was replaced" in str(graph.refresh())
    assert apart(graph(x), plain(network, x)) == 0


def test_other_dtypes_and_autocast_run_plain() -> None:
    network, x = seeded(NETWORKS["conv, norm, relu"]), images()
    graph = built(network, x)
    with pytest.raises(RuntimeError, match="type"):
        graph(x.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(graph(x), plain(network, x))


def test_network_fails_with_its_own_message() -> None:
    graph = built(seeded(NETWORKS["conv, norm, relu"]), images())
    with pytest.raises(RuntimeError, match="expected input"):
        graph(torch.randn(2, 5, 8, 8))


def test_network_is_untouched() -> None:
    network = seeded(NETWORKS["dropout"]).train()
    network[1].eval()
    network[0].weight.requires_grad_(False)
    x = images()
    attributes = [dict(module.__dict__) for module in network.modules()]
    flags = [module.training for module in network.modules()]
    needed = [parameter.requires_grad for parameter in network.parameters()]
    values = {key: value.clone() for key, value in network.state_dict().items()}
    random, kept = torch.get_rng_state(), x.clone()
    graph = built(network, x)
    graph(x)
    head = graph.head("0")
    assert head is not None
    head.tail(*head(x))
    assert [module.training for module in network.modules()] == flags
    assert [parameter.requires_grad for parameter in network.parameters()] == needed
    assert all(parameter.grad is None for parameter in network.parameters())
    assert all(torch.equal(values[key], value) for key, value in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(x, kept)
    for module, before in zip(network.modules(), attributes, strict=True):
        assert module.__dict__.keys() == before.keys()
        assert all(module.__dict__[key] is before[key] for key in before)
    # Dropout and batch statistics as in evaluation, whatever the flags say.
    assert apart(graph(x), plain(network.eval(), x)) <= 1e-5


def test_in_place_network_leaves_its_input() -> None:
    network = seeded(lambda: nn.Sequential(nn.ReLU(inplace=True), conv(3, 4)))
    x = images()
    kept = x.clone()
    graph = built(network, x)
    graph(x)
    graph._plain(x)
    assert torch.equal(x, kept)


def test_no_autograd_graph_even_where_autograd_is_on() -> None:
    graph = built(seeded(NETWORKS["residual, then relu"]), images())
    assert not graph(images().requires_grad_()).requires_grad


def test_built_in_inference_mode_works_outside() -> None:
    network, x = seeded(NETWORKS["residual, then relu"]), images()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        graph = built(network, x)
    head = graph.head("conv")
    assert head is not None
    activation, crossing = head(x)
    leaf = activation.requires_grad_()
    assert torch.autograd.grad(head.tail(leaf, crossing).sum(), leaf)[0].shape == leaf.shape


def test_graph_does_not_keep_its_network_alive() -> None:
    network = seeded(NETWORKS["residual, then relu"])
    alive = weakref.ref(network)
    graph, expected = built(network, images()), plain(network, images())
    assert graph.head("conv") is not None
    del network
    gc.collect()
    assert alive() is None
    assert apart(graph(images()), expected) <= 1e-5
    assert apart(graph._plain(images()), expected) == 0


def test_calls_from_several_threads_while_weights_change() -> None:
    network = seeded(NETWORKS["two branches"])
    batches = [images(2, seed=seed) for seed in range(24)]
    graph = built(network, images())
    with ThreadPoolExecutor(4) as pool:
        for factor in (1.0, 2.0, 0.25):
            with torch.no_grad():
                network.stem.weight.mul_(factor)
            for got, x in zip(pool.map(graph, batches), batches, strict=True):
                assert apart(got, plain(network, x)) <= 1e-5


def test_other_threads_run_networks_while_one_is_traced() -> None:
    network, other = seeded(NETWORKS["two branches"]), seeded(NETWORKS["reused modules"])
    expected, done, wrong = plain(other, images()), threading.Event(), []

    def keep_running() -> None:
        while not done.is_set():
            if not torch.equal(plain(other, images()), expected):
                wrong.append(1)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(keep_running)
        try:
            for _ in range(10):
                built(network, images())
        finally:
            done.set()
        running.result()
    assert not wrong
