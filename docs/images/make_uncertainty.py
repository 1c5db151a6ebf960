"""Make the image of the uncertainties: ``python docs/images/make_uncertainty.py``."""

import runpy
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from torch import nn

from seewhy import EpistemicUncertainty

HERE = Path(__file__).parent
BINS = np.linspace(0, 1, 9)


def reliability(axes: Any, probability: Any, right: Any, name: str, style: str) -> None:
    """Draw the share of right answers over the probability that was given to them."""
    bins = np.digitize(probability, BINS[1:-1])
    groups = [bins == k for k in range(len(BINS) - 1) if (bins == k).sum() >= 10]
    gap = sum(
        group.mean() * abs(probability[group].mean() - right[group].mean()) for group in groups
    )
    axes.plot(
        [probability[group].mean() for group in groups],
        [right[group].mean() for group in groups],
        style, label=f"{name} (mean gap {gap:.3f})",
    )  # fmt: skip


def main() -> None:
    """Write the image beside this file, and print the numbers of the page."""
    example = runpy.run_path(str(HERE.parents[1] / "examples" / "uncertainty.py"))
    images, labels = example["load"]()
    members = [example["trained"](images, labels, seed, 60) for seed in range(5)]
    new, truth = images[example["LEARNED"] :], labels[example["LEARNED"] :].numpy()
    figure, (left, right_axes) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    left.plot([0, 1], [0, 1], color="0.8", zorder=0)
    fifths = np.arange(5)
    for place, (name, network) in enumerate((("dropout", members[0]), ("ensemble", members))):
        uncertainty = EpistemicUncertainty(network, nn.Softmax(dim=-1))
        top, probability, mean, std, low, high = example["asked"](uncertainty, new)
        right = top == truth
        if name == "dropout":
            reliability(left, probability, right, "probability without dropout", "o--")
        reliability(left, mean, right, f"mean of the {name}", "s-")
        parts = np.array_split(np.argsort(std), 5)
        right_axes.bar(
            fifths + 0.4 * place - 0.2, [right[part].mean() for part in parts], 0.38, label=name
        )
        for part in parts:
            ends = " to ".join(f"{end[part].mean():.2f}" for end in (low, high))
            print(name, f"std {std[part].mean():.3f}, right {right[part].mean():.3f},", end=" ")
            print(f"probability {probability[part].mean():.3f}, interval {ends}")
    left.set(xlabel="probability of the predicted class", ylabel="share of right answers")
    left.legend(loc="upper left", fontsize="small")
    right_axes.set(
        ylabel="share of right answers", xlabel="fifth of the pictures, by standard deviation"
    )
    right_axes.set_xticks(fifths, ["surest", "2nd", "3rd", "4th", "least sure"])
    right_axes.legend()
    figure.savefig(HERE / "uncertainty_calibration.png", dpi=80)


if __name__ == "__main__":
    main()
