"""Noticing, in a small part of a millisecond, that a network has changed."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from operator import attrgetter, is_, itemgetter
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import _global_forward_hooks, _global_forward_pre_hooks

_version = attrgetter("_version")

MODULE_REPLACED = "a module was replaced"

_SETTINGS = (bool, int, float, str, type(None), FunctionType, torch.dtype)


class Snapshot:
    """What a network was made of, and which weights it had, at one moment.

    Weights are compared by identity, by the place of their memory, by PyTorch's counter of
    in-place changes, and by one element each, because a change through `.data` moves no counter;
    on request also by their norms, which see a change of any other element.
    """

    def __init__(self, module: nn.Module) -> None:
        modules = list(module.modules())
        self._hooks: list[Any] = [
            hooks
            for m in modules
            for hooks in (
                m._forward_hooks, m._forward_pre_hooks, m._backward_hooks, m._backward_pre_hooks
            )
        ]  # fmt: skip
        self._hooks += [_global_forward_hooks, _global_forward_pre_hooks]
        self._child_holders: list[dict[str, Any]] = [m._modules for m in modules if m._modules]
        self._children = _values(self._child_holders)
        holders = [held for m in modules for held in (m._parameters, m._buffers)]
        self._tensor_holders: list[dict[str, Any]] = [held for held in holders if held]
        # Tensors that are plain attributes end up as constants of the traced graph.
        self._constants = [
            (m.__dict__, name, value, value._version)
            for m in modules
            for name, value in m.__dict__.items()
            if isinstance(value, Tensor)
        ]
        self._settings = Settings(module)
        self._renew()

    def renewed(self) -> Snapshot:
        """Return a copy that takes the present weights as those to compare with."""
        fresh = copy(self)
        fresh._renew()
        return fresh

    def _renew(self) -> None:
        self._held = _values(self._tensor_holders)
        self._tensors: list[Tensor] = [tensor for tensor in self._held if tensor is not None]
        self._places = list(map(Tensor.data_ptr, self._tensors))
        self._versions = list(map(_version, self._tensors))
        self._elements = [_element(tensor) for tensor in self._tensors if tensor.numel()]
        self._seen = [element[()] for element in self._elements]
        self._norms = _norms(self._tensors)

    def changed_structure(self) -> str | None:
        """Say what, other than a parameter or buffer, is no longer as it was; else None."""
        if any(self._hooks):
            return "a hook is on a module"
        if not _identical(_values(self._child_holders), self._children):
            return MODULE_REPLACED
        for attributes, name, tensor, version in self._constants:
            if attributes.get(name) is not tensor or tensor._version != version:
                return f"the tensor {name!r}, which is no buffer, was changed"
        return None

    def changed_settings(self) -> bool:
        """Whether a number, word or function that a module holds as an attribute has changed."""
        return self._settings.changed()

    def changed_weights(self, thorough: bool = False) -> bool:
        """Whether any parameter or buffer is another tensor, or has other values."""
        return not (
            _identical(_values(self._tensor_holders), self._held)
            and list(map(_version, self._tensors)) == self._versions
            and list(map(Tensor.data_ptr, self._tensors)) == self._places
            and [element[()] for element in self._elements] == self._seen
            and (not thorough or _norms(self._tensors) == self._norms)
        )


class Settings:
    """The numbers, words and functions that modules hold as plain attributes, at one moment."""

    def __init__(self, module: nn.Module) -> None:
        self._read: list[tuple[Callable[[dict[str, Any]], Any], dict[str, Any]]] = []
        for part in module.modules():
            held = vars(part)
            names = [name for name, value in held.items() if name != "training" and _fixed(value)]
            if names:
                self._read.append((itemgetter(*names), held))
        self._seen = self._values()

    def changed(self) -> bool:
        """Whether one has another value now."""
        try:
            return self._values() != self._seen
        except KeyError:
            return True

    def _values(self) -> list[Any]:
        return [read(held) for read, held in self._read]


def _fixed(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_fixed, value))
    return isinstance(value, _SETTINGS)


def _values(holders: list[dict[str, Any]]) -> list[Any]:
    return [value for holder in holders for value in holder.values()]


def _identical(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(is_, one, other))


def _norms(tensors: list[Tensor]) -> list[float]:
    """Return two sums a tensor, so that a change of sign shows too."""
    floating = [t.detach() for t in tensors if t.is_floating_point() and t.numel()]
    # NaN would not equal itself.
    return [
        sum_ for t in floating for sum_ in torch.stack([t.sum(), t.norm()]).nan_to_num().tolist()
    ]


def _element(tensor: Tensor) -> memoryview:
    """Return a live view of the middle element; of floats the bits, so that NaN equals NaN."""
    middle = tensor.detach()[tuple(size // 2 for size in tensor.shape)]
    bits = middle.view(torch.int32) if tensor.dtype == torch.float32 else middle
    return bits.numpy().data
