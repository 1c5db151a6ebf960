"""The fused head before the first dropout, and networks that defeat sharing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from seewhy.network import adapt
from seewhy.network.torch.engine import engine_of
from tests.networks import images


class Branching(nn.Module):
    """A skip connection around the dropouts, in-place layers, and a size that crosses the cut."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.drop1 = nn.Dropout2d(0.3, inplace=True)
        self.conv2 = nn.Conv2d(8, 8, 3, padding=1)
        self.drop2 = nn.Dropout(0.4, inplace=True)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skip = self.conv1(x).relu()
        x = self.relu(self.conv2(self.drop1(skip.clone()))) + skip
        x = torch.cat([x, skip], 1).mean((2, 3))
        return self.fc(self.drop2(x.view(x.size(0), -1)))


def passes(network: nn.Module, x: torch.Tensor, **options: Any) -> Any:
    made = adapt(network, lambda logits: logits, **options)
    return made.dropout_passes(x, 6)[1].numpy()


def test_the_fused_graph_gives_the_same_passes() -> None:
    torch.manual_seed(0)
    network, x = Branching().eval(), torch.from_numpy(images(3))
    fused = passes(network, x)
    (split,) = engine_of(network)._exact._fused._dropouts.values()  # type: ignore[union-attr]
    assert split is not None
    np.testing.assert_allclose(fused, passes(network, x, output=lambda a: a), rtol=1e-4, atol=1e-5)
    assert fused.std(0).min() > 0


def test_new_weights_are_seen() -> None:
    torch.manual_seed(0)
    network, x = Branching().eval(), torch.from_numpy(images(2))
    before = passes(network, x)
    with torch.no_grad():
        network.fc.bias.add_(1)
    np.testing.assert_allclose(passes(network, x), before + 1, rtol=1e-4, atol=1e-5)


def test_a_new_rate_is_seen() -> None:
    torch.manual_seed(0)
    network, x = Branching().eval(), torch.from_numpy(images(2))
    made = adapt(network, lambda logits: logits)
    before = made.dropout_passes(x, 6)[1]
    network.drop1.p = 0.0
    after = made.dropout_passes(x, 6)[1]
    assert (before != after).any()
    network.drop2.p = 0.0
    inserted = made.dropout_passes(x, 6)[1]
    assert inserted.std(0).min() > 0


class SequenceFirst(nn.Module):
    """Dropout on (S, N, C), as many transformers have it."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 6)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.embed(x.flatten(2).permute(2, 0, 1))
        return self.fc(self.drop(tokens).mean(0))


@pytest.mark.parametrize("size", [(2, 3), (3, 4)])
def test_samples_may_lie_along_another_axis(size: tuple[int, int]) -> None:
    """With (3, 4) there are as many tokens as rows in a batch of 2 samples and 6 passes."""
    torch.manual_seed(0)
    network, x = SequenceFirst().eval(), torch.from_numpy(images(2, size=size))
    made = passes(network, x)
    random = np.random.default_rng((0, 0))
    kept = random.random((6, size[0] * size[1], 1, 6), dtype=np.float32) >= 0.5
    with torch.no_grad():
        tokens = network.embed(x.flatten(2).permute(2, 0, 1))
        expected = [
            network.fc((tokens * mask * 2).mean(0)).numpy() for mask in torch.from_numpy(kept)
        ]
    np.testing.assert_allclose(made, np.stack(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["double", "inference"])
def test_other_modes_of_the_caller(mode: str) -> None:
    torch.manual_seed(0)
    network, x = Branching().eval(), torch.from_numpy(images(2))
    expected = passes(network, x)
    if mode == "double":
        network, x = network.double(), x.double()
        made = passes(network, x)
    else:
        with torch.inference_mode():
            made = passes(network, x.clone())
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)
