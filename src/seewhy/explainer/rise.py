"""RISE (Petsiuk, Das and Saenko, 2018): which parts, kept visible, keep the probability high."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, Literal

import numpy as np

from seewhy.explainer.perturbation import PerturbationExplainer, check_positive_int, check_seed
from seewhy.network.protocol import Activation, Ops, OutputPicker, Tensor
from seewhy.network.targets import check_range
from seewhy.perturb.evaluate import chunk_sizes, evaluate, masked
from seewhy.perturb.random_grids import RandomGrids

LOOK_EVERY = 256
"""Masks between two looks at the standard error; fewer would not give one to be trusted."""


class RISE(PerturbationExplainer):
    """Random masks, weighted by the probability that the masked input keeps.

    attribution = 1 / (n * P) * sum over the n masks M of p(x * M) * M, with P the probability that
    a cell is kept: at each pixel the expected probability given that the pixel is visible, in
    0..1/P. Hidden pixels are 0 in the units of the input.

    Cost: one forward for each mask, for all labels together; samples share the masks.

    Parameters
    ----------
    network, activation_fn, perturbation_per_eval, output
        See `PerturbationExplainer`.
    num_masks
        Number of masks n.
    probability
        P, in (0, 1].
    grid
        Cells along each side of the coarse grid.
    seed
        Seed of the masks; the same seed gives the same masks, also in another framework. `None`
        draws fresh ones.
    until
        Stop as soon as the standard error of each map, on the average over its pixels, is at most
        this share of the map's range; looked at after each 256 masks, for each sample on its own
        and all its labels together. In (0, 1); `None` uses all masks.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Petsiuk, Das, Saenko: RISE: Randomized Input Sampling for Explanation of Black-box Models.
    BMVC 2018, arXiv:1806.07421.
    """

    def __init__(
        self,
        network: Any,
        activation_fn: Activation,
        perturbation_per_eval: int | Literal["auto"] = 32,
        *,
        num_masks: int = 6000,
        probability: float = 0.5,
        grid: int = 10,
        seed: int | None = 0,
        until: float | None = None,
        output: OutputPicker | None = None,
    ) -> None:
        super().__init__(network, activation_fn, perturbation_per_eval, output=output)
        check_positive_int("num_masks", num_masks)
        check_positive_int("grid", grid)
        self.num_masks = num_masks
        self.probability = _share("probability", probability, closed=True)
        self.grid = grid
        check_seed(seed)
        self.seed = seed
        self.until = None if until is None else _share("until", until, closed=False)

    @property
    def parameters(self) -> dict[str, Any]:
        names = ("num_masks", "probability", "grid", "seed", "until")
        return {name: getattr(self, name) for name in names}

    def standard_error(self, inputs: Tensor, targets: Any) -> tuple[Tensor, Tensor]:
        """Maps (N, L, H, W) and the standard error of each of their values, of the same shape.

        Parameters and errors are those of a call; ValueError also if there is only one mask.
        """
        if self.num_masks < 2:
            raise ValueError("`num_masks` must be at least 2 for a standard error, got 1")
        made = [self._estimate(x, ids, True) for x, ids in self._chunks(inputs, targets)]
        maps, errors = zip(*made, strict=True)
        return self._joined(list(maps), inputs), self._joined(list(errors), inputs)

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        return self._estimate(x, targets, needs_error=self.until is not None)[0]

    def _estimate(self, x: Tensor, targets: Tensor, needs_error: bool) -> tuple[Tensor, Tensor]:
        """Maps (n, L, H, W) and their standard errors (zeros if they are not needed)."""
        sums = _Sums(self._network.ops, tuple(x.shape[2:]), targets, needs_error)
        with closing(evaluate(self._network, self._masked(x))) as answers:
            for masks, probabilities in answers:
                sums.add(masks, self._weights(x, masks, probabilities) / self.probability)
                if self.until is None or sums.count % LOOK_EVERY:
                    continue
                if sums.reached(self.until):
                    break
        return sums.mean(), sums.standard_error()

    def _masked(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        size = (int(x.shape[2]), int(x.shape[3]))
        grids = RandomGrids(size, self.grid, self.probability, self.seed)
        ops = self._network.ops
        # Sums over thousands of masks need more digits than half precision has.
        like = x[:1, :1, :1, :1]
        like = like.float() if like.itemsize < 4 else like
        for masks in grids.chunks(self._chunk_sizes(x), ops, like):
            yield masks, masked(x, ops.cast(masks, like=x))

    def _chunk_sizes(self, x: Tensor) -> Iterator[int]:
        """Masks of each batch; a batch ends wherever the standard error is looked at."""
        at_once = self._perturbations_at_once(x)
        for part in chunk_sizes(self.num_masks, LOOK_EVERY if self.until else self.num_masks):
            yield from chunk_sizes(part, at_once)

    def _samples_at_once(self, inputs: Tensor) -> int:
        # With `until` each sample stops on its own.
        return super()._samples_at_once(inputs) if self.until is None else 1

    def _weights(self, x: Tensor, masks: Tensor, probabilities: Tensor) -> Tensor:
        """Probabilities (b * n, K) of all classes: what each mask weighs."""
        return probabilities


class _Sums:
    """Sums over masks, from which the mean map and its standard error follow."""

    def __init__(self, ops: Ops, size: tuple[int, ...], targets: Tensor, needs_error: bool) -> None:
        self.ops = ops
        self.ids = ops.numpy(targets)
        self.shape = (*targets.shape, *size)
        self.needs_error = needs_error
        self.count = 0
        self.total: Tensor = 0.0
        self.squares: Tensor = 0.0

    def add(self, masks: Tensor, weights: Tensor) -> None:
        """Add masks (b, H, W) with the weights (b * n, K) they have for n samples."""
        number = masks.shape[0]
        if self.count == 0:
            check_range(self.ids, weights.shape[1])
        index = self.ops.tensor(np.tile(self.ids, (number, 1)), like=weights)
        pixels = masks.reshape(number, -1)
        weights = self.ops.cast(self.ops.gather(weights, index), like=pixels)
        weights = weights.reshape(number, -1).swapaxes(0, 1)
        self.total = self.total + weights @ pixels
        if self.needs_error:
            self.squares = self.squares + (weights * weights) @ (pixels * pixels)
        self.count += number

    def mean(self) -> Tensor:
        """Maps (n, L, H, W)."""
        return (self.total / self.count).reshape(self.shape)

    def standard_error(self) -> Tensor:
        """Standard error of the mean, (n, L, H, W)."""
        mean = self.total / self.count
        variance = (self.squares / self.count - mean * mean).clamp(min=0)
        return (variance / max(1, self.count - 1)).sqrt().reshape(self.shape)

    def reached(self, until: float) -> bool:
        """Whether the mean error of every map is at most `until` of the map's range."""
        maps = self.ops.numpy(self.mean())
        errors = self.ops.numpy(self.standard_error()).mean((2, 3))
        spans = maps.max((2, 3)) - maps.min((2, 3))
        return bool((errors <= until * spans).all())


def _share(name: str, value: Any, *, closed: bool) -> float:
    accepted = f"`{name}` must be a number in (0, 1{']' if closed else ')'}"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{accepted}, got {type(value).__name__}")
    if not 0 < value <= 1 or (value == 1 and not closed):
        raise ValueError(f"{accepted}, got {value}")
    return float(value)
