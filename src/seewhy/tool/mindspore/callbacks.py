"""MindSpore's callbacks in our loop of training."""

from __future__ import annotations

from typing import Any

from mindspore import Tensor
from mindspore.train import Callback, RunContext

from seewhy.tool.ood_training import Event, TrainingState, Watcher


def watcher_of(callback: Callback) -> Watcher:
    """Tell `callback` of each event as `mindspore.train.Model.train` does."""

    def watch(event: Event, state: TrainingState) -> None:
        context = RunContext(_parameters(state))
        getattr(callback, f"on_train_{event}")(context)
        state.stop = state.stop or context.get_stop_requested()

    return watch


class _Parameters(dict[str, Any]):
    """What callbacks read, as items or as attributes."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise AttributeError(name)
        return self[name]


def _parameters(state: TrainingState) -> _Parameters:
    return _Parameters(
        mode="train",
        train_network=state.network,
        network=state.network,
        optimizer=state.optimizer,
        epoch_num=state.epochs,
        cur_epoch_num=state.epoch,
        batch_num=state.steps or 1,
        cur_step_num=state.step,
        net_outputs=Tensor(state.loss),
        dataset_sink_mode=False,
        list_callback=None,
    )
