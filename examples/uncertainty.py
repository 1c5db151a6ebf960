"""How sure is a network of the digits? Monte Carlo dropout and a deep ensemble, side by side.

    python examples/uncertainty.py

Small networks learn from 200 of scikit-learn's digits; half of the other 1597 are blurred by noise.
Printed is how often the network is right, from the surest to the least sure fifth of them. Needs
PyTorch; takes half a minute.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt
import torch
from sklearn.datasets import load_digits
from torch import nn

from seewhy import EpistemicUncertainty

LEARNED = 200
Array = npt.NDArray[np.float64]


def load() -> tuple[torch.Tensor, torch.Tensor]:
    """All digits (1797, 1, 8, 8) in 0..1, shuffled, with their labels."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = torch.from_numpy(digits.images[order, None] / 16).float()
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    images[LEARNED::2] += 0.5 * noise[LEARNED::2]
    return images, torch.from_numpy(digits.target[order])


def trained(images: torch.Tensor, labels: torch.Tensor, seed: int, epochs: int) -> nn.Module:
    """Train a small network with dropout before its last layer."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(), nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    for _ in range(epochs):
        for batch in torch.randperm(LEARNED).split(50):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[batch]), labels[batch]).backward()
            optimizer.step()
    return network.eval()


def asked(uncertainty: EpistemicUncertainty, images: torch.Tensor) -> tuple[Array, ...]:
    """The predicted class of each image, and its probability, mean, std, low and high."""
    estimate = uncertainty(images)
    top = estimate.probability.argmax(1, keepdim=True)
    return (top[:, 0].numpy(), *(part.gather(1, top)[:, 0].numpy() for part in estimate))


def main(epochs: int) -> None:
    """Train, ask and print."""
    images, labels = load()
    members = [trained(images, labels, seed, epochs) for seed in range(5)]
    new, truth = images[LEARNED:], labels[LEARNED:].numpy()
    softmax = nn.Softmax(dim=-1)
    for name, network in (("dropout, 50 passes", members[0]), ("ensemble of 5", members)):
        top, probability, _, std, low, high = asked(EpistemicUncertainty(network, softmax), new)
        right = top == truth
        print(f"{name}: right {right.mean():.1%}, probability {probability.mean():.1%} on average")
        for fifth in np.array_split(np.argsort(std), 5):
            print(
                f"  std {std[fifth].min():.3f} to {std[fifth].max():.3f}: right "
                f"{right[fifth].mean():6.1%}, probability {probability[fifth].mean():6.1%}, "
                f"interval {low[fifth].mean():.2f} to {high[fifth].mean():.2f}"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    main(parser.parse_args().epochs)
