"""A user's seed: the check, and the words that a generator is seeded with."""

from __future__ import annotations

from typing import Any

import numpy as np


def seed_words(seed: int | None) -> tuple[int, ...]:
    """Return the seed as words for `numpy.random.default_rng`; fresh ones for None."""
    if seed is not None:
        return (seed,)
    return tuple(int(word) for word in np.random.SeedSequence().generate_state(4))


def check_seed(seed: Any) -> None:
    """Raise TypeError or ValueError unless `seed` is an int of 0 or more, or None."""
    if seed is None:
        return
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise TypeError(f"`seed` must be a non-negative int or None, got {type(seed).__name__}")
    if seed < 0:
        raise ValueError(f"`seed` must be a non-negative int or None, got {seed}")
