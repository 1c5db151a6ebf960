"""Training: the step, the schedule, what it changes, what it leaves alone, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from seewhy.tool import OoDNet
from seewhy.tool.ood_head import NAMES
from tests.networks import Spec, images, library, make, numpy, tensor
from tests.oracles import numeric_gradient
from tests.snapshots import snapshot
from tests.tool import ood_oracle
from tests.tool.heads import (
    batches,
    digits,
    digits_network,
    head_of,
    labels,
    softmax_loss,
)
from tests.tool.test_ood_net import slow_features


def rate_of(framework: str, optimizer: Any) -> float:
    return (
        optimizer.param_groups[0]["lr"]
        if framework == "torch"
        else float(optimizer.learning_rate.asnumpy())
    )


def slow_loss(
    flat: np.ndarray, shapes: dict[str, tuple[int, ...]], features: Any, ids: Any
) -> np.ndarray:
    """Cross-entropy as a function of all parameters of the head in one row."""
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()]).astype(int)
    parts = np.split(flat, ends[:-1])
    head = {
        name: part.reshape(shape) for (name, shape), part in zip(shapes.items(), parts, strict=True)
    }
    return np.array([ood_oracle.cross_entropy(ood_oracle.logits(features, head), ids)])


def test_two_steps_of_gradient_descent(framework: str) -> None:
    """SGD with momentum and weight decay, its gradients by central differences."""
    ood_net, x = OoDNet(make(framework), 5), images(6)
    features, ids = slow_features(x), np.arange(6) % 5
    before = head_of(ood_net)
    shapes = {name: array.shape for name, array in before.items()}
    flat = np.concatenate([array.ravel() for array in before.values()])
    velocity = np.zeros_like(flat)
    losses = []
    for _ in range(2):
        losses.append(slow_loss(flat, shapes, features, ids)[0])
        gradient = numeric_gradient(lambda at: slow_loss(at, shapes, features, ids), flat)[0]
        velocity = 0.9 * velocity + gradient + 0.01 * flat
        flat = flat - 0.05 * velocity
    data = [(tensor(framework, x), labels(framework, 6))]
    ood_net.train(data, softmax_loss(framework), epoch=2, learning_rate=0.05, weight_decay=0.01)
    after = head_of(ood_net)
    np.testing.assert_allclose(
        np.concatenate([after[name].ravel() for name in NAMES]), flat, atol=2e-5
    )
    np.testing.assert_allclose(ood_net.losses, losses, rtol=1e-5)


def test_schedule(framework: str) -> None:
    """learning_rate * lr_base_factor ** (epochs done // lr_epoch_denom)."""
    optimizer, scheduler = OoDNet(make(framework), 5).prepare_train()
    if framework == "torch":
        optimizer.step()  # PyTorch warns of a scheduler that comes first
    rates = [rate_of(framework, optimizer)]
    for _ in range(95):
        scheduler.step()
        rates.append(rate_of(framework, optimizer))
    expected = [0.1] * 30 + [0.01] * 30 + [0.001] * 30 + [0.0001] * 6
    np.testing.assert_allclose(rates, expected, rtol=1e-5)


def test_parameters_of_the_temperature_are_trained_too(framework: str) -> None:
    ood_net = OoDNet(make(framework), 5)
    assert [tuple(parameter.shape) for parameter in ood_net.get_train_parameters()] == [
        (5, 4),
        (1, 4),
        (1,),
        (1,),
    ]
    before = head_of(ood_net)
    ood_net.train(batches(framework), softmax_loss(framework), epoch=1)
    assert all((head_of(ood_net)[name] != array).any() for name, array in before.items())


def in_training(framework: str, spec: Spec | None = None) -> Any:
    network = make(framework, spec)
    return network.train() if framework == "torch" else network.set_train(True)


@pytest.mark.parametrize("as_list", [True, False])
def test_a_frozen_network_stays_as_it_was(framework: str, as_list: bool) -> None:
    """Not a bit of it: running statistics, flags, gradients, the random state."""
    network = in_training(framework)
    before = snapshot(framework, network)
    data = batches(framework) if as_list else Batches(batches(framework))
    ood_net = OoDNet(network, 5).train(data, softmax_loss(framework), epoch=2)
    assert snapshot(framework, network) == before
    assert ood_net.training is False


def test_a_list_goes_through_a_frozen_network_once(framework: str) -> None:
    losses = []
    for data, forwards in ((batches(framework), 2), (Batches(batches(framework)), 6)):
        network, calls = make(framework), []
        network.register_forward_hook(lambda module, inputs, result, calls=calls: calls.append(1))
        losses.append(OoDNet(network, 5).train(data, softmax_loss(framework), epoch=3).losses)
        assert len(calls) == forwards
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


def test_training_the_network_too(framework: str) -> None:
    network = make(framework)
    before, flags = snapshot(framework, network), [False] * 8
    if framework == "torch":
        network.conv.bias.requires_grad_(False)
    else:
        network.conv.bias.requires_grad = False
    ood_net = OoDNet(network, 5)
    assert len(ood_net.get_train_parameters(train_underlying=True)) == 4 + 7
    ood_net.train(batches(framework), softmax_loss(framework), epoch=2, train_underlying=True)
    after = snapshot(framework, network)
    changed = {
        name for name, value in after.items() if name.endswith("value") and value != before[name]
    }
    statistics = "running" if framework == "torch" else "moving"
    assert any(statistics in name for name in changed), "BatchNorm learns its statistics"
    assert any("features.0.weight" in name for name in changed)
    assert "conv.bias: value" not in {name for name in changed if after[name][1] != before[name][1]}
    modules = (
        network.modules()
        if framework == "torch"
        else [cell for _, cell in network.cells_and_names()]
    )
    assert [module.training for module in modules] == flags


def test_digits_are_told_from_noise(framework: str) -> None:
    """A head on a network that knows digits: new digits are familiar, noise and grey are not."""
    x, y = digits()
    kind = np.int64 if framework == "torch" else np.int32
    data = [
        (
            tensor(framework, x[start : start + 200]),
            tensor(framework, y[start : start + 200].astype(kind)),
        )
        for start in range(0, 1200, 200)
    ]
    ood_net = OoDNet(digits_network(framework), 10)
    ood_net.train(data, softmax_loss(framework), epoch=40)
    assert ood_net.losses[-1] < 0.3 * ood_net.losses[0]

    def familiar(array: Any) -> Any:
        return numpy(ood_net.score(tensor(framework, array.astype(np.float32)))).max(1)

    new, random = x[1200:], np.random.default_rng(0)
    known = familiar(new)
    truth = np.r_[np.ones(len(new)), np.zeros(len(new))]
    for other, least in (
        (random.uniform(-1, 1, new.shape), 0.8),
        (new * (random.random(new.shape) < 0.3), 0.75),
        (np.zeros_like(new), 0.95),
    ):
        assert roc_auc_score(truth, np.r_[known, familiar(other)]) > least
    right = numpy(ood_net.score(tensor(framework, new))).argmax(1) == y[1200:]
    assert right.mean() > 0.85


def test_after_an_error_it_scores_again(framework: str) -> None:
    network = in_training(framework)
    before = snapshot(framework, network)
    ood_net = OoDNet(network, 5)

    def fail(logits: Any, labels: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ood_net.train(batches(framework), fail)
    assert ood_net.training is False
    assert snapshot(framework, network) == before


def test_modes_by_a_bool(framework: str) -> None:
    """What `eval()` of a torch module relies on."""
    ood_net = OoDNet(make(framework), 5)
    assert ood_net.train().training is True
    assert ood_net.train(False).training is False
    if framework == "torch":
        assert library(framework).nn.Sequential(ood_net.train()).eval()[0].training is False


class Batches:
    """A data set that is no list."""

    def __init__(self, batches: list[tuple[Any, Any]]) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.batches)


def pairs(framework: str) -> list[tuple[Any, Any]]:
    return batches(framework, 1)


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no loss": ({"loss_fn": None}, TypeError, "`loss_fn` must be callable, got NoneType"),
    "no epoch": ({"epoch": 0}, ValueError, "`epoch` must be a positive int, got 0"),
    "half an epoch": ({"epoch": 0.5}, TypeError, "`epoch` must be a positive int, got float 0.5"),
    "data set": ({"dataset": 3}, TypeError, "`dataset` must be iterable, got int"),
    "text": ({"dataset": "digits"}, TypeError, "`dataset` must be iterable, got str"),
    "empty": ({"dataset": []}, ValueError, "`dataset` must give batches anew .* none in epoch 1"),
    "no pairs": (
        {"dataset": [1]},
        TypeError,
        "`dataset` must give pairs of inputs and labels, got a int",
    ),
    "triples": (
        {"dataset": [(1, 2, 3)]},
        TypeError,
        "`dataset` must give pairs .*, got a tuple of 3",
    ),
    "arrays": (
        {"dataset": [(images(), [1, 2])]},
        TypeError,
        "`inputs` must be a .*Tensor, got ndarray",
    ),
    "callbacks": (
        {"callbacks": 3},
        ValueError,
        "`callbacks` must be None, callables or a list, got int",
    ),
    "scheduler": ({"scheduler": 3}, TypeError, "`scheduler` must have a method `step`, got int"),
    "rate": ({"learning_rate": 0}, ValueError, "`learning_rate` must be a number above 0, got 0"),
    "rate's type": (
        {"learning_rate": "a"},
        TypeError,
        "`learning_rate` must be a number above 0, got str",
    ),
    "momentum": ({"momentum": -1}, ValueError, "`momentum` must be a number of 0 or more, got -1"),
    "decay": (
        {"weight_decay": float("nan")},
        ValueError,
        "`weight_decay` must be a number of 0 or more, got nan",
    ),
    "factor": ({"lr_base_factor": None}, TypeError, "`lr_base_factor` must be a number above 0"),
    "epochs a step": (
        {"lr_epoch_denom": 0},
        ValueError,
        "`lr_epoch_denom` must be a positive int, got 0",
    ),
    "flag": ({"train_underlying": 1}, TypeError, "`train_underlying` must be a bool, got int"),
    "seed": ({"seed": "a"}, TypeError, "`seed` must be an int of 0 or more or None, got str"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(framework: str, case: str) -> None:
    changed, error, message = BAD[case]
    given = {"dataset": pairs(framework), "loss_fn": softmax_loss(framework), **changed}
    ood_net = OoDNet(make(framework), 5)
    with pytest.raises(error, match=message):
        ood_net.train(**given)
    assert ood_net.training is False


def test_a_loss_that_is_no_number(framework: str) -> None:
    ood_net = OoDNet(make(framework), 5)
    with pytest.raises(ValueError, match=r"`loss_fn` must return one number, got shape \(6, 5\)"):
        ood_net.train(pairs(framework), lambda logits, labels: logits)
    with pytest.raises(TypeError, match=r"`loss_fn` must return a .*Tensor, got float"):
        ood_net.train(pairs(framework), lambda logits, labels: 1.0)
