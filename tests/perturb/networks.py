"""What the tests of the perturbation explainers ask of networks in both frameworks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from seewhy.network import adapt
from tests import oracles
from tests.networks import Spec, library, numpy, slow, tensor
from tests.perturb.oracles import Array, Scores


def softmax(framework: str) -> Any:
    return library(framework).nn.Softmax(-1)


def slow_probabilities(spec: Spec) -> Scores:
    """Softmax of the slow network of a spec."""

    def probabilities(x: Array) -> Array:
        exponentials = np.exp(oracles.logits(slow(spec), x))
        return exponentials / exponentials.sum(1, keepdims=True)

    return probabilities


def one_by_one(framework: str, network: Any, activation: Any) -> Scores:
    """Probabilities by the plain network, a sample at a time."""
    adapted = adapt(network, activation)

    def probabilities(x: Array) -> Array:
        batch = x.astype(np.float32)
        return np.concatenate(
            [numpy(adapted.probabilities(tensor(framework, sample[None]))) for sample in batch]
        ).astype(np.float64)

    return probabilities


def slow_enough() -> Any:
    """A PyTorch network that takes long enough for incremental inference to pay."""
    torch = library("torch")
    nn = torch.nn
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1)]
        last = nn.Linear(64, 5)
        last.weight.mul_(20)
        return nn.Sequential(*layers, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), last).eval()


@contextmanager
def counted(network: Any) -> Iterator[list[int]]:
    """The sizes of the batches that go through the network while the context is open."""
    sizes: list[int] = []

    def hook(module: Any, inputs: Any, result: Any) -> None:
        sizes.append(len(inputs[0]))

    handle = network.register_forward_hook(hook)
    try:
        yield sizes
    finally:
        handle.remove()
