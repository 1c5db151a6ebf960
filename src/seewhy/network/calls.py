"""Which layers a forward calls, in which order, and answering some of the calls from memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from seewhy.network.dropout_masks import Masks, Place
from seewhy.network.protocol import Tensor

Layers: TypeAlias = Mapping[str, Any]
"""Modules or cells by their dotted names."""

_MISSING = object()


@dataclass(frozen=True)
class Event:
    """A layer is entered or left; `size` are the bytes of the tensor that a leaving one gives."""

    name: str
    entered: bool
    size: int = 0


@contextmanager
def noted(layers: Layers) -> Iterator[list[Event]]:
    """Note what is called while the context is open."""
    events: list[Event] = []

    def entering(name: str) -> Callable[[Any, Any], None]:
        return lambda layer, inputs: events.append(Event(name, True))

    def leaving(name: str) -> Callable[[Any, Any, Any], None]:
        return lambda layer, inputs, result: events.append(
            Event(name, False, int(getattr(result, "nbytes", 0)))
        )

    with ExitStack() as hooks:
        for name, layer in layers.items():
            if name:
                hooks.callback(layer.register_forward_pre_hook(entering(name)).remove)
                hooks.callback(layer.register_forward_hook(leaving(name)).remove)
        yield events


def first_use(events: Sequence[Event], places: Sequence[Place]) -> int:
    """Index of the first event at which a value is dropped."""
    at = {(place.name, place.before) for place in places}
    return next(i for i, event in enumerate(events) if (event.name, event.entered) in at)


def finished_calls(events: Sequence[Event], end: int) -> list[str]:
    """Names of the layers whose calls are over by the event `end`, that one included.

    A call within another finished one is left out. A name that was called twice stands there
    twice.
    """
    finished: list[str] = []
    started: list[int] = []
    for event in events[: end + 1]:
        if event.entered:
            started.append(len(finished))
        else:
            del finished[started.pop() :]
            finished.append(event.name)
    return finished


@contextmanager
def dropping(layers: Layers, places: Sequence[Place], masks: Masks) -> Iterator[None]:
    """Put masks on while the context is open."""

    def after(place: Place) -> Callable[[Any, Any, Any], Tensor]:
        return lambda layer, inputs, result: masks.drop(result, place)

    def before(place: Place) -> Callable[[Any, Any], tuple[Any, ...]]:
        return lambda layer, inputs: (masks.drop(inputs[0], place), *inputs[1:])

    with ExitStack() as hooks:
        for place in places:
            layer = layers[place.name]
            if place.before:
                handle = layer.register_forward_pre_hook(before(place))
            else:
                handle = layer.register_forward_hook(after(place))
            hooks.callback(handle.remove)
        yield


@contextmanager
def kept_results(
    layers: Layers, calls: Sequence[str], copied: Callable[[str, Any], Any]
) -> Iterator[dict[str, list[Any]]]:
    """Keep what the first calls of some layers give while the context is open.

    `copied` takes the name of the layer and its result, and gives what is kept.
    """
    kept: dict[str, list[Any]] = {name: [] for name in calls}
    wanted = Counter(calls)

    def keep(name: str) -> Callable[[Any, Any, Any], None]:
        def hook(layer: Any, inputs: Any, result: Any) -> None:
            if len(kept[name]) < wanted[name]:
                kept[name].append(copied(name, result))

        return hook

    with ExitStack() as hooks:
        for name in kept:
            hooks.callback(layers[name].register_forward_hook(keep(name)).remove)
        yield kept


@contextmanager
def answered(
    layers: Layers, method: str, answers: Mapping[str, Sequence[Callable[[], Any]]]
) -> Iterator[None]:
    """Answer the first calls of some layers without running them.

    Parameters
    ----------
    layers
        All layers.
    method
        What a framework calls the forward of a layer.
    answers
        By name, what gives the result of the first call, the second one, ...
    """
    with ExitStack() as restored:
        for name, made in answers.items():
            own: dict[str, Any] = layers[name].__dict__
            restored.callback(_put_back, own, method, own.get(method, _MISSING))
            # Straight into the dictionary: setting an attribute may be more than that.
            own[method] = _answering(iter(made), getattr(layers[name], method))
        yield


def _answering(made: Iterator[Callable[[], Any]], forward: Callable[..., Any]) -> Any:
    def answer(*args: Any, **settings: Any) -> Any:
        known = next(made, None)
        return forward(*args, **settings) if known is None else known()

    return answer


def _put_back(own: dict[str, Any], method: str, before: Any) -> None:
    if before is _MISSING:
        del own[method]
    else:
        own[method] = before
