"""A network that runs out of memory above so many samples, under all that asks it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from seewhy import (
    RISE,
    EpistemicUncertainty,
    HierarchicalOcclusion,
    Occlusion,
    RISEPlus,
    adapt,
)
from seewhy.benchmark import Faithfulness, Robustness
from seewhy.tool import OoDNet
from tests.networks import images, library, make, numpy, tensor

ROOM = 3
TARGETS = np.array([[1, 4], [2, 3], [0, 1], [3, 3], [1, 2]])

MESSAGES = {
    "the CPU's": "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't "
    "allocate memory: you tried to allocate 80281600000 bytes. Error code 12 (Cannot allocate "
    "memory)",
    "CUDA's": "CUDA out of memory. Tried to allocate 2.00 GiB.",
    "cuBLAS's": "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "MindSpore's": "Malloc device memory failed, Memory not enough",
}


def small_machine(framework: str, message: str = MESSAGES["the CPU's"], room: int = ROOM) -> Any:
    """A native network with room for a few samples; `sizes` are those it was asked for."""
    native = library(framework)
    base, inner, sizes = getattr(native.nn, "Cell", None) or native.nn.Module, make(framework), []
    own = framework == "torch" and message.startswith("CUDA out")
    error = native.OutOfMemoryError if own else RuntimeError

    def forward(self: Any, x: Any) -> Any:
        number = int(x.shape[0])
        sizes.append(number)
        if number > room:
            raise error(message)
        # No trace can follow it.
        return self.inner(x if float(x.sum()) < 1e9 else x * 2)

    method = "forward" if framework == "torch" else "construct"
    network = type("SmallMachine", (base,), {method: forward})()
    network.inner = inner
    network.sizes = sizes
    return network


Run = Callable[[Any, Any, Any], Any]
"""Takes a network, an activation and images."""


def occlusion(network: Any, softmax: Any, x: Any) -> Any:
    return Occlusion(network, softmax, window=4, stride=3)(x, TARGETS.tolist())


def rise(network: Any, softmax: Any, x: Any) -> Any:
    return RISE(network, softmax, num_masks=40)(x, TARGETS.tolist())


def features_of(ood_net: OoDNet, x: Any) -> Any:
    """Features of as many images as fit."""
    return adapt(ood_net).ops.concat([ood_net.features(x[:ROOM]), ood_net.features(x[ROOM:])])


def rise_plus(network: Any, softmax: Any, x: Any) -> Any:
    ood_net = OoDNet(network, 5)
    ood_net._put("class_weights", features_of(ood_net, x))
    return RISEPlus(ood_net, network, softmax, num_masks=40)(x, TARGETS.tolist())


def faithfulness(network: Any, softmax: Any, x: Any) -> Any:
    metric = Faithfulness(5, softmax, "DeletionAUC")
    return metric.evaluate(
        Occlusion(network, softmax, window=4, stride=4), x, TARGETS[:, 0].tolist()
    )


def robustness(network: Any, softmax: Any, x: Any) -> Any:
    metric = Robustness(5, softmax)
    return metric.evaluate(
        Occlusion(network, softmax, window=8, stride=4), x, TARGETS[:, 0].tolist()
    )


def uncertainty(network: Any, softmax: Any, x: Any) -> Any:
    return EpistemicUncertainty(network, softmax, 7, 0.5, "inner.conv")(x).std


def probabilities(network: Any, softmax: Any, x: Any) -> Any:
    return adapt(network, softmax).probabilities(x)


RUNS = [occlusion, rise, rise_plus, faithfulness, robustness, uncertainty, probabilities]


def values(made: Any) -> npt.NDArray[Any]:
    return numpy(made) if hasattr(made, "dtype") and not isinstance(made, np.ndarray) else made


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)
def test_halved_and_said_once(framework: str, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    softmax = library(framework).nn.Softmax(-1)
    x = tensor(framework, images(5, size=(12, 16)))
    network = small_machine(framework)
    with caplog.at_level(logging.WARNING, "seewhy"):
        made = values(run(network, softmax, x))
    said = [line for line in caplog.messages if line.startswith("out of memory with")]
    # An OoDNet and what joins it to the network are networks too, and passes are no samples.
    assert 1 <= len(said) <= {"rise_plus": 3, "uncertainty": 2}.get(run.__name__, 1)
    assert max(network.sizes) > ROOM
    assert sum(size > ROOM for size in network.sizes) <= 4 * len(said)
    expected = values(run(small_machine(framework, room=10**6), softmax, x))
    np.testing.assert_allclose(made, expected, 1e-4, 1e-5)


def test_the_search_for_regions(framework: str, caplog: pytest.LogCaptureFixture) -> None:
    softmax = library(framework).nn.Softmax(-1)
    x = tensor(framework, images(5, size=(14, 15)).repeat(4, 2).repeat(4, 3))
    likeliest = numpy(adapt(make(framework)).forward(x)).argmax(1).tolist()
    network = small_machine(framework)
    with caplog.at_level(logging.WARNING, "seewhy"):
        made = HierarchicalOcclusion(network, softmax, layers=1, relative=True, mask=0.0)(
            x, likeliest
        )
    said = [line for line in caplog.messages if line.startswith("out of memory with")]
    assert len(said) == 1
    roomy = small_machine(framework, room=10**6)
    expected = HierarchicalOcclusion(roomy, softmax, layers=1, relative=True, mask=0.0)(
        x, likeliest
    )
    assert any(one.region is not None for row in made for one in row)
    for row, other in zip(made, expected, strict=True):
        for one, wanted in zip(row, other, strict=True):
            assert one.reason == wanted.reason
            assert [la.boxes for la in one.layers] == [la.boxes for la in wanted.layers]
            np.testing.assert_allclose(one.output, wanted.output, 1e-4, 1e-6)
            assert (one.region is None) == (wanted.region is None)


@pytest.mark.parametrize("whose", MESSAGES)
def test_the_words_of_each_library(framework: str, whose: str) -> None:
    network = small_machine(framework, MESSAGES[whose])
    x = tensor(framework, images(5))
    made = adapt(network).forward(x)
    np.testing.assert_allclose(numpy(made), numpy(adapt(make(framework)).forward(x)), 1e-4, 1e-5)
