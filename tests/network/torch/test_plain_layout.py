"""Plain networks run with the channels last in memory where that is faster, and only there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from seewhy.network import adapt
from seewhy.network.torch.engine import engine_of
from seewhy.network.torch.plain_layout import Layouts
from tests.snapshots import snapshot

CHANNELS_LAST = torch.channels_last


def is_last(x: Tensor) -> bool:
    return x.stride(1) == 1


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Untraceable(nn.Module):
    """Convolutions behind an `if` on values; notes the layout that the second one is given."""

    def __init__(
        self, channels: int = 3, flatten: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 6, 3, stride=2, padding=1)
        self.fc = nn.Linear(6 * 4 * 5, 5)
        self.flatten = flatten or (lambda x: x.flatten(1))
        self.seen: list[bool] = []
        self.slow: bool | None = None

    def forward(self, x: Tensor) -> Tensor:
        if float(x.detach().sum()) > 1e9:
            x = x * 2
        made = self.first(x)
        self.seen.append(is_last(made))
        if self.slow == self.seen[-1]:
            burn(0.02)
        return self.fc(self.flatten(self.second(made).relu()))


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def batches(number: int, channels: int = 3) -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(4, channels, 8, 10, generator=random) for _ in range(number)]


def answers(module: nn.Module, parts: list[Tensor]) -> Tensor:
    return torch.cat(list(adapt(module, nn.Softmax(-1)).stream(parts)))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("slow", [False, True])
def test_the_faster_layout_stays(slow: bool, channels: int) -> None:
    module, parts = Untraceable(channels).train(), batches(9, channels)
    module.slow = slow
    before = snapshot("torch", module)
    made = answers(module, parts)
    assert snapshot("torch", module) == before
    assert module.seen[-4:] == [not slow] * 4
    assert len(module.seen) == len(parts) + 1  # the first batch runs both ways
    said = engine_of(module).reason
    assert said.startswith("plain network: ")
    assert f"; channels {'first, not last' if slow else 'last'}: " in said
    assert adapt(module).engine == said
    module.slow = None
    expected = module(torch.cat(parts)).softmax(-1).detach()
    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)


def test_new_weights_are_seen() -> None:
    module, parts = Untraceable(), batches(9)
    module.slow = False
    first = answers(module, parts)
    with torch.no_grad():
        module.second.weight.mul_(-3)
    second = answers(module, parts)
    assert module.seen[-9:] == [True] * 9
    assert not torch.allclose(first, second, atol=1e-2)
    expected = module(torch.cat(parts)).softmax(-1).detach()
    torch.testing.assert_close(second, expected, rtol=1e-5, atol=1e-6)


def test_a_network_that_cannot_flatten_such_maps() -> None:
    module = Untraceable(flatten=lambda x: x.view(len(x), -1))
    module.slow = False
    made = answers(module, batches(8))
    assert "; channels first, not last: which fail, " in engine_of(module).reason
    assert module.seen[-6:] == [False] * 6
    module.slow = None
    expected = module(torch.cat(batches(8))).softmax(-1).detach()
    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)


def test_a_network_that_answers_otherwise() -> None:
    seen = []

    def forward(x: Tensor) -> Tensor:
        seen.append(is_last(x))
        return x.sum((2, 3)) + float(is_last(x))

    layouts = Layouts()
    for x in batches(6):
        torch.testing.assert_close(layouts.run(forward, x), x.sum((2, 3)))
    assert seen == [False, True] + [False] * 5
    assert "outputs would differ by" in layouts.words


def test_images_that_have_the_channels_last_are_left_alone() -> None:
    layouts = Layouts()
    for x in batches(6):
        given = x.contiguous(memory_format=CHANNELS_LAST)
        assert layouts.run(lambda x: x, given) is given
    assert layouts.words == ""


def test_out_of_memory_is_no_failure_of_the_layout() -> None:
    def forward(x: Tensor) -> Tensor:
        if len(x) > 3 and is_last(x):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return x.sum((2, 3))

    with pytest.raises(torch.OutOfMemoryError):
        Layouts().run(forward, batches(1)[0])
