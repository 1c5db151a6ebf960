"""MindSpore's callbacks, schedules, data sets and modes."""

from __future__ import annotations

import math
from pathlib import Path

import mindspore
import numpy as np
import pytest
from mindspore import dataset, train

from seewhy.tool import OoDNet
from tests.networks import images, make
from tests.tool.heads import batches, softmax_loss


def train_on(data: object, callbacks: object = None, **settings: object) -> OoDNet:
    ood_net = OoDNet(make("mindspore"), 5)
    return ood_net.train(data, softmax_loss("mindspore"), callbacks, epoch=2, **settings)  # type: ignore[arg-type]


def test_loss_monitor(capsys: pytest.CaptureFixture[str]) -> None:
    train_on(batches("mindspore"), train.LossMonitor())
    lines = [line.rpartition(" is ") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines] == [
        f"epoch: {e} step: {s}, loss" for e in (1, 2) for s in (1, 2)
    ]
    assert all(math.isfinite(float(line[2])) for line in lines)


def test_checkpoint(tmp_path: Path) -> None:
    network = make("mindspore")
    names = [parameter.name for parameter in network.get_parameters()]
    ood_net = OoDNet(network, 5)
    save = train.ModelCheckpoint(
        "ood", str(tmp_path), train.CheckpointConfig(save_checkpoint_steps=2)
    )
    ood_net.train(batches("mindspore"), softmax_loss("mindspore"), save, 2)
    assert [parameter.name for parameter in network.get_parameters()] == names
    written = mindspore.load_checkpoint(str(tmp_path / "ood-2_2.ckpt"))
    np.testing.assert_array_equal(
        written["ood_net.class_weights"].asnumpy(), ood_net.class_weights.asnumpy()
    )


def test_events_in_order_and_stop() -> None:
    class Watch(train.Callback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.seen: list[str] = []

        def __getattribute__(self, name: str) -> object:
            if name.startswith("on_train_"):
                self.seen.append(name.removeprefix("on_train_"))
            return super().__getattribute__(name)

        def epoch_end(self, run_context: train.RunContext) -> None:
            run_context.request_stop()

    watch = Watch()
    train_on(batches("mindspore"), [watch])
    steps = ["step_begin", "step_end"] * 2
    assert watch.seen == ["begin", "epoch_begin", *steps, "epoch_end", "end"]


def test_a_schedule_of_mindspore() -> None:
    rates: list[float] = []
    schedule = train.LearningRateScheduler(lambda rate, step: 0.1 / step)
    train_on(
        batches("mindspore"),
        lambda state: rates.append(float(state.optimizer.learning_rate.asnumpy())),
        scheduler=schedule,
    )
    np.testing.assert_allclose(rates, [0.05, 0.025], rtol=1e-6)


def test_a_dataset_of_mindspore() -> None:
    arrays = {"image": images(8), "label": (np.arange(8) % 5).astype(np.int32)}
    data = dataset.NumpySlicesDataset(arrays, shuffle=False).batch(4)
    plain = [
        (mindspore.Tensor(arrays["image"][part]), mindspore.Tensor(arrays["label"][part]))
        for part in (slice(0, 4), slice(4, 8))
    ]
    np.testing.assert_allclose(train_on(data).losses, train_on(plain).losses, rtol=1e-6)


def test_graph_mode_is_refused() -> None:
    ood_net = OoDNet(make("mindspore"), 5)
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    try:
        with pytest.raises(RuntimeError, match=r"An OoDNet needs hooks, .*PYNATIVE_MODE"):
            ood_net.score(mindspore.Tensor(images()))
    finally:
        mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
