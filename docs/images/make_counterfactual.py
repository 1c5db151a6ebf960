"""Make the images of docs/counterfactual.md: ``python docs/images/make_counterfactual.py``."""

from pathlib import Path

import numpy as np
import torch

from seewhy import HierarchicalOcclusion
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import SIZE, class_names, photographs
from seewhy.demo.torch import activation_fn, network
from seewhy.visual import edited_image, grid_image

HERE = Path(__file__).parent
# scikit-image's photographs, whose licences allow to show them.
NAMES = ("chelsea", "coffee", "rocket")


def main() -> None:
    """Write the layers of three searches in both directions, and the steps of one; say areas."""
    photos = photographs()
    net, names = network(), class_names()
    x = torch.from_numpy(np.stack([from_display(photo.image) for photo in photos]))
    with torch.no_grad():
        targets = net(x).argmax(1)
    for direction in ("reveal", "hide"):
        searched = HierarchicalOcclusion(net, activation_fn(), direction=direction)(x, targets)
        found = {photo.name: row[0] for photo, row in zip(photos, searched, strict=True)}
        say_areas(direction, list(found.values()))
        chosen = [photo for photo in photos if photo.name in NAMES]
        pictures, titles = [], []
        for photo in chosen:
            one = found[photo.name]
            layers = [*one.layers, one.region]
            pictures.append([draw(photo, layer.boxes, direction) for layer in layers])
            words = [f"layer {k + 1}" for k in range(len(one.layers))] + [names[one.label]]
            titles.append(
                [
                    f"{w}: {layer.output:.2f}, {layer.area:.1%}"
                    for w, layer in zip(words, layers, strict=True)
                ]
            )
        sheet = grid_image(pictures, [photo.image for photo in chosen], titles)
        sheet.save(HERE / f"counterfactual_{direction}.jpg", quality=82)
        if direction == "reveal":
            coffee = next(photo for photo in chosen if photo.name == "coffee")
            process = found["coffee"].tree.process()
            steps = [[draw(coffee, boxes, direction)] for _, boxes in process]
            words = [
                [f"step {k + 1}: {step.network_output:.2f}"] for k, (step, _) in enumerate(process)
            ]
            grid_image(steps, titles=words, columns=5).save(
                HERE / "counterfactual_steps.jpg", quality=82
            )


def draw(photo, boxes, direction):
    """Show what the network was shown."""
    return edited_image(photo.image, boxes, (SIZE, SIZE), direction == "reveal")


def say_areas(direction, found):
    """Print what pruning saves."""
    regions = [(one.layers[-1], one.region) for one in found if one.region is not None]
    before, after = (np.mean([pair[k].area for pair in regions]) for k in (0, 1))
    fewer = sum(len(last.boxes) > len(region.boxes) for last, region in regions)
    print(
        f"{direction}: {len(regions)} of {len(found)} photographs, area {before:.2%} -> "
        f"{after:.2%}, boxes left out in {fewer}; images a search: "
        f"{np.median([one.images for one in found if one.region]):.0f}"
    )


if __name__ == "__main__":
    main()
