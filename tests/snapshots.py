"""Everything about a user's network and the world around it that a call must leave as it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from tests.networks import library, numpy


def snapshot(framework: str, network: Any) -> dict[str, Any]:
    """Plain values that are equal before and after a call that left no trace."""
    own = _torch(network) if framework == "torch" else _mindspore(network)
    return {
        **own,
        "random": random.getstate(),
        "numpy": [str(np.asarray(part).tolist()) for part in np.random.get_state()],  # noqa: NPY002
    }


def _torch(network: Any) -> dict[str, Any]:
    torch = library("torch")
    endings = ("_hooks", "_hooks_with_kwargs")
    hooks = [name for name in vars(torch.nn.Module()) if name.endswith(endings)]
    state: dict[str, Any] = {
        "rng": torch.get_rng_state().tolist(),
        "modes": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
    }
    for name, module in network.named_modules():
        state[f"{name}: training"] = module.training
        state[f"{name}: hooks"] = {kind: list(getattr(module, kind)) for kind in hooks}
        state[f"{name}: attributes"] = sorted(vars(module))
    for name, parameter in network.named_parameters():
        state[f"{name}: value"] = (id(parameter), parameter.tolist(), parameter.requires_grad)
        gradient = parameter.grad
        state[f"{name}: gradient"] = None if gradient is None else (id(gradient), gradient.tolist())
    for name, buffer in network.named_buffers():
        state[f"{name}: value"] = (id(buffer), buffer.tolist())
    return state


def _mindspore(network: Any) -> dict[str, Any]:
    mindspore = library("mindspore")
    state: dict[str, Any] = {
        "rng": (mindspore.get_rng_state().asnumpy().tolist(), mindspore.get_seed()),
        "mode": mindspore.get_context("mode"),
        # An error at the wrong moment leaves MindSpore recording; no tensor can be indexed then.
        "recording": library("mindspore.common.api")._pynative_executor.grad_flag(),
        "indexing": mindspore.Tensor([1, 2])[0].shape,
    }
    for name, cell in network.cells_and_names():
        flags = dict(cell.get_flags())
        state[f"{name}: flags"] = (cell.training, cell.phase, cell.requires_grad, flags)
        state[f"{name}: hooks"] = [
            list(getattr(cell, kind))
            for kind in (
                "_forward_hook",
                "_forward_pre_hook",
                "_backward_hook",
                "_backward_pre_hook",
            )
        ]
        state[f"{name}: parts"] = [(key, id(part)) for key, part in cell.name_cells().items()]
    for name, parameter in network.parameters_and_names():
        values = numpy(parameter).tolist()
        state[f"{name}: value"] = (id(parameter), values, parameter.requires_grad)
    return state
