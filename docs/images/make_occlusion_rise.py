"""Make the images of Occlusion and RISE: ``python docs/images/make_occlusion_rise.py``."""

from pathlib import Path

import numpy as np
import torch

from seewhy import RISE, Occlusion
from seewhy.demo.columns import from_display
from seewhy.demo.photographs import class_names, photographs
from seewhy.demo.torch import activation_fn, network
from seewhy.visual import grid_image, images_from_maps

HERE = Path(__file__).parent
# scikit-image's photographs, whose licences allow to show them.
NAMES = ("chelsea", "coffee", "rocket")


def main() -> None:
    """Write one image for each explainer beside this file."""
    chosen = [photo for photo in photographs() if photo.name in NAMES]
    net, softmax, names = network(), activation_fn(), class_names()
    x = torch.from_numpy(np.stack([from_display(photo.image) for photo in chosen]))
    with torch.no_grad():
        targets = net(x).topk(2).indices
    titles = [[names[k] for k in row] for row in targets.tolist()]
    originals = [photo.image for photo in chosen]
    for explainer in (
        Occlusion(net, softmax, window=48, stride=8),
        RISE(net, softmax, num_masks=2000),
    ):
        maps = explainer(x, targets)
        pictures = images_from_maps(maps, originals, signed=explainer.signed)
        sheet = grid_image(pictures, originals, titles)
        sheet.save(HERE / f"explainers_{explainer.name.lower()}.jpg", quality=82)


if __name__ == "__main__":
    main()
