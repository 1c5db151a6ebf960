"""SeeWhy's explainers as contenders, on either framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.case import Contender, Explain, Ids, Subject
from seewhy.explainer import Explainer


def seewhy(
    make: Callable[[Subject], Explainer], name: str = "seewhy", *, comparable: bool = True
) -> Contender:
    """Return a contender that calls the explainer as a user does."""

    def build(subject: Subject) -> Explain:
        explainer = make(subject)

        def explain(images: Any, ids: Ids) -> Any:
            return explainer(images, ids, show=False)

        return explain

    return Contender(name, build, comparable=comparable)
