"""Finding a layer by its dotted name."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def check_layer(name: str, known: Collection[str], argument: str = "layer") -> None:
    """Raise ValueError that lists the closest of the `known` names if `name` is none of them."""
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=5, cutoff=0.4)
    if not close:
        close = [other for other in known if name and name in other][:5]
    hint = (
        f"; close names: {', '.join(close)}" if close else "; `layers()` of the network lists them"
    )
    raise ValueError(f"`{argument}` must name a layer of the network, got {name!r}{hint}")
