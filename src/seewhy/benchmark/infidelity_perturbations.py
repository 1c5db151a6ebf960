"""The perturbations of infidelity: squares that are replaced, and a noisy reference."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from seewhy.benchmark.case import Case
from seewhy.benchmark.curves import reference_key
from seewhy.benchmark.questions import Indices, Scores
from seewhy.network.protocol import Tensor
from seewhy.perturb.references import Reference, make_reference


class Perturbations(ABC):
    """Perturbations of the samples of a case, each draw the same for all samples.

    Parameters
    ----------
    case
        Whose samples and maps they are.
    reference
        What replaces a pixel.
    draws
        Number of perturbations.
    words
        What they are drawn from.
    """

    def __init__(
        self, case: Case, reference: Reference, draws: int, words: tuple[int, ...]
    ) -> None:
        self.case = case
        self.reference = make_reference(reference, case.inputs, case.ops)
        self.reference_key = reference_key(reference)
        self.fixed = not (callable(reference) or isinstance(reference, str))
        """Whether the reference is the same whatever the sample."""
        self.draws = draws
        self.words = words

    @abstractmethod
    def key(self, draw: int, sample: int) -> Hashable:
        """Return what equal images have in common, for the keys of questions."""

    @abstractmethod
    def make(self, draws: Indices, samples: Indices) -> Tensor:
        """Return the samples (n,) under the draws (n,): (n, C, H, W)."""

    @abstractmethod
    def foretold(self) -> Scores:
        """Return sum(I * S) of each draw and sample: (draws, N)."""

    def _reference_of(self, samples: Tensor) -> Tensor:
        each = self.reference.ndim == 4 and self.reference.shape[0] > 1
        return self.reference[samples] if each else self.reference


class Squares(Perturbations):
    """Squares of `side` pixels, wholly inside the image, become those of the reference."""

    def __init__(
        self, case: Case, reference: Reference, draws: int, words: tuple[int, ...], side: int
    ) -> None:
        super().__init__(case, reference, draws, words)
        self.side = side
        places = [length - side + 1 for length in case.size]
        self.corners = np.stack(
            [np.random.default_rng((*words, draw)).integers(places) for draw in range(draws)]
        )

    def key(self, draw: int, sample: int) -> Hashable:
        """See `Perturbations`."""
        return "square", sample, *self.corners[draw].tolist(), self.side, self.reference_key

    def make(self, draws: Indices, samples: Indices) -> Tensor:
        """See `Perturbations`."""
        ops, (height, width) = self.case.ops, self.case.size
        top, left = self.corners[draws].T[:, :, None]
        rows, columns = np.arange(height) - top, np.arange(width) - left
        inside = ((rows >= 0) & (rows < self.side))[:, None, :, None]
        inside = inside & ((columns >= 0) & (columns < self.side))[:, None, None, :]
        which = ops.tensor(samples)
        return ops.where(ops.tensor(inside), self._reference_of(which), self.case.inputs[which])

    def foretold(self) -> Scores:
        """See `Perturbations`."""
        side, maps = self.side, self.case.maps
        sums = [maps[:, r : r + side, c : c + side].sum((1, 2)) for r, c in self.corners.tolist()]
        return np.stack(sums)


class NoisyReference(Perturbations):
    """The image becomes the reference plus Gaussian noise of a standard deviation."""

    def __init__(
        self, case: Case, reference: Reference, draws: int, words: tuple[int, ...], deviation: float
    ) -> None:
        super().__init__(case, reference, draws, words)
        self.deviation = deviation

    def noise(self, draw: int) -> npt.NDArray[np.float32]:
        """Return the noise (C, H, W) of a draw."""
        normal = np.random.default_rng((*self.words, draw)).normal
        return normal(0, self.deviation, tuple(self.case.inputs.shape[1:])).astype(np.float32)

    def key(self, draw: int, sample: int) -> Hashable:
        """See `Perturbations`; where the reference is fixed, all samples become the same image."""
        whose = None if self.fixed else sample
        return "noisy reference", whose, draw, self.words, self.deviation, self.reference_key

    def make(self, draws: Indices, samples: Indices) -> Tensor:
        """See `Perturbations`."""
        ops, like = self.case.ops, self.case.inputs
        drawn, which = np.unique(draws, return_inverse=True)
        noise = ops.tensor(np.stack([self.noise(draw) for draw in drawn.tolist()]), like=like)
        return self._reference_of(ops.tensor(samples)) + noise[ops.tensor(which.reshape(-1))]

    def foretold(self) -> Scores:
        """See `Perturbations`."""
        ops, maps = self.case.ops, self.case.maps.reshape(len(self.case), -1)
        away = ops.numpy(self.case.inputs - self.reference).astype(np.float64).sum(1)
        mean = (maps * away.reshape(len(self.case), -1)).sum(1)
        noises = (self.noise(draw).sum(0, dtype=np.float64).ravel() for draw in range(self.draws))
        return np.stack([mean - maps @ noise for noise in noises])
