"""Which way forwards run in PyTorch, and that nothing is left behind by it."""

from __future__ import annotations

import copy
import logging
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seewhy.explainer import RISE, GradCAM
from seewhy.network import adapt
from seewhy.network.torch.engine import Engine, engine_of
from seewhy.network.torch.fused_stream import LARGEST_BLOCK
from tests.networks import images, make
from tests.snapshots import snapshot


def batches(number: int = 12, size: tuple[int, int] = (16, 15)) -> list[torch.Tensor]:
    return [torch.from_numpy(images(3, size=size, seed=k)) for k in range(number)]


class Wrapped(nn.Module):
    """A network whose forward runs some Python, which no trace can follow."""

    def __init__(self, before: Callable[[torch.Tensor], torch.Tensor | None]) -> None:
        super().__init__()
        self.inner = make("torch")
        self.before = before

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        changed = self.before(x)
        return self.inner(x if changed is None else changed)


def untraceable(x: torch.Tensor) -> torch.Tensor:
    return x * 2 if float(x.detach().sum()) > 1e9 else x


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_fused_stream_gives_what_the_plain_network_gives(threads: int) -> None:
    module = make("torch")
    network = adapt(module, nn.Softmax(-1))
    parts = batches()
    torch.set_num_threads(threads)
    try:
        made = list(network.stream(parts))
    finally:
        torch.set_num_threads(2)
    assert engine_of(module).reason.startswith("fused oneDNN graph")
    for x, probabilities in zip(parts, made, strict=True):
        torch.testing.assert_close(
            probabilities, module(x).softmax(-1).detach(), rtol=1e-5, atol=1e-6
        )


def test_workers_run_with_one_thread_each_and_so_does_the_caller_meanwhile() -> None:
    seen: set[int] = set()
    network = adapt(make("torch"), lambda logits: logits.softmax(-1))
    for _ in network.stream(batches()):
        seen.add(torch.get_num_threads())
    assert seen == {1}
    assert torch.get_num_threads() == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("seewhy")]


def test_a_network_that_cannot_be_fused_runs_on_the_callers_thread() -> None:
    threads = set()

    def before(x: torch.Tensor) -> torch.Tensor:
        threads.add((threading.current_thread(), torch.get_num_threads()))
        return untraceable(x)

    module = Wrapped(before)
    list(adapt(module, nn.Softmax(-1)).stream(batches(3)))
    assert engine_of(module).reason.startswith("plain network")
    assert threads == {(threading.main_thread(), 2)}


def test_a_hook_that_was_added_takes_the_plain_network() -> None:
    """In the caller's thread: a hook may not be safe in several."""
    module = make("torch")
    network = adapt(module, nn.Softmax(-1))
    list(network.stream(batches(2)))
    threads = []
    handle = module.conv.register_forward_hook(lambda *_: threads.append(threading.get_ident()))
    list(network.stream(batches(8)))
    assert threads == [threading.get_ident()] * 8
    assert engine_of(module).reason == "plain network: a hook is on a module"
    handle.remove()
    list(network.stream(batches(2)))
    assert len(threads) == 8
    assert engine_of(module).reason.startswith("fused oneDNN graph")


@pytest.mark.parametrize("failing", ["the answer", "the activation"])
@pytest.mark.parametrize("fused", [True, False])
def test_everything_is_restored_when_a_stream_fails(failing: str, fused: bool) -> None:
    module: Any = make("torch").train() if fused else Wrapped(untraceable).train()
    calls = 0

    def activation(logits: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if failing == "the activation" and calls == 6:
            raise ValueError("from the activation")
        return logits.softmax(-1)

    network = adapt(module, activation)
    list(network.stream(batches(2)))
    if failing == "the answer":
        with torch.no_grad():
            (module if fused else module.inner).fc.bias[0] = np.nan
    before = snapshot("torch", module)
    with pytest.raises(ValueError, match=r"NaN|from the activation") as caught:
        list(network.stream(batches()))
    # While the error, and with it the frames that it passed, is still alive.
    assert caught.value.__traceback__ is not None
    assert repr(snapshot("torch", module)) == repr(before)  # NaN is not equal to itself
    assert torch.get_num_threads() == 2
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("seewhy")]


def test_a_forward_that_fails_in_a_worker() -> None:
    """An input of another width: the fused graph fails, then the plain network, in a worker."""
    module = make("torch").train()
    network = adapt(module, nn.Softmax(-1))
    before = snapshot("torch", module)
    wrong = [*batches(4), torch.zeros(3, 2, 16, 15), *batches(4)]
    with pytest.raises(RuntimeError, match="channels"):
        list(network.stream(wrong))
    assert snapshot("torch", module) == before
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("fused", [True, False])
def test_batches_are_not_changed_by_a_network_that_works_in_place(fused: bool) -> None:
    module = nn.Sequential(nn.ReLU(inplace=True), make("torch")).eval()
    if not fused:
        module.register_forward_hook(lambda *_: None)
    parts = batches(4)
    before = [x.clone() for x in parts]
    list(adapt(module, nn.Softmax(-1)).stream(parts))
    assert all(torch.equal(one, other) for one, other in zip(parts, before, strict=True))


class SmallMachine(nn.Module):
    """Runs out of memory above so many samples, after it has changed its input in place."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.inner = make("torch")
        self.room = room
        self.sizes: list[int] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.sizes.append(len(x))
        x.mul_(2)
        if len(x) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.inner(x / 2)


def test_out_of_memory(caplog: pytest.LogCaptureFixture) -> None:
    module = SmallMachine(room=3)
    network = adapt(module, nn.Softmax(-1))
    parts = [torch.from_numpy(images(9, size=(16, 15), seed=k)) for k in range(4)]
    expected = [module.inner(x).softmax(-1).detach() for x in parts]
    with caplog.at_level(logging.WARNING, "seewhy"):
        made = list(network.stream(parts))
        list(network.stream(parts))
    for one, other in zip(made, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    assert caplog.messages == ["out of memory with 9 samples at once; going on with 4"]
    assert module.sizes.count(9) == 1
    assert network.batch_size(parts[0], None) == 2


def test_the_batch_keeps_the_largest_tensor_within_the_block() -> None:
    """The first convolution has 4 channels at the size of the image."""
    for size in ((16, 15), (300, 200), (700, 600)):
        x = torch.zeros(1, 3, *size)
        expected = max(1, LARGEST_BLOCK // (4 * 4 * size[0] * size[1]))
        for module in (make("torch"), Wrapped(untraceable)):
            assert adapt(module).batch_size(x, None) == expected


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "scripted": lambda: torch.jit.script(make("torch")),
    "traced": lambda: torch.jit.trace(make("torch"), torch.zeros(1, 3, 16, 15)),
    "compiled": lambda: torch.compile(make("torch"), backend="eager"),
    "compiled with autograd": lambda: torch.compile(make("torch"), backend="aot_eager"),
    "parallel": lambda: nn.DataParallel(make("torch")),
    "channels last": lambda: make("torch").to(memory_format=torch.channels_last),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("kind", NETWORKS)
def test_other_kinds_of_networks(kind: str) -> None:
    network = adapt(NETWORKS[kind](), nn.Softmax(-1))
    plain = make("torch")
    parts = batches(3)
    number = network.batch_size(parts[0], None)
    assert number == LARGEST_BLOCK // (4 * 4 * 16 * 15)
    for x, made in zip(parts, network.stream(parts), strict=True):
        torch.testing.assert_close(made, plain(x).softmax(-1).detach(), rtol=1e-5, atol=1e-6)


def test_half_precision_and_doubles_run_the_plain_network() -> None:
    for dtype in (torch.bfloat16, torch.float64):
        module = make("torch").to(dtype)
        network = adapt(module, nn.Softmax(-1))
        parts = [x.to(dtype) for x in batches(2)]
        for x, made in zip(parts, network.stream(parts), strict=True):
            torch.testing.assert_close(made, module(x).softmax(-1).detach())
        assert engine_of(module).reason == f"plain network: inputs are {dtype} on cpu"
        bytes_of_one = 4 * 16 * 15 * dtype.itemsize
        assert network.batch_size(parts[0], None) == LARGEST_BLOCK // bytes_of_one


def test_an_engine_lives_as_long_as_its_network() -> None:
    module = make("torch")
    engine = engine_of(module)
    assert isinstance(engine, Engine)
    assert engine_of(module) is engine
    assert engine_of(make("torch")) is not engine
    assert adapt(module)._engine is engine  # type: ignore[attr-defined]


def test_a_stream_sees_a_single_weight_changed_behind_pytorchs_back() -> None:
    module = make("torch")
    network, x = adapt(module, torch.nn.Softmax(-1)), torch.from_numpy(images())
    (before,) = network.stream([x])
    module.features[0].weight.data[0, 0, 0, 0] += 5
    (after,) = network.stream([x])
    assert not torch.allclose(before, after, atol=1e-4)
    torch.testing.assert_close(after, network.probabilities(x), rtol=1e-5, atol=1e-6)


def test_a_hook_or_a_replaced_module_does_not_end_fusing_for_good() -> None:
    module = make("torch")
    engine, x = Engine(), torch.from_numpy(images())
    handle = module.conv.register_forward_hook(lambda *_: None)
    assert engine.fused(module, x) is None
    handle.remove()
    assert engine.fused(module, x) is not None
    module.relu6 = torch.nn.ReLU()
    fused = engine.fused(module, x)
    assert fused is not None
    torch.testing.assert_close(fused(x), module(x).detach(), rtol=1e-5, atol=1e-6)


class Tempered(nn.Module):
    """Numbers, words and functions as attributes; counts the forwards of the plain network."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = make("torch")
        self.temperature = 1.0
        self.last: Callable[[torch.Tensor], torch.Tensor] = torch.neg
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.inner(x)) / self.temperature


class Counting(Tempered):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return super().forward(x)


def _temperature(module: Tempered) -> None:
    module.temperature = 3.0


def _eps(module: Tempered) -> None:
    module.inner.features[1].eps = 10.0


def absolute(x: torch.Tensor) -> torch.Tensor:
    return x.abs()


def _python_function(module: Tempered) -> None:
    module.last = absolute


@pytest.mark.parametrize("change", [_temperature, _eps, _python_function])
def test_changed_attributes_are_seen(change: Callable[[Tempered], None]) -> None:
    module, x = Tempered(), torch.from_numpy(images(size=(16, 15)))
    module.last = lambda logits: -logits
    network = adapt(module, nn.Softmax(-1))
    (before,) = network.stream([x])
    change(module)
    (after,) = network.stream([x])
    assert not torch.allclose(before, after, atol=1e-3)
    torch.testing.assert_close(after, network.probabilities(x), rtol=1e-5, atol=1e-6)
    assert engine_of(module).reason.startswith("fused oneDNN graph")
    maps, cut = GradCAM(module, layer="inner.conv")(x, 1), engine_of(module)
    module.temperature *= 2
    torch.testing.assert_close(GradCAM(module, layer="inner.conv")(x, 1), maps / 2)
    assert cut.fused(module, x) is not None


def test_a_network_that_counts_its_forwards_is_not_fused_again_and_again() -> None:
    module, x = Counting(), torch.from_numpy(images(size=(16, 15)))
    network = adapt(module, nn.Softmax(-1))
    for _ in range(6):
        expected = network.probabilities(x)
        (made,) = network.stream([x])
        torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)
    assert engine_of(module).reason.startswith(
        "plain network: attributes of its modules keep changing"
    )


def test_an_explainer_that_was_used_can_be_copied_and_pickled() -> None:
    explainer = RISE(make("torch"), torch.nn.Softmax(-1), num_masks=16)
    x = torch.from_numpy(images())
    maps = explainer(x, 1)
    for twin in (copy.deepcopy(explainer), pickle.loads(pickle.dumps(explainer))):
        torch.testing.assert_close(twin(x, 1), maps)
