"""The loop of training, which is the same for both frameworks: in PyTorch, where it is quick."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from seewhy.tool import OoDNet
from tests.networks import Spec, images, make, numpy, tensor
from tests.tool.heads import batches, labels, sigmoid_loss, softmax_loss
from tests.tool.test_ood_net import giving_features
from tests.tool.test_ood_training import Batches, in_training, pairs, rate_of

FRAMEWORK = "torch"


def test_schedule_while_training() -> None:
    seen = []
    OoDNet(make(FRAMEWORK), 5).train(
        batches(FRAMEWORK, 1),
        softmax_loss(FRAMEWORK),
        lambda state: seen.append((state.epoch, state.step, rate_of(FRAMEWORK, state.optimizer))),
        epoch=5,
        learning_rate=0.08,
        lr_base_factor=0.5,
        lr_epoch_denom=2,
    )
    assert [(epoch, step) for epoch, step, _ in seen] == [(n, n) for n in range(1, 6)]
    # Callbacks see the rate of the next epoch, as the scheduler comes first.
    np.testing.assert_allclose(
        [rate for *_, rate in seen], [0.08, 0.04, 0.04, 0.02, 0.02], rtol=1e-6
    )


def test_dropout_of_a_frozen_network_is_not_live() -> None:
    data = [(tensor(FRAMEWORK, images(6, channels=1, size=(4, 4))), labels(FRAMEWORK, 6))]
    losses = [
        OoDNet(in_training(FRAMEWORK, Spec(kind)), 5)
        .train(Batches(data), softmax_loss(FRAMEWORK), epoch=2, seed=None)
        .losses
        for kind in ("dropout_dense", "dense")
    ]
    assert losses[0] == losses[1]


def test_training_the_network_lowers_the_loss_further() -> None:
    data, losses = batches(FRAMEWORK, 1, samples=12), {}
    for both in (False, True):
        ood_net = OoDNet(make(FRAMEWORK), 5)
        ood_net.train(
            data, softmax_loss(FRAMEWORK), epoch=12, learning_rate=0.05, train_underlying=both
        )
        losses[both] = ood_net.losses
    assert losses[True][-1] < losses[False][-1] < losses[False][0]


def test_several_labels_a_sample() -> None:
    wanted = (np.random.default_rng(0).random((8, 5)) < 0.4).astype(np.float32)
    data = [(tensor(FRAMEWORK, images(8)), tensor(FRAMEWORK, wanted))]
    losses = OoDNet(make(FRAMEWORK), 5).train(data, sigmoid_loss(FRAMEWORK), epoch=8).losses
    assert losses[-1] < losses[0]


def test_one_hot_labels() -> None:
    x, ids = images(6), np.arange(6) % 5
    one_hot = tensor(FRAMEWORK, np.eye(5, dtype=np.float32)[ids])
    losses = [
        OoDNet(make(FRAMEWORK), 5)
        .train([(tensor(FRAMEWORK, x), given)], softmax_loss(FRAMEWORK), epoch=2)
        .losses
        for given in (one_hot, labels(FRAMEWORK, 6))
    ]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_features_on_demand_can_be_trained_on() -> None:
    network = giving_features(FRAMEWORK)
    losses = OoDNet(network, 5).train(batches(FRAMEWORK), softmax_loss(FRAMEWORK), epoch=4).losses
    assert losses[-1] < losses[0]
    assert network.output_features is False


def test_a_batch_of_one() -> None:
    data = [*batches(FRAMEWORK, 1), (tensor(FRAMEWORK, images(1)), labels(FRAMEWORK, 1))]
    ood_net = OoDNet(make(FRAMEWORK), 5).train(data, softmax_loss(FRAMEWORK), epoch=2)
    assert np.isfinite(ood_net.losses).all()


def test_loss_of_an_epoch_is_the_mean_over_samples() -> None:
    small, large = batches(FRAMEWORK, 1, 2)[0], batches(FRAMEWORK, 1, 6)[0]
    of_batches = []

    def loss_fn(logits: Any, labels: Any) -> Any:
        loss = softmax_loss(FRAMEWORK)(logits, labels)
        of_batches.append(loss)
        return loss

    ood_net = OoDNet(make(FRAMEWORK), 5).train([small, large], loss_fn, epoch=1)
    first, second = (float(numpy(loss)) for loss in of_batches)
    assert ood_net.losses == pytest.approx([(2 * first + 6 * second) / 8], rel=1e-6)


def test_callbacks_may_stop_the_training() -> None:
    def stop(state: Any) -> None:
        state.stop = state.epoch == 2

    seen: list[int] = []
    ood_net = OoDNet(make(FRAMEWORK), 5)
    ood_net.train(
        batches(FRAMEWORK),
        softmax_loss(FRAMEWORK),
        [stop, lambda state: seen.append(state.epoch)],
        epoch=9,
    )
    assert seen == [1, 2]
    assert len(ood_net.losses) == 2


def test_an_optimizer_of_ones_own_keeps_its_rate() -> None:
    ood_net = OoDNet(make(FRAMEWORK), 5)
    optimizer, scheduler = ood_net.prepare_train(learning_rate=0.03, lr_epoch_denom=1)
    rates: list[float] = []
    for given in (None, scheduler):
        ood_net.train(
            batches(FRAMEWORK, 1),
            softmax_loss(FRAMEWORK),
            lambda state: rates.append(rate_of(FRAMEWORK, state.optimizer)),
            2,
            optimizer,
            given,
        )
    np.testing.assert_allclose(rates, [0.03, 0.03, 0.003, 0.0003], rtol=1e-5)


def test_the_bar_shows_loss_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    ood_net = OoDNet(make(FRAMEWORK), 5)
    ood_net.train(batches(FRAMEWORK), softmax_loss(FRAMEWORK), epoch=2, show_progress=True)
    shown = capsys.readouterr()
    assert f"2/2 epochs, loss {ood_net.losses[-1]:.4f} 0:00:00" in shown.err
    assert not shown.out
    ood_net.train(batches(FRAMEWORK), softmax_loss(FRAMEWORK), epoch=1)
    assert not capsys.readouterr().err, "no bar outside of a terminal"


def test_a_generator_runs_dry() -> None:
    ood_net = OoDNet(make(FRAMEWORK), 5)
    with pytest.raises(
        ValueError, match=r"`dataset` must give batches anew in each epoch .* none in epoch 2"
    ):
        ood_net.train((pair for pair in pairs(FRAMEWORK)), softmax_loss(FRAMEWORK))


def test_a_loss_that_explodes() -> None:
    ood_net = OoDNet(make(FRAMEWORK), 5)
    with pytest.raises(ValueError, match=r"`loss_fn` must stay finite, got .* in epoch 1, batch 1"):
        ood_net.train(pairs(FRAMEWORK), lambda logits, labels: logits.sum() * float("inf"))
