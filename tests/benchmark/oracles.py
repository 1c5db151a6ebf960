"""Faithfulness pixel by pixel, straight from its definition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Probability = Callable[[Array], float]
"""Image (C, H, W) -> probability of the label."""


def bands(saliency: Array, share: float, steps: int) -> list[list[tuple[int, int]]]:
    """Pixels of each band, the most important first."""
    height, width = saliency.shape
    pixels = [(i, j) for i in range(height) for j in range(width)]
    pixels.sort(key=lambda place: -saliency[place])
    each = int(height * width * share / steps)
    return [pixels[k * each : (k + 1) * each] for k in range(steps)]


def naive(p: Probability, x: Array, saliency: Array, share: float, steps: int) -> float:
    means, left = [], []
    for band in bands(saliency, share, steps):
        changed = x.copy()
        for i, j in band:
            changed[:, i, j] = 0
        means.append(np.mean([saliency[place] for place in band]))
        left.append(p(changed))
    return float((1 - np.corrcoef(means, left)[0, 1]) / 2)


def deletion(p: Probability, x: Array, saliency: Array, share: float, steps: int) -> float:
    changed, drops = x.copy(), [0.0]
    for band in bands(saliency, share, steps):
        for i, j in band:
            changed[:, i, j] = 0
        drops.append(p(x) - p(changed))
    return float(
        np.interp(np.linspace(0, 1, 4001), np.linspace(0, 1, steps + 1), drops).mean()
    ) / p(x)


def insertion(p: Probability, x: Array, saliency: Array, share: float, steps: int) -> float:
    changed = np.zeros_like(x)
    gains = [0.0]
    for band in bands(saliency, share, steps):
        for i, j in band:
            changed[:, i, j] = x[:, i, j]
        gains.append(p(changed) - p(np.zeros_like(x)))
    area = np.interp(np.linspace(0, 1, 4001), np.linspace(0, 1, steps + 1), gains).mean()
    return float((1 + area) / 2)
