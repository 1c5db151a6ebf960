"""What MindSpore allows to be modified: cells, of ReLU and ReLU6, however often they run."""

from __future__ import annotations

import mindspore
import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from seewhy.network import adapt
from tests import oracles
from tests.networks import images, make

TARGETS = np.array([[1, 0], [3, 2]])


class Called(nn.Cell):
    """Dense after whatever is done to the images."""

    def __init__(self, call) -> None:
        super().__init__()
        self.call, self.fc = call, nn.Dense(60, 5)

    def construct(self, x: Tensor) -> Tensor:
        return self.fc(self.call(x).reshape(x.shape[0], -1))


def slow(network: Called, layers: list[oracles.Layer]) -> oracles.Chain:
    weight, bias = (p.asnumpy().astype(float) for p in (network.fc.weight, network.fc.bias))
    return oracles.Chain([*layers, oracles.Dense(weight, bias)])


@pytest.mark.parametrize("rule", ["deconvolution", "guided"])
@pytest.mark.parametrize(("cell", "top"), [(nn.ReLU, np.inf), (nn.ReLU6, 6)])
def test_one_cell_that_runs_twice_under_two_names(rule, cell, top) -> None:
    relu = cell()
    network = Called(nn.SequentialCell(relu, relu))
    x = images() * 5
    made = adapt(network).gradient(Tensor(x), Tensor(TARGETS), rule).asnumpy()
    oracle = slow(network, [oracles.ReLU(top), oracles.ReLU(top)])
    np.testing.assert_allclose(made, oracles.gradients(oracle, x, TARGETS, rule), 1e-5, 1e-6)


@pytest.mark.parametrize("call", [ops.relu, ops.relu6, nn.GELU(), nn.LeakyReLU(), ops.abs])
def test_functions_and_other_activations_are_refused(call) -> None:
    network, x = adapt(Called(call)), Tensor(images())
    for rule in ("deconvolution", "guided"):
        with pytest.raises(ValueError, match=r"`network` must run at least one nn.ReLU .* none"):
            network.gradient(x, Tensor(TARGETS), rule)
    assert np.isfinite(network.gradient(x, Tensor(TARGETS)).asnumpy()).all()


def test_the_cell_computes_as_before_and_keeps_its_derivative() -> None:
    network = make("mindspore")
    adapt(network).gradient(Tensor(images()), Tensor(TARGETS), "deconvolution")
    made = mindspore.grad(network.relu6)(Tensor([-1.0, 2.0, 7.0]))
    assert made.asnumpy().tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("dtype", "cell", "top"),
    [(mindspore.float16, nn.ReLU6, 6), (mindspore.float64, nn.ReLU, np.inf)],
)
def test_other_precisions(dtype, cell, top) -> None:
    network = Called(cell())
    for parameter in network.get_parameters():
        parameter.set_dtype(dtype)
    x = images() * 5
    made = adapt(network).gradient(Tensor(x).astype(dtype), Tensor(TARGETS), "guided")
    assert made.dtype == dtype
    expected = oracles.gradients(slow(network, [oracles.ReLU(top)]), x, TARGETS, "guided")
    np.testing.assert_allclose(made.asnumpy(), expected, 1e-2, 1e-3)
