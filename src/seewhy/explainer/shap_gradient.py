"""Expected gradients (Erion et al., 2021), known as GradientSHAP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seewhy.explainer.shapley.base import ROWS_PER_EVAL, ShapleyExplainer
from seewhy.explainer.shapley.coalitions import Floats
from seewhy.explainer.tabular import Question
from seewhy.network import Network, adapt

_GOLDEN_RATIO = (5**0.5 - 1) / 2


class SHAPGradient(ShapleyExplainer):
    """Gradients on the way from the background to the row, times the way.

    phi[i] = mean over draws of (x[i] - r[i]) d output[target] / d x[i] at r + t (x - r), with r a
    row of the background and t in 0..1. The expectation over r of integrated gradients: for a
    linear output the Shapley value, else another fair division of the same sum. The values sum to
    output - mean output on the background, up to the sampling.

    The draws are spread evenly: rows of the background come in their order, each as often as any
    other (or once more), and t moves on by the golden ratio (a Kronecker sequence), both from a
    random start. So the values are unbiased, with a tenth of the error of independent draws on
    smooth networks. All rows and targets share the draws.

    Cost: `num_neighbours` forwards for each row, and as many backwards for each target.

    Parameters
    ----------
    network
        A `torch.nn.Module` or a `mindspore.nn.Cell` that takes (N, K) and returns (N, L), or (N,)
        or (N, 1) for a regression, by differentiable steps. It is driven in evaluation mode and
        given back as it was.
    features, feature_names, class_names, max_features, summarise, seed
        See `ShapleyExplainer`.
    num_neighbours
        Draws of a background row and a place on the way, for each row explained.
    rows_per_eval
        Points that go through the network together, at most; results do not depend on it.

    Raises
    ------
    TypeError, ValueError
        See `ShapleyExplainer`; TypeError also if `network` is of neither framework.

    References
    ----------
    Erion, Janizek, Sturmfels, Lundberg, Lee: Improving performance of deep learning models with
    axiomatic attribution priors and expected gradients. Nature Machine Intelligence 2021,
    arXiv:1906.10670. Lundberg, Lee: A Unified Approach to Interpreting Model Predictions. NeurIPS
    2017, arXiv:1705.07874.
    """

    def __init__(
        self,
        network: Any,
        features: Any,
        feature_names: Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
        num_neighbours: int = 200,
        max_features: int = 10,
        *,
        summarise: int | None = None,
        seed: int | None = 0,
        rows_per_eval: int = ROWS_PER_EVAL,
    ) -> None:
        adapt(network)  # raises if it is no network
        super().__init__(
            network,
            features,
            feature_names,
            class_names,
            num_neighbours,
            max_features,
            summarise,
            seed,
            rows_per_eval,
        )

    @property
    def _network(self) -> Network:
        network = self._predictor.network
        if network is None:
            raise TypeError("`network` must be a torch.nn.Module or a mindspore.nn.Cell")
        return network

    @property
    def network(self) -> Any:
        """The user's own network object."""
        return self.predictor

    def _values(self, question: Question, base: Floats, outputs: Floats) -> Floats:
        rows, ids = question.rows.values, question.targets
        references, shares = self._draws()
        sums = np.zeros((*ids.shape, rows.shape[1]))
        points = np.arange(len(rows) * self.num_neighbours)
        at_once = self._predictor.batch_size(rows.shape[1])
        for start in range(0, len(points), at_once):
            row, draw = np.divmod(points[start : start + at_once], self.num_neighbours)
            way = rows[row] - references[draw]
            gradient = self._gradient(references[draw] + shares[draw, None] * way, ids[row])
            first = np.flatnonzero(np.diff(row, prepend=-1))  # where the points of a row begin
            sums[row[first]] += np.add.reduceat(gradient * way[:, None], first)
        return sums / self.num_neighbours

    def _draws(self) -> tuple[Floats, Floats]:
        """Rows of the background (n, K), and shares of the way (n,): randomly shifted lattices."""
        shift, turn = np.random.default_rng(self.seed).random(2)
        draws = np.arange(self.num_neighbours)
        passed = np.cumsum(self._background.weights)[:-1]
        which = np.searchsorted(passed, (draws + shift) / self.num_neighbours, side="right")
        return self._background.rows[which], (turn + draws * _GOLDEN_RATIO) % 1

    def _gradient(self, points: Floats, ids: npt.NDArray[np.int64]) -> Floats:
        """Gradients (n, L, K) of the targets (n, L) at the points (n, K)."""
        ops = self._network.ops
        native = self._network.as_input(points)
        made = self._network.gradient(native, ops.tensor(ids, like=native))
        return ops.numpy(made).astype(np.float64)
