"""Train an OoDNet on scikit-learn's digits, and see what RISEPlus makes of it.

    python examples/train_ood_net.py

A small network learns the digits, an OoDNet learns how familiar an image is to that network. Then
the scores of real, masked and random images are compared, and the maps of RISE and RISEPlus are
drawn side by side. Needs PyTorch; takes less than two minutes on two cores.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import nn

from seewhy.explainer import RISE, RISEPlus
from seewhy.tool import OoDNet
from seewhy.visual import grid_image, images_from_maps

SIZE = 32
SHOWN = 5


def load() -> tuple[torch.Tensor, torch.Tensor]:
    """All 1797 digits, (N, 1, 32, 32) in -1..1, shuffled, with their labels."""
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    images = torch.from_numpy(digits.images[order, None] / 8 - 1).float()
    larger = nn.functional.interpolate(images, (SIZE, SIZE), mode="bicubic").clamp(-1, 1)
    return larger, torch.from_numpy(digits.target[order])


def small_network() -> nn.Sequential:
    """Three convolutions, the mean over the image, and a linear layer: 10 logits."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 16), (16, 32), (32, 64)):
        layers += [
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(64 * (SIZE // 8) ** 2, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def train_classifier(network: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int) -> None:
    """Ordinary training."""
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    network.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
    network.eval()


def masked(x: torch.Tensor, seed: int = 0) -> torch.Tensor:
    """Hide half of each image behind random grey squares of 4 x 4 pixels."""
    cells = np.random.default_rng(seed).random((len(x), 1, SIZE // 4, SIZE // 4)) < 0.5
    return x * torch.from_numpy(cells).repeat_interleave(4, 2).repeat_interleave(4, 3)


def familiarity(ood_net: OoDNet, kinds: dict[str, torch.Tensor]) -> None:
    """Print the scores of each kind of image, and how well they tell it from the first."""
    scores = {kind: ood_net.score(x).amax(1).numpy() for kind, x in kinds.items()}
    real = next(iter(scores.values()))
    for kind, values in scores.items():
        known = np.r_[np.ones(len(real)), np.zeros(len(values))]
        area = roc_auc_score(known, np.r_[real, values])
        low, middle, high = np.percentile(values, (10, 50, 90))
        print(f"{kind:>12}: {low:6.2f} {middle:6.2f} {high:6.2f}   area under ROC {area:.3f}")


def believable(network: nn.Module, ood_net: OoDNet, x: torch.Tensor, y: torch.Tensor) -> None:
    """Print how often the network is right about masked digits, by how familiar they are."""
    images, labels = torch.cat([masked(x, seed) for seed in range(20)]), y.repeat(20)
    with torch.no_grad():
        answers = network(images).argmax(1)
    most = int(answers.bincount().argmax())
    print(f"masked digits: the network calls {(answers == most).float().mean():.0%} of them {most}")
    order = ood_net.score(images).amax(1).argsort()
    shares = [f"{(answers[fifth] == labels[fifth]).float().mean():.0%}" for fifth in order.chunk(5)]
    print("it is right about, from the least to the most familiar fifth:", *shares)


def to_picture(image: npt.NDArray[np.float32]) -> Image.Image:
    """A digit as a grey picture."""
    return Image.fromarray(((image[0] + 1) * 127.5).astype(np.uint8)).convert("RGB")


def main() -> None:
    """Train, compare, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("riseplus.png"))
    parser.add_argument("--epochs", type=int, default=90, help="epochs of the OoDNet")
    parser.add_argument("--masks", type=int, default=2000)
    options = parser.parse_args()

    torch.manual_seed(0)
    x, y = load()
    (train_x, test_x), (train_y, test_y) = x.split([1500, 297]), y.split([1500, 297])
    network = small_network()
    train_classifier(network, train_x, train_y, epochs=8)
    with torch.no_grad():
        right = (network(test_x).argmax(1) == test_y).float().mean()
    print(f"the network gets {right:.1%} of {len(test_x)} new digits right")

    ood_net = OoDNet(network, num_classes=10)
    # A list goes through the network once; a DataLoader would go through it in each epoch.
    batches = list(zip(train_x.split(64), train_y.split(64), strict=True))
    ood_net.train(batches, nn.CrossEntropyLoss(), epoch=options.epochs)
    print(f"loss of the OoDNet: {ood_net.losses[0]:.3f} -> {ood_net.losses[-1]:.4f}")
    ood_net.save(options.output.with_suffix(".npz"))

    print("highest score:   10%    50%    90%")
    noise = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, test_x.shape)).float()
    familiarity(
        ood_net,
        {"new digits": test_x, "masked": masked(test_x), "noise": noise, "grey": test_x[:1] * 0},
    )

    believable(network, ood_net, test_x, test_y)

    shown, labels = test_x[:SHOWN], test_y[:SHOWN]
    settings = {"num_masks": options.masks, "grid": 8}
    maps = [
        RISE(network, nn.Softmax(-1), **settings)(shown, labels),
        RISEPlus(ood_net, network, nn.Softmax(-1), **settings)(shown, labels),
    ]
    pictures = images_from_maps(torch.cat(maps, 1))
    originals = [to_picture(image) for image in shown.numpy()]
    titles = [["RISE", "RISEPlus"]] * SHOWN
    grid_image(pictures, originals, titles, tile=128).save(options.output)
    print(f"wrote {options.output} and {options.output.with_suffix('.npz')}")


if __name__ == "__main__":
    main()
