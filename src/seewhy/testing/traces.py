"""What a call must leave as it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.network import Network
from seewhy.network.protocol import Tensor
from seewhy.testing.demands import demand

_HOOKS = (
    *("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_forward_hook", "_forward_pre_hook", "_backward_hook", "_backward_pre_hook"),
)


def unchanged(
    network: Network, x: Tensor, before: dict[str, Any], pixels: npt.NDArray[Any], what: str
) -> None:
    """Raise AssertionError unless the network is as `before` and its input x is as `pixels`."""
    after = state_of(network)
    changed = [key for key in before if before[key] != after.get(key)]
    changed += [key for key in after if key not in before]
    demand(not changed, f"{what} must leave no trace, but changed: {', '.join(changed)}")
    kept = np.array_equal(network.ops.numpy(x), pixels)
    demand(kept, f"{what} must not change its inputs")


def state_of(network: Network) -> dict[str, Any]:
    """What a call must leave as it was, of a network of any framework."""
    root = network.original
    torch_like = hasattr(root, "named_modules")
    parts = dict(root.named_modules() if torch_like else root.cells_and_names())
    parameters = dict(root.named_parameters() if torch_like else root.parameters_and_names())
    state: dict[str, Any] = {
        "the weights or buffers": network.fingerprint(),
        "the state of `random`": random.getstate(),
        "the state of `numpy.random`": _legacy_numpy_state(),
    }
    for name, part in parts.items():
        state[f"the training flag of {name!r}"] = part.training
        hooks = [list(getattr(part, kind, None) or ()) for kind in _HOOKS]
        state[f"the hooks of {name!r}"] = hooks
    for name, parameter in parameters.items():
        state[f"`requires_grad` of {name!r}"] = parameter.requires_grad
        state[f"the gradient of {name!r}"] = id(getattr(parameter, "grad", None))
    return state


def _legacy_numpy_state() -> list[Any]:
    # The legacy generator is looked at, not drawn from.
    state: tuple[Any, ...] = np.random.get_state()  # type: ignore[assignment]  # noqa: NPY002
    return [state[0], state[1].tolist(), *state[2:]]
