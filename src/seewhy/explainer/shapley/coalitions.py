"""Which coalitions of features Kernel SHAP asks about, and how much each of them counts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Members = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

WHOLE_SINGLES_BELOW = 4
"""With fewer coalitions a feature than this, single features and their complements come first."""


@dataclass(frozen=True)
class Coalitions:
    """Coalitions of M features, neither empty nor complete, with their weights.

    Attributes
    ----------
    members
        (n, M), True where the feature is in the coalition.
    weights
        (n,), positive, of sum 1.
    exact
        Whether these are all 2^M - 2 of them.
    """

    members: Members
    weights: Floats
    exact: bool


def choose_coalitions(num_features: int, budget: int, seed: int | None) -> Coalitions:
    """Choose at most `budget` coalitions of M = `num_features` features (M >= 2).

    All of them if the budget allows. Otherwise coalitions come in pairs, each with its complement,
    without repetition. The kernel gives the size s the weight (M - 1) / (s (M - s)); a size gets a
    share of the budget that is proportional to the square root of its weight, and sizes whose share
    covers them come whole. The weight of a size is split evenly among its coalitions.

    Raises
    ------
    ValueError
        If the budget is less than 2 M, which leaves the values undetermined.
    """
    if budget >= 2**num_features - 2:
        members = all_coalitions(num_features)[1:-1]
        sizes = range(1, num_features)
        kernel = np.array([1 / (comb(num_features, s) * s * (num_features - s)) for s in sizes])
        weights = kernel[members.sum(1) - 1]
        return Coalitions(members, weights / weights.sum(), exact=True)
    if budget < 2 * num_features:
        raise ValueError(
            f"`num_neighbours` must be at least 2 for each of the {num_features} features that "
            f"differ from the background, {2 * num_features} in all, got {budget}"
        )
    return _choose_pairs(num_features, budget // 2, np.random.default_rng(seed))


def all_coalitions(num_features: int) -> Members:
    """All 2^M coalitions (2^M, M): bit i of the row's number tells whether feature i is in it."""
    numbers = np.arange(2**num_features)[:, None]
    members: Members = (numbers >> np.arange(num_features) & 1).astype(bool)
    return members


def _choose_pairs(num_features: int, pairs: int, random: np.random.Generator) -> Coalitions:
    """Choose coalitions of each size up to the half, and add their complements."""
    sizes = range(1, num_features // 2 + 1)
    # At half of the features a coalition and its complement are of the same size.
    halved = np.array([2 * size == num_features for size in sizes])
    mass = np.where(halved, 0.5, 1) / [size * (num_features - size) for size in sizes]
    # Too large for an array, with many features.
    there = [comb(num_features, s) // (2 if 2 * s == num_features else 1) for s in sizes]
    most = np.array([min(number, pairs) for number in there])
    counts = _shares(np.sqrt(mass), most, pairs)
    if 2 * pairs < WHOLE_SINGLES_BELOW * num_features:
        others = _shares(np.sqrt(mass[1:]), most[1:], pairs - num_features)
        counts = np.array([num_features, *others])
    members = [
        _subsets(num_features, size, count, number, random)
        for size, count, number in zip(sizes, counts.tolist(), there, strict=True)
    ]
    partly = np.array(
        [asked < number for asked, number in zip(counts.tolist(), there, strict=True)]
    )
    each = np.repeat(_split(mass, counts, partly), counts)
    chosen = np.concatenate(members)
    weights = np.concatenate([each, each])
    return Coalitions(np.concatenate([chosen, ~chosen]), weights / weights.sum(), exact=False)


def _shares(weights: Floats, most: npt.NDArray[np.int64], total: int) -> npt.NDArray[np.int64]:
    """Split `total` in proportion to the weights, into whole numbers of at most `most`."""
    shares, open_ = np.zeros(len(weights)), np.ones(len(weights), bool)
    while open_.any():
        left = total - most[~open_].sum()
        shares = np.where(open_, weights / weights[open_].sum() * left, most)
        full = open_ & (shares >= most)
        if not full.any():
            break
        open_ &= ~full
    counts = np.minimum(np.floor(shares), most).astype(np.int64)
    left = min(total, int(most.sum())) - counts.sum()
    counts[np.argsort(counts - np.where(open_, shares, -np.inf), kind="stable")[:left]] += 1
    return counts


def _split(mass: Floats, counts: npt.NDArray[np.int64], partly: npt.NDArray[np.bool_]) -> Floats:
    """Weight of each coalition of a size; sizes left out leave theirs to those partly there."""
    asked = counts > 0
    heirs = asked & partly
    factor = 1 + mass[~asked].sum() / mass[heirs].sum() if heirs.any() else 1.0
    each: Floats = np.where(heirs, factor, 1.0) * mass / np.maximum(counts, 1)
    return each


def _subsets(
    num_features: int, size: int, count: int, there: int, random: np.random.Generator
) -> Members:
    """Draw `count` of the `there` subsets of a size, all different, each as likely as any."""
    halved = 2 * size == num_features  # then one of each two that complement each other
    if 2 * count >= there:
        # The last subsets of a nearly complete size would be long in coming.
        chosen = np.array(list(combinations(range(num_features), size)))[:there]
        members = np.zeros((there, num_features), bool)
        np.put_along_axis(members, chosen, True, axis=1)
        return members if count == there else random.permutation(members)[:count]
    members = np.zeros((0, num_features), bool)
    while len(members) < count:
        drawn = random.random((2 * (count - len(members)), num_features)).argsort(1) < size
        if halved:
            drawn ^= ~drawn[:, :1]  # the one with the first feature stands for both
        members = np.concatenate([members, drawn])
        first = np.unique(np.packbits(members, axis=1), axis=0, return_index=True)[1]
        members = members[np.sort(first)]
    return members[:count]
