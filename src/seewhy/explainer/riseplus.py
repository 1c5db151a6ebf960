"""RISEPlus (Qiu et al., 2021): RISE that distrusts masked inputs unlike the training data."""

from __future__ import annotations

import warnings
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from seewhy.explainer.rise import RISE
from seewhy.network import adapt
from seewhy.network.protocol import Activation, Network, Ops, OutputPicker, Tensor
from seewhy.network.targets import check_range
from seewhy.tool import OoDNet

ROUNDING = 1e-6
"""Scores that differ by less are equal."""

SAME = 1e-3
"""Answers of a network and of what was built from it differ by less; a changed one differs more."""


class RISEPlus(RISE):
    """RISE in which a mask counts as much as the masked input is familiar.

    attribution = 1 / (n * P) * sum over the n masks M of s(x * M) * p(x * M) * M, with P the
    probability that a cell is kept, p the probability of the class, and s the inlier score in
    0..1: with S(z) the highest score that the OoDNet gives z,

        s(z) = (clip(S(z), S(0), S(x)) - S(0)) / (S(x) - S(0)),

    0 for what is no more familiar than the all-zero image, 1 for what is as familiar as x.

    The sum is divided by n * P, as in RISE, whose map this is where s is 1; it is not divided by
    the sum of s. Both are the same for all pixels and labels of a sample, so the order of pixels
    and labels does not depend on it; values fall as masked inputs become less familiar, so maps
    of different samples are on different scales.

    Where S(x) <= S(0), familiarity tells nothing: the map is RISE's, with a UserWarning.

    Cost: RISE's, if `network` is the network under `ood_net` and a layer gives its features; else
    each mask takes a forward of both networks. The first call takes seconds more for a deep
    network, to make one graph of both.

    Parameters
    ----------
    ood_net
        A trained `seewhy.tool.OoDNet` on a network of the same framework, which takes the same
        inputs.
    network, activation_fn, perturbation_per_eval, output
        See `PerturbationExplainer`.
    num_masks, probability, grid, seed, until
        See `RISE`.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.

    References
    ----------
    Qiu, Yang, Cao, Zheng, Ngai, Hsiao, Chen: Resisting Out-of-Distribution Data Problem in
    Perturbation of XAI. arXiv:2107.14000.
    """

    _inlier: _Inlier

    def __init__(
        self,
        ood_net: OoDNet,
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
        if not isinstance(ood_net, OoDNet):
            raise TypeError(f"`ood_net` must be an OoDNet, got {type(ood_net).__name__}")
        super().__init__(
            network,
            activation_fn,
            perturbation_per_eval,
            num_masks=num_masks,
            probability=probability,
            grid=grid,
            seed=seed,
            until=until,
            output=output,
        )
        own, other = self._network.ops.tensor_type, adapt(ood_net).ops.tensor_type
        if own != other:
            raise TypeError(
                f"`ood_net` must be of the framework of `network`, got {other} and {own}"
            )
        self.ood_net = ood_net
        self._output = output
        self._activation_fn = activation_fn
        self._both: Network | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {"ood_net": adapt(self.ood_net).fingerprint(), **super().parameters}

    def _estimate(self, x: Tensor, targets: Tensor, needs_error: bool) -> tuple[Tensor, Tensor]:
        ops = self._network.ops
        # Errors of the user's network come from here, before it is joined with the other.
        (probabilities,) = self._network.stream([x])
        check_range(ops.numpy(targets), probabilities.shape[1])
        scores = ops.numpy(self.ood_net.score(ops.concat([x, x[:1] * 0]))).max(1)
        # A copy, so that calls from several threads do not meet.
        run = copy(self)
        run._inlier = _Inlier.between(scores, ops, x)
        answers = np.column_stack([ops.numpy(probabilities), scores[:-1]])
        run._network = self._joined_network(x, answers)
        return RISE._estimate(run, x, targets, needs_error)

    def _joined_network(self, x: Tensor, answers: npt.NDArray[Any]) -> Network:
        """Both networks as one, kept for the next call as long as it answers as they do."""
        if self._both is not None:
            (made,) = self._both.stream([x])
            if np.allclose(self._network.ops.numpy(made), answers, SAME, SAME):
                return self._both
        self._both = self.ood_net.joined(
            self._network.original, self._activation_fn, self._output, x
        )
        return self._both

    def _weights(self, x: Tensor, masks: Tensor, probabilities: Tensor) -> Tensor:
        return probabilities[:, :-1] * self._inlier(probabilities[:, -1:])


@dataclass(frozen=True)
class _Inlier:
    """Inlier scores relative to the all-zero image and to each of n samples.

    They are clip((S - low) * scale + shift, 0, 1), with scale and shift of shape (n,).
    """

    low: float
    scale: Tensor
    shift: Tensor

    @classmethod
    def between(cls, scores: npt.NDArray[Any], ops: Ops, like: Tensor) -> _Inlier:
        """Take the highest scores (n + 1,) of the samples and, last, the all-zero image."""
        if not np.isfinite(scores).all():
            raise ValueError("`ood_net` must give finite scores, got NaN or infinite ones")
        low, span = float(scores[-1]), scores[:-1] - scores[-1]
        familiar = span > ROUNDING
        if not familiar.all():
            warnings.warn(
                f"the OoDNet finds {(~familiar).sum()} of {len(span)} samples no more familiar "
                "than the all-zero image; RISEPlus gives RISE's map for them",
                stacklevel=2,
            )
        scale = np.where(familiar, 1 / np.where(familiar, span, 1), 0).astype(np.float32)
        shift = np.where(familiar, 0, 1).astype(np.float32)
        return cls(low, ops.tensor(scale, like), ops.tensor(shift, like))

    def __call__(self, scores: Tensor) -> Tensor:
        """Highest scores (b * n, 1), as `masked` orders them, give inlier scores (b * n, 1)."""
        rows = scores.reshape(-1, self.scale.shape[0])
        return ((rows - self.low) * self.scale + self.shift).clamp(0, 1).reshape(-1, 1)
