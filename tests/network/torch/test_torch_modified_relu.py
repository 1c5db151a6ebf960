"""Every way in which a PyTorch network calls ReLU and ReLU6, against the rule spelt out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from seewhy.network import adapt
from seewhy.network.protocol import ReLURule
from tests.networks import Spec, images, make
from tests.snapshots import snapshot

TARGETS = torch.tensor([[1, 0], [3, 2]])
RULES: list[ReLURule] = ["deconvolution", "guided"]
Call = Callable[[torch.Tensor], torch.Tensor]

# name -> how it is called, and where it clamps
CALLS: dict[str, tuple[Call, float | None]] = {
    "nn.ReLU": (nn.ReLU(), None),
    "nn.ReLU(inplace)": (nn.ReLU(inplace=True), None),
    "F.relu": (functional.relu, None),
    "F.relu(inplace)": (lambda z: functional.relu(z, inplace=True), None),
    "F.relu(input=, inplace=)": (lambda z: functional.relu(input=z, inplace=True), None),
    "F.relu_": (functional.relu_, None),
    "torch.relu": (torch.relu, None),
    "torch.relu(input=)": (lambda z: torch.relu(input=z), None),
    "torch.relu_": (torch.relu_, None),
    "x.relu()": (lambda z: z.relu(), None),
    "x.relu_()": (lambda z: z.relu_(), None),
    "nn.ReLU6": (nn.ReLU6(), 6),
    "nn.ReLU6(inplace)": (nn.ReLU6(inplace=True), 6),
    "F.relu6": (functional.relu6, 6),
    "F.relu6(inplace)": (lambda z: functional.relu6(z, inplace=True), 6),
    "F.hardtanh(0, 6)": (lambda z: functional.hardtanh(z, 0, 6), 6),
    "F.hardtanh(min_val=, max_val=)": (lambda z: functional.hardtanh(z, max_val=2, min_val=0), 2),
    "F.hardtanh_(0, 6)": (lambda z: functional.hardtanh_(z, 0.0, 6.0), 6),
    "nn.Hardtanh(0, 1)": (nn.Hardtanh(0, 1), 1),
    "nn.Hardtanh(0, 1, inplace)": (nn.Hardtanh(0, 1, inplace=True), 1),
}


class Net(nn.Module):
    """Two convolutions, each followed by the ReLU, the second after an addition in place."""

    def __init__(self, relu: Call) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.last = nn.Linear(4, 5)
        with torch.no_grad():
            self.second.weight *= 8
        self.relu = relu

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.first(x) * 4)
        y = self.second(x)
        y += x
        return self.last(self.relu(y).mean((2, 3)))


class SpeltOut(torch.autograd.Function):
    """The papers' rules for min(max(z, 0), top), without regard for speed."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, top: float | None, rule: str) -> torch.Tensor:
        ctx.save_for_backward(z)
        ctx.top, ctx.rule = float("inf") if top is None else top, rule
        return torch.where(z > 0, torch.where(z < ctx.top, z, torch.full_like(z, ctx.top)), 0.0)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (z,) = ctx.saved_tensors
        arrives = torch.where(gradients[0] > 0, gradients[0], 0.0)
        through = torch.where((z > 0) & (z < ctx.top), arrives, 0.0)
        return (through if ctx.rule == "guided" else arrives), None, None


def expected_gradient(top: float | None, rule: str) -> torch.Tensor:
    network = Net(lambda z: SpeltOut.apply(z, top, rule))
    x = torch.from_numpy(images()).requires_grad_()
    columns = []
    for column in TARGETS.T:
        score = network(x).gather(1, column[:, None]).sum()
        columns.append(torch.autograd.grad(score, x)[0])
    return torch.stack(columns, 1)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("call", CALLS)
def test_each_call_follows_the_rule(call: str, rule: ReLURule) -> None:
    relu, top = CALLS[call]
    made = adapt(Net(relu)).gradient(torch.from_numpy(images()), TARGETS, rule)
    torch.testing.assert_close(made, expected_gradient(top, rule), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("call", CALLS)
def test_the_forward_and_the_plain_gradient_are_as_they_were(call: str) -> None:
    relu, top = CALLS[call]
    network, x = adapt(Net(relu)), torch.from_numpy(images())
    plain = network.gradient(x, TARGETS)
    network.gradient(x, TARGETS, "deconvolution")
    assert torch.equal(network.gradient(x, TARGETS), plain)
    spelt = Net(lambda z: z.clamp(0, top))
    torch.testing.assert_close(network.forward(x), spelt(x).detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(plain, adapt(spelt).gradient(x, TARGETS), rtol=1e-5, atol=1e-6)


def test_the_rules_differ_on_this_network() -> None:
    """Else the tests above would show nothing. Deconvolution does not look at the clamp."""
    made = [expected_gradient(None, "deconvolution")]
    made += [expected_gradient(top, "guided") for top in (None, 6.0, 1.0)]
    made.append(adapt(Net(nn.ReLU())).gradient(torch.from_numpy(images()), TARGETS))
    for i, one in enumerate(made):
        for other in made[:i]:
            assert (one - other).norm() > 0.05 * one.norm()


def fx_graph(network: Net) -> nn.Module:
    return torch.fx.symbolic_trace(network)


def exported(network: Net) -> nn.Module:
    return torch.export.export(network, (torch.from_numpy(images()),)).module()


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize("traced", [fx_graph, exported])
@pytest.mark.parametrize("call", ["nn.ReLU", "nn.ReLU(inplace)", "F.relu", "nn.ReLU6", "F.relu6"])
@pytest.mark.parametrize("rule", RULES)
def test_traced_networks(traced: Callable[[Net], nn.Module], call: str, rule: ReLURule) -> None:
    relu, top = CALLS[call]
    module = traced(Net(relu).eval())
    made = adapt(module).gradient(torch.from_numpy(images()), TARGETS, rule)
    torch.testing.assert_close(made, expected_gradient(top, rule), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("compiled", ["script", "trace"])
def test_torchscript_is_refused_for_lack_of_a_relu(compiled: str) -> None:
    """It runs outside Python, where nothing can be swapped: an error, not a wrong map."""
    x = torch.from_numpy(images())
    network = make("torch", Spec("reused_relu"))
    module = torch.jit.trace(network, x) if compiled == "trace" else torch.jit.script(network)
    with pytest.raises(ValueError, match=r"`network` must run at least one ReLU .* got none"):
        adapt(module).gradient(x, TARGETS, "guided")
    torch.testing.assert_close(
        adapt(module).gradient(x, TARGETS), adapt(network).gradient(x, TARGETS)
    )


@pytest.mark.parametrize(
    "other",
    [nn.GELU(), nn.LeakyReLU(), nn.Hardtanh(), nn.Hardtanh(-1, 6), functional.hardtanh, torch.sin],
)
def test_other_activations_are_no_relu(other: Call) -> None:
    network, x = adapt(Net(other)), torch.from_numpy(images())
    for rule in RULES:
        with pytest.raises(ValueError, match=r"`network` must run at least one ReLU .* got none"):
            network.gradient(x, TARGETS, rule)
    assert network.gradient(x, TARGETS).isfinite().all()


def test_other_activations_beside_a_relu_keep_their_own_derivative() -> None:
    class Both(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.relu(torch.tanh(self.first(x))).mean((2, 3)))

    x = torch.from_numpy(images())
    made = adapt(Both(functional.relu)).gradient(x, TARGETS[:, :1], "guided")
    leaf = x.clone().requires_grad_()
    spelt = Both(lambda z: SpeltOut.apply(z, None, "guided"))
    (expected,) = torch.autograd.grad(spelt(leaf).gather(1, TARGETS[:, :1]).sum(), leaf)
    torch.testing.assert_close(made[:, 0], expected, rtol=1e-5, atol=1e-7)


def test_one_module_that_runs_twice_and_a_residual_after_in_place() -> None:
    """`Net` calls one module twice and adds in place; the module itself is not even written to."""
    relu = nn.ReLU(inplace=True)
    network = Net(relu)
    before = snapshot("torch", network)
    made = adapt(network).gradient(torch.from_numpy(images()), TARGETS, "guided")
    torch.testing.assert_close(made, expected_gradient(None, "guided"), rtol=1e-5, atol=1e-6)
    assert snapshot("torch", network) == before


def test_relu_directly_on_the_input_and_in_place() -> None:
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(60, 5)).eval()
    x = torch.from_numpy(images())
    given = x.clone()
    made = adapt(network).gradient(given, TARGETS, "guided")
    weight = network[2].weight.detach().view(5, 3, 5, 4)
    expected = weight[TARGETS].clamp(min=0) * (x > 0)[:, None]
    torch.testing.assert_close(made, expected)
    assert torch.equal(given, x)


def test_the_rule_ends_with_the_call_even_when_the_network_raises() -> None:
    def raising(z: torch.Tensor) -> torch.Tensor:
        raise KeyError("boom")

    x = torch.from_numpy(images())
    with pytest.raises(KeyError):
        adapt(Net(raising)).gradient(x, TARGETS, "guided")
    leaf = torch.tensor([-1.0, 2.0], requires_grad=True)
    functional.relu(leaf).backward(torch.tensor([-1.0, -1.0]))
    assert leaf.grad.tolist() == [0, -1]


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_precisions(dtype: torch.dtype) -> None:
    network = Net(nn.ReLU6()).to(dtype)
    made = adapt(network).gradient(torch.from_numpy(images()).to(dtype), TARGETS, "guided")
    assert made.dtype == dtype
    expected = expected_gradient(6, "guided").double()
    error = (made.double() - expected).norm() / expected.norm()
    assert error < {torch.float64: 1e-5, torch.bfloat16: 0.1, torch.float16: 0.01}[dtype]
