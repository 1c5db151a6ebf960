"""SeeWhy's explainers as contenders, on either framework."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks.case import Contender, Count, Explain, Ids, Subject
from seewhy.explainer import Explainer


def seewhy(
    make: Callable[[Subject], Explainer],
    name: str = "seewhy",
    *,
    comparable: bool = True,
    forwards: Count | None = None,
    only_memory: tuple[str, ...] = (),
    peer: bool = True,
) -> Contender:
    """Return a contender that calls the explainer as a user does."""

    def build(subject: Subject) -> Explain:
        explainer = make(subject)

        def explain(images: Any, ids: Ids) -> Any:
            return explainer(images, ids, show=False)

        return explain

    return Contender(
        name,
        build,
        comparable=comparable,
        forwards=forwards,
        only_memory=only_memory,
        peer=peer,
    )


def softmax(subject: Subject) -> Any:
    """Return what makes probabilities of the subject's logits."""
    return import_module(subject.framework).nn.Softmax(-1)
