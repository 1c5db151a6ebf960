"""Streams of batches, batch sizes, and inputs out of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from seewhy.network import Network, adapt
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.snapshots import snapshot


@pytest.fixture
def network(framework: str) -> Network:
    return adapt(make(framework), library(framework).nn.Softmax(-1))


def test_a_stream_gives_the_probabilities_in_order(framework: str, network: Network) -> None:
    x = images(12)
    sizes = [3, 1, 4, 2, 2]
    parts = np.split(x, np.cumsum(sizes)[:-1])
    made = [numpy(part) for part in network.stream(tensor(framework, part) for part in parts)]
    assert [len(part) for part in made] == sizes
    expected = numpy(network.probabilities(tensor(framework, x)))
    np.testing.assert_allclose(np.concatenate(made), expected, 1e-4, 1e-6)


def test_an_empty_stream(network: Network) -> None:
    assert list(network.stream([])) == []


def test_nothing_is_left_by_a_stream_that_is_abandoned(framework: str, network: Network) -> None:
    original: Any = network.original
    original.train() if framework == "torch" else original.set_train(True)
    before = snapshot(framework, original)
    answers = iter(network.stream(tensor(framework, images(2, seed=i)) for i in range(50)))
    next(answers)
    getattr(answers, "close", lambda: None)()
    assert snapshot(framework, original) == before


def test_an_error_in_the_batches_comes_through(framework: str, network: Network) -> None:
    def batches() -> Iterator[Any]:
        yield tensor(framework, images())
        raise KeyError("the data set broke")

    before = snapshot(framework, network.original)
    with pytest.raises(KeyError, match="the data set broke"):
        list(network.stream(batches()))
    assert snapshot(framework, network.original) == before


def test_weights_that_became_nan(framework: str, network: Network) -> None:
    """As after a training step too many, between two uses of one network."""
    x = tensor(framework, images())
    list(network.stream([x]))
    bias: Any = network.original.fc.bias
    if framework == "torch":
        bias.detach()[1] = np.nan
    else:
        bias.set_data(tensor(framework, np.array([0, np.nan, 0, 0, 0], np.float32)))
    with pytest.raises(ValueError, match="`network` returned NaN or infinite values for sample 0"):
        list(network.stream([x]))


def test_batch_sizes(framework: str, network: Network) -> None:
    x = tensor(framework, images())
    assert network.batch_size(x, None) >= 1
    for limit in (1, 3):
        assert 1 <= network.batch_size(x, limit) <= limit


def test_inputs_out_of_arrays(framework: str, network: Network) -> None:
    for dtype in (np.float32, np.float64, np.uint8):
        array = (images() * 40).astype(dtype)
        made = network.as_input(array)
        assert network.ops.is_tensor(made)
        assert made.dtype == tensor(framework, np.ones(1, np.float32)).dtype
        np.testing.assert_array_equal(numpy(made), array.astype(np.float32))
    array = images()
    made = network.as_input(array)
    array[:] = 0
    assert numpy(made).any()


def test_inputs_for_a_network_without_parameters(framework: str) -> None:
    flatten = adapt(library(framework).nn.Flatten())
    made = flatten.as_input(images().astype(np.float64))
    assert made.dtype == tensor(framework, np.ones(1, np.float32)).dtype


def test_a_stream_sees_new_weights(framework: str, network: Network) -> None:
    x = tensor(framework, images())
    list(network.stream([x]))
    other = make(framework, Spec(seed=7))
    if framework == "torch":
        network.original.load_state_dict(other.state_dict())
    else:
        library("mindspore").load_param_into_net(network.original, other.parameters_dict())
    expected = adapt(other, network.activation_fn).probabilities(x)
    np.testing.assert_allclose(numpy(*network.stream([x])), numpy(expected), 1e-4, 1e-6)
