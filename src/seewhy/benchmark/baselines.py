"""Maps that know nothing of the network: what an explainer must beat to be worth anything."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from scipy.ndimage import sobel

from seewhy.explainer.base import Explainer
from seewhy.explainer.perturbation import check_positive_int, check_seed
from seewhy.network.protocol import OutputPicker, Tensor


class RandomMap(Explainer):
    """Random blotches: uniform values on a coarse grid, resized as the maps of Grad-CAM are.

    Single random pixels would be no fair rival in metrics that hide pixels: they ruin any image.

    Cost: none.

    Parameters
    ----------
    network, output
        See `Explainer`. The network is never run.
    grid
        Cells along each side.
    seed
        The map depends on it, on the image and on the class, and on nothing else. `None` draws
        fresh ones.

    Raises
    ------
    TypeError, ValueError
        If an argument is of a wrong type or value.
    """

    def __init__(
        self,
        network: Any,
        *,
        grid: int = 7,
        seed: int | None = 0,
        output: OutputPicker | None = None,
    ) -> None:
        super().__init__(network, output=output)
        check_positive_int("grid", grid)
        check_seed(seed)
        self.grid = grid
        self.seed = seed

    @property
    def parameters(self) -> dict[str, Any]:
        """See `Explainer`."""
        return {"grid": self.grid, "seed": self.seed}

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        ops = self._network.ops
        ids = ops.numpy(targets)
        made = np.empty((*ids.shape, self.grid, self.grid))
        for n, image in enumerate(ops.numpy(x)):
            content = int.from_bytes(blake2b(image.tobytes(), digest_size=8).digest(), "little")
            for label, number in enumerate(ids[n]):
                key = None if self.seed is None else (self.seed, content, int(number))
                made[n, label] = np.random.default_rng(key).random((self.grid, self.grid))
        return ops.tensor(made, like=x)


class EdgeDetector(Explainer):
    """Strength of the edges in the image: sqrt(sx^2 + sy^2), s the Sobel filters of its grey.

    Maps of gradients often look like it; one that scores no better may show no more than edges
    (Adebayo et al., 2018). It is the same for every class.

    Cost: none.

    References
    ----------
    Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim: Sanity Checks for Saliency Maps. NeurIPS 2018,
    arXiv:1810.03292.
    """

    def _explain(self, x: Tensor, targets: Tensor) -> Tensor:
        ops = self._network.ops
        grey = ops.numpy(x).astype(np.float64).mean(1)
        # One by one: SciPy's filter smooths along every axis but its own.
        edges = np.stack(
            [np.hypot(*(sobel(one, axis=axis, mode="nearest") for axis in (0, 1))) for one in grey]
        )
        return ops.tensor(np.repeat(edges[:, None], targets.shape[1], axis=1), like=x)
