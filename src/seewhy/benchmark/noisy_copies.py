"""Copies of the samples under noise, and how far the saliency maps move on them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.case import Case
from seewhy.benchmark.explanations import MapQuestion
from seewhy.benchmark.questions import Indices, Question, Scores
from seewhy.network.protocol import Tensor


@dataclass(frozen=True)
class UniformNoise:
    """Noise of -`level`..`level`, uniform for each channel of each pixel.

    The noise of a draw is the same for all samples, so it depends neither on how many there are nor
    on how they are put into batches.

    Attributes
    ----------
    level
        In units of the network's input.
    words
        What the noise is drawn from; see `seewhy.network.seeds.seed_words`.
    """

    level: float
    words: tuple[int, ...]

    def draw(self, shape: tuple[int, ...], draw: int, attempt: int = 0) -> npt.NDArray[np.float32]:
        """Return the noise (C, H, W) of a draw, or of another attempt at it."""
        random = np.random.default_rng((*self.words, draw, attempt))
        return (self.level * random.uniform(-1, 1, shape)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class NoisyCopies:
    """Copies of the samples of a case: the i-th is of sample `samples[i]` under a noise.

    Attributes
    ----------
    case
        Whose samples they are.
    noise
        What is added to them.
    draws, attempts, samples
        Draw (n,) and attempt (n,) of the noise, and the sample (n,).
    """

    case: Case
    noise: UniformNoise
    draws: Indices
    attempts: Indices
    samples: Indices

    def keys(self) -> list[tuple[object, ...]]:
        """Return what equal images have in common, for the keys of questions."""
        places = np.stack([self.samples, self.draws, self.attempts], axis=1).tolist()
        return [("noisy", self.noise, *place) for place in places]

    def make(self, index: Indices) -> Tensor:
        """Return the copies (n, C, H, W) of n indices."""
        ops, x = self.case.ops, self.case.inputs
        pairs = np.stack([self.draws[index], self.attempts[index]], axis=1)
        drawn, which = np.unique(pairs, axis=0, return_inverse=True)
        noises = np.stack([self.noise.draw(tuple(x.shape[1:]), *pair) for pair in drawn.tolist()])
        noise = ops.tensor(noises, like=x)[ops.tensor(which.reshape(-1))]
        return x[ops.tensor(self.samples[index])] + noise

    def ask_outputs(self, at_once: int) -> Question:
        """Ask for all probabilities (n, K)."""
        at_once = self.case.network.batch_size(self.case.inputs, at_once)
        return Question(self.keys(), self.make, None, at_once)


def largest_change(copies: NoisyCopies) -> Generator[MapQuestion, Scores, Scores]:
    """Ask for the map S' of each copy; return max over copies of ||S' - S|| / ||S||, (N,).

    The norm is Euclidean. NaN for a map S that is zero everywhere.
    """
    case = copies.case
    peaks = np.abs(case.maps).max((1, 2))
    # Squares of scaled values neither overflow nor vanish.
    scales = np.where(peaks > 0, peaks, np.nan)
    scaled = case.maps / scales[:, None, None]
    norms = np.sqrt((scaled**2).sum((1, 2)))
    largest: Scores = 0 * norms

    def use(index: int, values: npt.NDArray[np.float64]) -> None:
        n = copies.samples[index]
        change = np.linalg.norm(values / scales[n] - scaled[n]) / norms[n]
        largest[n] = np.maximum(largest[n], change)

    yield MapQuestion(case.explainer, copies.keys(), copies.make, case.ids[copies.samples], use)
    return largest


def all_draws(draws: int, samples: int) -> tuple[Indices, Indices]:
    """Return draw and sample of every pair of them, all samples of the first draw first."""
    return np.repeat(np.arange(draws), samples), np.tile(np.arange(samples), draws)
